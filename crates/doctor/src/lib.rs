//! The doctor: reads an Nginx configuration as nginx does, follows a client's requests through it, and names
//! the line that breaks Socket.IO behind it. `front_end` and `process` read what the pages and the process manager
//! were told.
//!
//! Enter at [`diagnose`]. `root` reads files, `nginx` understands them and knows no rule, [`case`] holds the
//! requests of one site with their ways, `rules` judge them, `behind` looks at what a fault hides, `report` shows what was
//! found, [`mend`](mod@mend) carries out what is safe, `prescription` writes what needs no mend, and [`explain`] tells a request's way. It opens no connection, and it knows neither the server nor the store.

#[macro_use]
pub mod language;

mod arrival;
mod behind;
pub mod case;
mod diagnose;
pub mod document;
mod dotenv;
mod edit;
pub mod explain;
pub mod finding;
pub mod front_end;
mod lines;
pub mod live;
pub mod mend;
pub mod nginx;
mod page;
mod policy;
pub mod prescription;
pub mod probe;
pub mod process;
pub mod question;
pub mod report;
pub mod root;
pub mod rules;
pub mod setting;
pub mod url;
pub mod watch;

pub use behind::diagnose;
pub use diagnose::{CouldNotRun, Diagnosis, Probe, Verdict, explain_site};
pub use edit::apply;
