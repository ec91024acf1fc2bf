//! Members, their verifications and their logins.
