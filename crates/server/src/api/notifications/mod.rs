//! Publishing notifications, and the user's own inbox.

pub(super) mod acknowledge;
pub(super) mod archive;
pub(super) mod batch;
pub(super) mod create;
mod key;
pub(super) mod list;
pub(super) mod read_many;
pub(super) mod read_one;
pub(super) mod recall;
mod recipients;
pub(super) mod scheduled;
pub(super) mod stream;
pub(super) mod unacknowledged;
