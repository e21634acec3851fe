//! Logging in, and asking who one is.

pub(super) mod login;
pub(super) mod me;
