//! glob(3) as nginx calls it: byte order, and no hidden name unless the pattern says so.

use std::path::{Component, Path, PathBuf};

use super::Root;

/// Whether nginx treats the path as a pattern.
pub(crate) fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?', '['])
}

pub(super) fn expand(root: &Root, pattern: &Path) -> Vec<PathBuf> {
    let mut found = vec![PathBuf::from("/")];
    for component in pattern.components() {
        let Component::Normal(name) = component else {
            continue;
        };
        let name = name.to_string_lossy();
        found = found
            .iter()
            .flat_map(|dir| step(root, dir, &name))
            .collect();
    }
    found
}

fn step(root: &Root, dir: &Path, name: &str) -> Vec<PathBuf> {
    if !is_pattern(name) {
        let path = dir.join(name);
        let exists = root.has_entry(&path);
        return exists.then_some(path).into_iter().collect();
    }
    let pattern: Vec<char> = name.chars().collect();
    let fits = |candidate: &str| {
        let hidden = candidate.starts_with('.') && !name.starts_with('.');
        !hidden && matches(&pattern, &candidate.chars().collect::<Vec<_>>())
    };
    root.list(dir)
        .iter()
        .filter(|candidate| fits(&candidate.to_string_lossy()))
        .map(|candidate| dir.join(candidate))
        .collect()
}

/// Linear in the product of both lengths: remembers only the last `*`.
fn matches(pattern: &[char], name: &[char]) -> bool {
    let (mut p, mut n) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        if pattern.get(p) == Some(&'*') {
            star = Some((p, n));
            p += 1;
        } else if let Some(next) = one(pattern, p, name[n]) {
            p = next;
            n += 1;
        } else if let Some((at, taken)) = star {
            star = Some((at, taken + 1));
            p = at + 1;
            n = taken + 1;
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|&rest| rest == '*')
}

/// Where the pattern goes on if its element at `p` takes this character.
fn one(pattern: &[char], p: usize, character: char) -> Option<usize> {
    match *pattern.get(p)? {
        '?' => Some(p + 1),
        '[' => class(pattern, p, character),
        '\\' => (pattern.get(p + 1) == Some(&character)).then_some(p + 2),
        other => (other == character).then_some(p + 1),
    }
}

fn class(pattern: &[char], open: usize, character: char) -> Option<usize> {
    let negated = matches!(pattern.get(open + 1), Some('!' | '^'));
    let first = open + 1 + usize::from(negated);
    let length = pattern[first..].iter().skip(1).position(|&c| c == ']')? + 1;
    let set = &pattern[first..first + length];
    let mut found = false;
    let mut i = 0;
    while i < set.len() {
        let is_range = set.get(i + 1) == Some(&'-') && i + 2 < set.len();
        let last = if is_range { set[i + 2] } else { set[i] };
        found |= (set[i]..=last).contains(&character);
        i += if is_range { 3 } else { 1 };
    }
    (found != negated).then_some(first + length + 1)
}
