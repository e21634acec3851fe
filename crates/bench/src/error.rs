//! Why nothing could be measured. What goes wrong *while* measuring is counted and reported instead.

use std::io;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address is none that this can speak to.
    #[error("{url}: {why}")]
    BadUrl { url: String, why: String },
    /// Nobody could connect, so there is nothing to measure.
    #[error("nobody could connect; the first was told: {0}")]
    NobodyConnected(String),
    #[error("process {pid}: {why}")]
    Process { pid: u32, why: String },
    #[error("the database: {0}")]
    Database(#[from] sqlx::Error),
    #[error("{0}")]
    Plan(&'static str),
    #[error("this machine's {doing}: {source}")]
    System {
        doing: &'static str,
        source: io::Error,
    },
}

impl Error {
    pub(crate) fn system(doing: &'static str) -> impl FnOnce(rustix::io::Errno) -> Self {
        move |errno| Self::System {
            doing,
            source: errno.into(),
        }
    }
}
