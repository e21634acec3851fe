//! Which of several environment files a build for production takes a variable from.

use std::path::Path;

/// What the tools put in front of a variable when `.env.local` counts more than `.env.production`: Next, Create React
/// App, Expo, Angular's. With Vite, Vue CLI, SvelteKit and Astro it is the other way round.
const LOCAL_WINS: [&str; 4] = ["NEXT_PUBLIC_", "REACT_APP_", "EXPO_PUBLIC_", "NG_APP_"];
const MODE_WINS: [&str; 3] = ["VITE_", "VUE_APP_", "PUBLIC_"];

/// Names of files that no build for production reads.
const UNUSED: [&str; 8] = [
    "development",
    "dev",
    "test",
    "example",
    "sample",
    "template",
    "dist",
    "defaults",
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Plain,
    Local,
    Mode,
    ModeLocal,
}

/// Whether a variable of the first file has its value from the second, where both have it.
pub(super) fn is_overridden(variable: &str, file: &Path, other: &Path) -> bool {
    if file.parent() != other.parent() {
        return false;
    }
    let (Some((kind, mode)), Some((by, other_mode))) = (read(file), read(other)) else {
        return false;
    };
    if mode.is_some() && other_mode.is_some() && mode != other_mode {
        return false;
    }
    let starts = |prefix: &&str| variable.starts_with(prefix);
    match (kind, by) {
        (Kind::Plain, by) => by != Kind::Plain,
        (Kind::Local | Kind::Mode, Kind::ModeLocal) => true,
        // Where it is not known which tool it is, either may count.
        (Kind::Local, Kind::Mode) => !LOCAL_WINS.iter().any(starts),
        (Kind::Mode, Kind::Local) => !MODE_WINS.iter().any(starts),
        _ => false,
    }
}

/// Whether it is for developers alone, or an example.
pub(super) fn is_unused(file: &Path) -> bool {
    let words = name(file).split('.').skip(1);
    words.into_iter().any(|word| UNUSED.contains(&word))
}

fn name(file: &Path) -> &str {
    let name = file.file_name().and_then(|name| name.to_str());
    name.unwrap_or_default()
}

/// `.env`, `.env.local`, `.env.MODE` or `.env.MODE.local`.
fn read(file: &Path) -> Option<(Kind, Option<&str>)> {
    if is_unused(file) {
        return None;
    }
    let rest = name(file).strip_prefix(".env")?;
    match rest.split('.').collect::<Vec<_>>()[..] {
        [""] => Some((Kind::Plain, None)),
        ["", "local"] => Some((Kind::Local, None)),
        ["", mode] => Some((Kind::Mode, Some(mode))),
        ["", mode, "local"] => Some((Kind::ModeLocal, Some(mode))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_counts_more_is_as_the_tools_have_it() {
        let is_overridden = |variable, file: &str, other: &str| {
            is_overridden(variable, Path::new(file), Path::new(other))
        };
        for (variable, file, other) in [
            ("VITE_A", "/a/.env", "/a/.env.local"),
            ("VITE_A", "/a/.env", "/a/.env.production"),
            ("VITE_A", "/a/.env.local", "/a/.env.production"),
            ("NEXT_PUBLIC_A", "/a/.env.production", "/a/.env.local"),
            ("NUXT_PUBLIC_A", "/a/.env.production", "/a/.env.local"),
            ("NUXT_PUBLIC_A", "/a/.env.local", "/a/.env.production"),
            ("VITE_A", "/a/.env.production", "/a/.env.production.local"),
        ] {
            assert!(is_overridden(variable, file, other), "{file} by {other}");
        }
        for (variable, file, other) in [
            ("VITE_A", "/a/.env.production", "/a/.env.local"),
            ("REACT_APP_A", "/a/.env.local", "/a/.env.production"),
            ("VITE_A", "/a/.env", "/b/.env.production"),
            ("VITE_A", "/a/.env", "/a/.env.development"),
            ("VITE_A", "/a/.env.staging", "/a/.env.production"),
            ("VITE_A", "/a/.env.staging", "/a/.env.production.local"),
            ("VITE_A", "/a/app.env", "/a/.env.production"),
        ] {
            assert!(!is_overridden(variable, file, other), "{file} by {other}");
        }
    }
}
