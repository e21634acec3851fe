//! Writes the tables: beside the results, and between the markers of `docs/performance.md`, whose prose is
//! written by hand and never touched here.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

use crate::{
    plot,
    results::Results,
    tables::{self, Section},
};

const DOCUMENT: &str = "docs/performance.md";
const PLOT: &str = "docs/performance/growth.svg";

/// Where results go.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Into the repository, and its documentation.
    Published,
    /// Into `target/`, for whoever tries it out.
    Trial,
}

impl Place {
    pub fn folder(self, name: &str) -> PathBuf {
        match self {
            Self::Published => Path::new("bench/results").join(name),
            Self::Trial => Path::new("target/bench").join(name),
        }
    }
}

pub fn write(results: &Results, place: Place) -> Result<()> {
    let sections = tables::sections(results)?;
    let file = results.folder().join("tables.md");
    fs::write(&file, as_one(&sections)).with_context(|| format!("writing {}", file.display()))?;
    eprintln!("results and tables: {}", results.folder().display());
    let plot = plot::growth(results)?;
    if place == Place::Trial {
        if let Some(plot) = plot {
            fs::write(results.folder().join("growth.svg"), plot)?;
        }
        eprintln!(
            "a trial: {DOCUMENT} is as it was. The tables:\n\n{}",
            as_one(&sections)
        );
        return Ok(());
    }
    let mut document = fs::read_to_string(DOCUMENT).context(DOCUMENT)?;
    for section in &sections {
        document = replace(&document, section)?;
    }
    fs::write(DOCUMENT, document).context(DOCUMENT)?;
    if let Some(plot) = plot {
        fs::create_dir_all("docs/performance")?;
        fs::write(PLOT, plot).context(PLOT)?;
    }
    eprintln!("written: {DOCUMENT}");
    Ok(())
}

fn as_one(sections: &[Section]) -> String {
    let texts: Vec<_> = sections
        .iter()
        .map(|section| format!("## {}\n\n{}", section.name, section.text))
        .collect();
    texts.join("\n")
}

/// What stands between `<!-- bench:NAME -->` and `<!-- /bench:NAME -->`, with an empty line on either side.
fn replace(document: &str, section: &Section) -> Result<String> {
    let name = section.name;
    let (begin, end) = (
        format!("<!-- bench:{name} -->"),
        format!("<!-- /bench:{name} -->"),
    );
    let missing = || format!("{DOCUMENT} has no markers {begin} and {end}");
    let (before, rest) = document.split_once(&begin).with_context(missing)?;
    let (_, after) = rest.split_once(&end).with_context(missing)?;
    let text = section.text.trim_end();
    Ok(format!("{before}{begin}\n\n{text}\n\n{end}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_stands_between_the_markers_is_replaced() {
        let section = Section {
            name: "log",
            text: "new\n".into(),
        };
        let document = "before\n<!-- bench:log -->\n\nold\n\n<!-- /bench:log -->\nafter\n";
        let once = replace(document, &section).unwrap();
        assert_eq!(
            once,
            "before\n<!-- bench:log -->\n\nnew\n\n<!-- /bench:log -->\nafter\n"
        );
        assert_eq!(replace(&once, &section).unwrap(), once);
    }

    #[test]
    fn a_document_without_the_markers_is_refused() {
        let section = Section {
            name: "log",
            text: String::new(),
        };
        assert!(replace("<!-- bench:log -->", &section).is_err());
    }

    #[test]
    fn the_document_has_every_marker() {
        let document = include_str!("../../../docs/performance.md");
        for name in [
            "conditions",
            "peers",
            "bars",
            "growth",
            "users",
            "log",
            "inbox",
        ] {
            let section = Section {
                name,
                text: String::new(),
            };
            replace(document, &section).unwrap();
        }
    }
}
