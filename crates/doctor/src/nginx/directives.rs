//! What nginx knows of each directive of its own: where it may stand, how many words and what kind of value it takes,
//! and whether one is enough. Other modules have directives of their own, of which nothing is said here.

use std::{collections::HashMap, sync::OnceLock};

/// Generated from nginx's sources.
const TABLE: &str = include_str!("directives.txt");

/// Names of other modules' that are almost one of nginx's own.
const OF_OTHERS: [&str; 6] = [
    "geoip2_proxy",
    "geoip2_proxy_recursive",
    "js_engine",
    "js_preread",
    "subs_filter",
    "subs_filter_types",
];

/// A slip of a shorter name is often another word.
const SHORTEST: usize = 4;
/// From this length on two letters may be wrong.
const LONG: usize = 10;

/// Whose directives they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Section {
    Main,
    Http,
    Stream,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Any,
    Flag,
    Number,
    /// In bytes, with `k`, `m` or `g`.
    Size,
    /// Such as `1m 30s`, or a number of seconds.
    Time,
}

#[derive(Debug)]
pub struct Known {
    blocks: Vec<&'static str>,
    counts: &'static str,
    pub kind: Kind,
    pub is_once: bool,
}

impl Known {
    /// The blocks that take it; `None` if all do. An `if` is `server-if` or `location-if`.
    pub fn blocks(&self) -> Option<&[&'static str]> {
        (!self.blocks.is_empty()).then_some(&self.blocks)
    }

    /// How many words may follow its name, as it is written in the table.
    pub fn counts(&self) -> &'static str {
        self.counts
    }

    pub fn takes(&self, words: usize) -> bool {
        self.counts
            .split(',')
            .any(|count| match count.strip_suffix('+') {
                Some(least) => least.parse().is_ok_and(|least: usize| words >= least),
                None => count.parse() == Ok(words),
            })
    }
}

/// By name, and then by whose they are.
type Table = HashMap<&'static str, Vec<(Section, Known)>>;

fn table() -> &'static Table {
    static READ: OnceLock<Table> = OnceLock::new();
    READ.get_or_init(|| {
        let mut section = Section::Main;
        let mut table = Table::new();
        for line in TABLE.lines() {
            match line {
                "[main]" => section = Section::Main,
                "[http]" => section = Section::Http,
                "[stream]" => section = Section::Stream,
                _ => {
                    if let Some((name, known)) = row(line) {
                        table.entry(name).or_default().push((section, known));
                    }
                }
            }
        }
        table
    })
}

fn row(line: &'static str) -> Option<(&'static str, Known)> {
    let mut words = line.split(' ').filter(|_| !line.starts_with('#'));
    let (name, blocks, counts) = (words.next()?, words.next()?, words.next()?);
    let kind = match words.next()? {
        "flag" => Kind::Flag,
        "num" => Kind::Number,
        "size" => Kind::Size,
        "time" => Kind::Time,
        _ => Kind::Any,
    };
    let known = Known {
        blocks: blocks.split(',').filter(|block| *block != "-").collect(),
        counts,
        kind,
        is_once: words.next().is_some(),
    };
    Some((name, known))
}

/// What is known of a directive; `None` of another module's.
pub fn known(section: Section, name: &str) -> Option<&'static Known> {
    let rows = table().get(name)?;
    let of = |wanted| rows.iter().find(|(section, _)| *section == wanted);
    of(section).or(of(Section::Main)).map(|(_, known)| known)
}

/// The directive of nginx's that a name which it does not know is a slip of.
pub fn slip_of(name: &str) -> Option<&'static str> {
    if table().contains_key(name) || OF_OTHERS.contains(&name) {
        return None;
    }
    let measured = table().keys().filter_map(|known| {
        let longer = known.len().max(name.len());
        let shorter = known.len().min(name.len());
        let allowed = if known.len() >= LONG { 2 } else { 1 };
        if known.len() < SHORTEST || longer - shorter > allowed {
            return None;
        }
        let slips = strsim::osa_distance(name, known);
        (slips <= allowed).then_some((slips, *known))
    });
    measured.min().map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_read_whole() {
        let rows = TABLE.lines();
        let rows = rows.filter(|line| !line.is_empty() && !line.starts_with(['#', '[']));
        assert_eq!(rows.count(), table().values().flatten().count());
    }

    #[test]
    fn a_directive_is_known_by_its_section() {
        let pass = known(Section::Http, "proxy_pass").unwrap();
        assert_eq!(
            pass.blocks().unwrap(),
            ["location", "location-if", "limit_except"]
        );
        assert!(pass.takes(1) && !pass.takes(0) && !pass.takes(2));
        let pass = known(Section::Stream, "proxy_pass").unwrap();
        assert_eq!(pass.blocks().unwrap(), ["server"]);
        let header = known(Section::Http, "add_header").unwrap();
        assert!(header.takes(2) && header.takes(3) && !header.takes(4) && !header.is_once);
        assert!(known(Section::Http, "include").unwrap().blocks().is_none());
        assert!(known(Section::Http, "gzip_types").unwrap().takes(12));
        assert_eq!(
            known(Section::Http, "proxy_read_timeout").unwrap().kind,
            Kind::Time
        );
        assert!(known(Section::Http, "more_set_headers").is_none());
    }

    #[test]
    fn a_slip_is_told_from_another_modules_name() {
        assert_eq!(slip_of("sevrer"), Some("server"));
        assert_eq!(slip_of("senfile"), Some("sendfile"));
        assert_eq!(slip_of("proxy_set_heade"), Some("proxy_set_header"));
        for own in ["server", "subs_filter", "geoip2", "brotli_types", "ssl"] {
            assert_eq!(slip_of(own), None, "{own}");
        }
    }
}
