//! Watches `web/dist`, which `src/web.rs` embeds: a web application that was built anew makes the next
//! build of this crate take it in.

use std::{fs, path::Path};

const DIST: &str = "../../web/dist";

fn main() {
    // Cargo takes a watched path that is missing for one that always changes, and would build this crate
    // again each time. So an empty folder stands in until `make web` fills it.
    if !Path::new(DIST).exists() && Path::new("../../web").exists() {
        // If it cannot be made, builds are only slower.
        let _ = fs::create_dir(DIST);
    }
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={DIST}");
}
