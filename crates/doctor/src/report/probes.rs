//! The steps of a live examination, a line for each.

use crate::{Probe, language::Language};

const GREEN: &str = "\x1b[32m";
const RED: &str = "\x1b[1;31m";
const PLAIN: &str = "\x1b[0m";

/// `ok      12 ms  direct polling  session opened; …`
pub fn step(probe: &Probe, language: Language, coloured: bool) -> String {
    let (word, colour) = match probe.ok {
        true => ("ok", GREEN),
        false => (language.pick("FAILS", "FALLA"), RED),
    };
    let word = format!("{word:5}");
    let word = match coloured {
        true => format!("{colour}{word}{PLAIN}"),
        false => word,
    };
    let detail = probe.detail.of(language);
    format!(
        "{word} {:>6} ms  {:22} {detail}\n",
        probe.duration_ms, probe.step
    )
}

/// A table for Markdown, if there was an examination.
pub(super) fn table(probes: &[Probe], language: Language) -> String {
    if probes.is_empty() {
        return String::new();
    }
    let title = language.pick("The way, step by step", "El camino, paso a paso");
    let columns = language.pick(
        "| step | at | | ms | what was seen |\n|---|---|---|---|---|",
        "| paso | en | | ms | lo que se vio |\n|---|---|---|---|---|",
    );
    let rows = probes.iter().map(|probe| {
        let mark = match probe.ok {
            true => "ok",
            false => language.pick("**fails**", "**falla**"),
        };
        let detail = probe.detail.of(language).replace('|', "\\|");
        let Probe {
            step,
            target,
            duration_ms,
            ..
        } = probe;
        format!("| {step} | {target} | {mark} | {duration_ms} | {detail} |\n")
    });
    format!("\n## {title}\n\n{columns}\n{}", rows.collect::<String>())
}
