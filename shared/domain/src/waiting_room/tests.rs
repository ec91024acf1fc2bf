//! Positions, turns and waits.
