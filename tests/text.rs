//! Text from outside: every spelling of a name, a password, an address or a code that people and machines produce.

mod bounds;
mod names;
mod older;
mod people;
mod scans;
