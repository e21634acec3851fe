//! Which tool builds a front end, by the files beside its environment, and so which variables it puts into the pages.

use std::path::Path;

use crate::{dotenv, root::Root};

/// A tool's package, and the prefixes that it hands on.
const TOOLS: [(&str, &[&str]); 9] = [
    ("vite", &["VITE_"]),
    ("react-scripts", &["REACT_APP_"]),
    ("@vue/cli-service", &["VUE_APP_"]),
    ("next", &["NEXT_PUBLIC_"]),
    ("nuxt", &["NUXT_PUBLIC_", "VITE_"]),
    ("gatsby", &["GATSBY_"]),
    ("expo", &["EXPO_PUBLIC_"]),
    ("astro", &["PUBLIC_"]),
    ("@sveltejs/kit", &["PUBLIC_", "VITE_"]),
];

/// Prefixes that belong to one tool each; others are several tools'.
const OF_ONE: [&str; 6] = [
    "VITE_",
    "REACT_APP_",
    "VUE_APP_",
    "NEXT_PUBLIC_",
    "NUXT_PUBLIC_",
    "GATSBY_",
];

/// Files in which a project says for itself what goes into its pages.
const SETTINGS: [&str; 6] = ["vite", "next", "nuxt", "vue", "astro", "craco"];
const ENDINGS: [&str; 5] = ["ts", "js", "mts", "mjs", "cjs"];

/// What lets other variables into the pages as well.
const OTHER_WAYS: [&str; 8] = [
    "envPrefix",
    "define",
    "process.env",
    "loadEnv",
    "dotenv",
    "environment",
    "DefinePlugin",
    "env:",
];

/// Whether a variable with one tool's prefix is lost in a project that is another's.
pub(super) fn drops(root: &Root, folder: &Path, variable: &str) -> bool {
    let prefix = dotenv::prefix(variable).filter(|prefix| OF_ONE.contains(prefix));
    let Some(prefix) = prefix else {
        return false;
    };
    let Some(package) = read(root, &folder.join("package.json")) else {
        return false;
    };
    let is_named = |name: &str| package.contains(&format!("\"{name}\":"));
    let tools: Vec<_> = TOOLS.iter().filter(|(name, _)| is_named(name)).collect();
    let hands_on = tools.iter().any(|(_, prefixes)| prefixes.contains(&prefix));
    !tools.is_empty() && !hands_on && !has_other_ways(root, folder, &package)
}

fn has_other_ways(root: &Root, folder: &Path, package: &str) -> bool {
    let names = SETTINGS.iter().flat_map(|name| {
        let files = ENDINGS.iter();
        files.map(move |ending| format!("{name}.config.{ending}"))
    });
    let mut texts = names.filter_map(|name| read(root, &folder.join(name)));
    let is_other = |text: &str| OTHER_WAYS.iter().any(|way| text.contains(way));
    // A plugin for it, or a command that sets it.
    package.contains("plugin-env")
        || package.contains("dotenv")
        || package.contains("cross-env")
        || texts.any(|text| is_other(&text.replace("defineConfig", "")))
}

fn read(root: &Root, file: &Path) -> Option<String> {
    root.read(file).ok().map(|read| read.text)
}
