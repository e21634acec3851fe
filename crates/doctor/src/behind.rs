//! What stands behind a fault: while requests go astray nobody asks how the back end would be asked, so that whoever
//! mends what is found finds the next. Here the mends are made in thought, and what then shows is told too. What then
//! shows no more came of the fault, and is not told beside it.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use crate::{
    diagnose::{CouldNotRun, Diagnosis, look},
    document::Document,
    finding::{Edit, Finding, Place, Span, by_file},
    question::Question,
    root::Root,
    rules,
};

/// More than anybody hides behind one another.
const MAX_DEPTH: usize = 8;

/// Reads the configuration and judges it. Opens no connection.
pub fn diagnose(root: &Root, question: &Question) -> Result<Diagnosis, CouldNotRun> {
    let first = look(root, question)?;
    Ok(whole(root, question, first))
}

/// A first look without what only came of something else in it, and what is behind it.
pub(crate) fn whole(root: &Root, question: &Question, mut first: Diagnosis) -> Diagnosis {
    let behind = behind(root, question, &mut first);
    first.add(behind);
    first
}

/// The faults that show once what hides them is mended, at their places in the files as they are. What goes away by the
/// same mend is taken from the first look.
fn behind(root: &Root, question: &Question, first: &mut Diagnosis) -> Vec<Finding> {
    let mut found: Vec<Finding> = Vec::new();
    let mut thought = Thought {
        root: root.clone(),
        edits: Vec::new(),
        is_safe: true,
    };
    let mut now = first.clone();
    for _ in 0..MAX_DEPTH {
        let Some((mended, next, hiding)) = thought.step(question, &now) else {
            break;
        };
        // What goes with it is what came of it, and no fault of its own.
        let goes = |finding: &Finding| {
            !finding.is_told_as(&hiding) && now.tells(finding) && !next.tells(finding)
        };
        first
            .findings
            .retain(|finding| !finding.severity.is_fault() || !goes(finding));
        let faults = next.findings.iter().filter(|it| it.severity.is_fault());
        let shown = faults.filter_map(|fault| mended.as_it_is(root, fault, &hiding));
        for finding in shown {
            let same = |other: &Finding| other.rule == finding.rule && other.place == finding.place;
            if !first.findings.iter().chain(&found).any(same) {
                found.push(finding);
            }
        }
        (thought, now) = (mended, next);
    }
    found
}

/// The files with some mends made, line by line as they were.
struct Thought {
    root: Root,
    /// Of each mend, the edits of each file, by real path.
    edits: Vec<BTreeMap<PathBuf, Vec<Edit>>>,
    /// Whether each of them is made by whoever asks for the safe ones.
    is_safe: bool,
}

impl Thought {
    /// The first error that hides others is mended; with it, and with what shows then.
    fn step(&self, question: &Question, now: &Diagnosis) -> Option<(Self, Diagnosis, Finding)> {
        let mut hiding = now
            .findings
            .iter()
            .filter(|finding| finding.is_error() && rules::hides_others(finding.rule));
        hiding.find_map(|finding| {
            let mended = self.mended(finding)?;
            let next = look(&mended.root, question).ok()?;
            next.is_rid_of(finding, now)
                .then(|| (mended, next, finding.clone()))
        })
    }

    fn mended(&self, finding: &Finding) -> Option<Self> {
        let mut texts = BTreeMap::new();
        let mut made = BTreeMap::new();
        let edits = match finding.fix.edits.is_empty() {
            true => &finding.supposing,
            false => &finding.fix.edits,
        };
        for (file, edits) in by_file(edits) {
            let read = self.root.read(file).ok().filter(|text| text.is_exact)?;
            let edits: Vec<Edit> = edits
                .iter()
                .map(|edit| within_lines(&read.text, edit))
                .collect();
            let text = crate::apply(&read.text, &edits.iter().collect::<Vec<_>>())?;
            texts.insert(read.real.clone(), text);
            made.insert(read.real, edits);
        }
        let mut edits = self.edits.clone();
        edits.push(made);
        (!texts.is_empty()).then(|| Self {
            root: self.root.with_texts(&texts),
            edits,
            is_safe: self.is_safe && finding.fix.safe,
        })
    }

