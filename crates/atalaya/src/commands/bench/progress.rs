//! How far it is, in one line of standard error that is written over; nothing where nobody sees it.

use std::sync::{Mutex, PoisonError};

use atalaya_bench::Progress;

use crate::{
    language::Language,
    output::{stderr_is_terminal, tell},
};

/// Goes back and clears the line.
const AGAIN: &str = "\r\x1b[2K";

/// The phase and how much of it there is.
#[derive(Default)]
pub struct Shown(Mutex<(String, u64)>);

impl Progress for Shown {
    fn phase(&self, name: &str, total: u64) {
        let name = in_words(name, Language::of_environment()).to_owned();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = (name, total);
        self.advance(0);
    }

    fn advance(&self, done: u64) {
        if !stderr_is_terminal() {
            return;
        }
        let phase = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (name, total) = &*phase;
        match total {
            0 => tell(&format!("{AGAIN}  {name} …")),
            total => tell(&format!("{AGAIN}  {name} {done}/{total}")),
        }
    }

    fn finish(&self) {
        if stderr_is_terminal() {
            tell(AGAIN);
        }
    }
}

fn in_words(phase: &str, language: Language) -> &str {
    match phase {
        "connect" => language.pick("connecting", "conectando"),
        "wait" => language.pick("waiting", "esperando"),
        "broadcast" => language.pick("broadcasting", "difundiendo"),
        "direct" | "direct-read" | "publish" => language.pick("notifying", "notificando"),
        "leave" => language.pick("leaving", "saliendo"),
        "mixed" => language.pick("a mixed day", "un día mixto"),
        other => other,
    }
}
