//! What a person, or a script, sees: the real binary in a fresh folder with an empty environment.

#![allow(clippy::unwrap_used, reason = "a failure in a helper is a failed test")]

mod bench;
mod doctor;
mod doctor_live;
mod doctor_watch;
mod help;
mod logging;
mod place;
mod prescription;
mod send;
mod send_batch;
mod serve;
mod settings;
mod users;
