mod cli;
mod config;
mod language;
mod logging;
mod output;
fn main() {}
