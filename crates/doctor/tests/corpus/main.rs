//! The corpus: configuration trees, healthy and broken, each with what the doctor must say of it and what a
//! client sees through a real nginx.

#![allow(clippy::unwrap_used, reason = "a failure in a helper is a failed test")]

mod case;
mod examined;
mod judged;
mod live;
mod prescribed;
mod story;
