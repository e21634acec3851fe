//! The report for people: each finding with its lines, the place underlined, what follows, and the mend as a diff.

use std::path::Path;

use annotate_snippets::{
    AnnotationKind, Element, Group, Level, Patch, Renderer, Snippet, renderer::DecorStyle,
};

use super::summary;
use crate::{
    Diagnosis,
    finding::{Edit, Finding, Severity},
    mend::{Mending, Written},
};

/// The whole report. `coloured` is for a terminal.
pub fn text(diagnosis: &Diagnosis, coloured: bool) -> String {
    findings(diagnosis, coloured) + &format!("{}\n", summary(diagnosis))
}

/// What is about to be mended: each finding with its diff.
pub fn mends(mending: &Mending, coloured: bool) -> String {
    mending
        .steps
        .iter()
        .map(|step| findings(step, coloured))
        .collect()
}

/// Which files were written, and what is left to do.
pub fn mended(mending: &Mending, written: &[Written], coloured: bool) -> String {
    let mut out = String::new();
    for Written { file, backup } in written {
        let (file, backup) = (file.display(), backup.display());
        out.push_str(&format!("mended: {file} (what was there: {backup})\n"));
    }
    if written.is_empty() {
        out.push_str("mended: nothing, for there is no fault whose mend is safe\n");
    }
    out.push('\n');
    out + &text(&mending.after, coloured)
}

fn findings(diagnosis: &Diagnosis, coloured: bool) -> String {
    let (renderer, style) = match coloured {
        true => (Renderer::styled(), DecorStyle::Unicode),
        false => (Renderer::plain(), DecorStyle::Ascii),
    };
    let renderer = renderer.decor_style(style);
    let findings = diagnosis.findings.iter();
    findings
        .map(|finding| format!("{}\n\n", renderer.render(&report(finding, diagnosis))))
        .collect()
}

fn report<'d>(finding: &'d Finding, diagnosis: &'d Diagnosis) -> Vec<Group<'d>> {
    let title = level(finding.severity)
        .primary_title(&finding.message)
        .id(finding.rule);
    let mut group = Group::with_title(title);
    match diagnosis.texts.get(&finding.place.file) {
        Some(source) => group = group.element(excerpt(finding, source)),
        None => group = group.element(Level::NOTE.message(place(finding))),
    }
    group = group.element(Level::NOTE.with_name("effect").message(&finding.effect));
    if finding.fix.edits.is_empty() {
        if !finding.fix.description.is_empty() {
            group = group.element(
                Level::HELP
                    .with_name("mend")
                    .message(&finding.fix.description),
            );
        }
        group = group.element(Level::NOTE.with_name("see").message(&finding.help));
        return vec![group];
    }
    group = group.element(Level::NOTE.with_name("see").message(&finding.help));
    let mend = Level::HELP
        .with_name("mend")
        .secondary_title(&finding.fix.description);
    vec![
        group,
        Group::with_title(mend).elements(diff(finding, diagnosis)),
    ]
}

fn level(severity: Severity) -> Level<'static> {
    match severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Hint => Level::INFO.with_name(Severity::Hint.word()),
    }
}

fn place(finding: &Finding) -> String {
    let place = &finding.place;
    format!("{}:{}:{}", place.file.display(), place.line, place.column)
}

fn excerpt<'d>(finding: &'d Finding, source: &'d str) -> Element<'d> {
    let span = finding.place.span;
    let end = span.end.min(source.len());
    let annotation = AnnotationKind::Primary.span(span.start.min(end)..end);
    Snippet::source(source)
        .path(finding.place.file.to_string_lossy())
        .annotation(annotation)
        .into()
}

/// The edits, a snippet for each file.
fn diff<'d>(finding: &'d Finding, diagnosis: &'d Diagnosis) -> Vec<Element<'d>> {
    let snippet = |(file, edits): (&'d Path, Vec<&'d Edit>)| {
        let source = diagnosis.texts.get(file)?;
        let patches = edits
            .into_iter()
            .map(|edit| Patch::new(edit.span.start..edit.span.end, &edit.text));
        let snippet = Snippet::source(source)
            .path(file.to_string_lossy())
            .patches(patches);
        Some(snippet.into())
    };
    let by_file = finding.fix.by_file().into_iter();
    by_file.filter_map(snippet).collect()
}