    /// The finding at its place in the files as they are; `None` if it is about what the mends have put there.
    fn as_it_is(&self, root: &Root, finding: &Finding, hiding: &Finding) -> Option<Finding> {
        let place = finding.place.as_ref()?;
        let document = Document::read(root, &place.file).ok()?;
        let span = self.span_before(&place.real_file, place.span)?;
        let edits = finding.fix.edits.iter().map(|edit| {
            let real = self.root.resolve(&edit.file).ok()?;
            let span = self.span_before(&real, edit.span)?;
            Some(Edit {
                span,
                ..edit.clone()
            })
        });
        // A mend that is partly inside of another one is made when that is.
        let edits: Option<Vec<Edit>> = edits.collect();
        let mut finding = finding.clone();
        finding.fix.safe &= edits.is_some() && self.is_safe;
        finding.fix.edits = edits.unwrap_or_default();
        finding.effect = say!(
            "{effect} (It shows once {other} is mended.)",
            "{effect} (Se nota cuando se corrige {other}.)",
            other = hiding.place.as_ref().map_or_else(|| hiding.rule.to_owned(), Place::at);
            effect = finding.effect
        );
        finding.place = Some(Place {
            file: place.file.clone(),
            ..document.place(span)
        });
        Some(finding)
    }

    fn span_before(&self, file: &Path, span: Span) -> Option<Span> {
        let made = self.edits.iter().rev().filter_map(|made| made.get(file));
        let mut span = span;
        for edits in made {
            let start = before(span.start, edits)?;
            // What was put right behind it is none of it.
            let end = match span.end > span.start {
                true => before(span.end - 1, edits)? + 1,
                false => start,
            };
            span = Span { start, end };
        }
        Some(span)
    }
}

/// The edit with the lines of the text left as they are, so that what names a line names the right one.
fn within_lines(text: &str, edit: &Edit) -> Edit {
    let Span { start, end } = edit.span;
    let taken = text.get(start..end).unwrap_or_default();
    let breaks = "\n".repeat(taken.matches('\n').count());
    let line = text[..start].rfind('\n').map_or(0, |at| at + 1);
    // What is put at the end of a line must not become a part of its comment.
    let comment = text[line..start].rfind(" #").filter(|_| taken.is_empty());
    let at = comment.map_or(start, |found| line + found);
    Edit {
        file: edit.file.clone(),
        span: Span {
            start: at,
            end: at + taken.len(),
        },
        text: format!("{}{breaks}", edit.text.replace('\n', " ")),
    }
}

/// Where a byte of the text was before the edits were made; `None` for what they have put there.
fn before(offset: usize, edits: &[Edit]) -> Option<usize> {
    let mut sorted: Vec<&Edit> = edits.iter().collect();
    sorted.sort_by_key(|edit| edit.span);
    let (mut put, mut taken) = (0, 0);
    for edit in sorted {
        let start = edit.span.start + put - taken;
        if offset < start {
            break;
        }
        if offset < start + edit.text.len() {
            return None;
        }
        put += edit.text.len();
        taken += edit.span.end - edit.span.start;
    }
    Some(offset + taken - put)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn edit(start: usize, end: usize, text: &str) -> Edit {
        Edit {
            file: PathBuf::new(),
            span: Span { start, end },
            text: text.to_owned(),
        }
    }

    #[test]
    fn a_place_is_found_again_before_the_edits() {
        // 0123456789 with 2..4 replaced and something put before 7.
        let edits = [edit(7, 7, "--"), edit(2, 4, "abc")];
        let text = crate::apply("0123456789", &edits.iter().collect::<Vec<_>>()).unwrap();
        assert_eq!(text, "01abc456--789");
        let found: Vec<_> = (0..text.len()).map(|at| before(at, &edits)).collect();
        let expected = [0, 1, 99, 99, 99, 4, 5, 6, 99, 99, 7, 8, 9];
        assert_eq!(found, expected.map(|at| (at != 99).then_some(at)));
    }

    #[test]
    fn lines_stay_where_they_are() {
        let text = "a;  # why\nb;\nc;\n";
        let put = within_lines(text, &edit(9, 9, "\nx;"));
        assert_eq!(
            crate::apply(text, &[&put]).unwrap(),
            "a;  x; # why\nb;\nc;\n"
        );
        let taken = within_lines(text, &edit(10, 13, ""));
        assert_eq!(crate::apply(text, &[&taken]).unwrap(), "a;  # why\n\nc;\n");
    }

    proptest! {
        #[test]
        fn what_is_left_is_the_same_byte(at in 0usize..20, length in 0usize..5, new in "[A-Z]{0,4}") {
            let text = "abcdefghijklmnopqrstuvwxyz";
            let edits = [edit(at, at + length, &new)];
            let after = crate::apply(text, &[&edits[0]]).unwrap();
            for (offset, byte) in after.bytes().enumerate() {
                if let Some(before) = before(offset, &edits) {
                    prop_assert_eq!(byte, text.as_bytes()[before]);
                }
            }
        }
    }
}
