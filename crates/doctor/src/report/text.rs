//! The report for people: each finding with its lines, the place underlined, what follows, and the mend as a diff.

use std::path::Path;

use annotate_snippets::{
    AnnotationKind, Element, Group, Level, Patch, Renderer, Snippet, renderer::DecorStyle,
};

use super::summary;
use crate::{
    Diagnosis,
    finding::{Edit, Finding, Place, Severity},
    language::Language,
    mend::{Mending, Written},
};

/// The whole report. `coloured` is for a terminal.
pub fn text(diagnosis: &Diagnosis, language: Language, coloured: bool) -> String {
    findings(diagnosis, language, coloured) + &format!("{}\n", summary(diagnosis, language))
}

/// What is about to be mended: each finding with its diff.
pub fn mends(mending: &Mending, language: Language, coloured: bool) -> String {
    mending
        .steps
        .iter()
        .map(|step| findings(step, language, coloured))
        .collect()
}

/// Which files were written, and what is left to do.
pub fn mended(
    mending: &Mending,
    written: &[Written],
    language: Language,
    coloured: bool,
) -> String {
    let mut out = String::new();
    for Written { file, backup } in written {
        let (file, backup) = (file.display(), backup.display());
        out.push_str(&match language {
            Language::English => format!("mended: {file} (what was there: {backup})\n"),
            Language::Spanish => format!("corregido: {file} (lo que había: {backup})\n"),
        });
    }
    if written.is_empty() {
        out.push_str(language.pick(
            "mended: nothing, for there is no fault whose mend is safe\n",
            "corregido: nada, pues no hay fallo cuyo remedio sea seguro\n",
        ));
    }
    out.push('\n');
    out + &text(&mending.after, language, coloured)
}

pub(super) fn findings(diagnosis: &Diagnosis, language: Language, coloured: bool) -> String {
    let (renderer, style) = match coloured {
        true => (Renderer::styled(), DecorStyle::Unicode),
        false => (Renderer::plain(), DecorStyle::Ascii),
    };
    let renderer = renderer.decor_style(style);
    let findings = diagnosis.findings.iter();
    findings
        .map(|finding| {
            format!(
                "{}\n\n",
                renderer.render(&report(finding, diagnosis, language))
            )
        })
        .collect()
}

fn report<'d>(
    finding: &'d Finding,
    diagnosis: &'d Diagnosis,
    language: Language,
) -> Vec<Group<'d>> {
    let see = Level::NOTE.with_name(language.pick("see", "ver"));
    let mend = Level::HELP.with_name(language.pick("mend", "remedio"));
    let description = finding.fix.description.of(language);
    let title = level(finding.severity, language)
        .primary_title(finding.message.of(language))
        .id(finding.rule);
    let mut group = Group::with_title(title);
    if let Some(place) = &finding.place {
        group = match diagnosis.texts.get(&place.file) {
            Some(source) => group.element(excerpt(place, source)),
            None => group.element(Level::NOTE.message(name_of(place))),
        };
    }
    group = group.element(
        Level::NOTE
            .with_name(language.pick("effect", "efecto"))
            .message(finding.effect.of(language)),
    );
    if finding.fix.edits.is_empty() {
        if !description.is_empty() {
            group = group.element(mend.message(description));
        }
        group = group.element(see.message(&finding.help));
        return vec![group];
    }
    group = group.element(see.message(&finding.help));
    let mend = mend.secondary_title(description);
    vec![
        group,
        Group::with_title(mend).elements(diff(finding, diagnosis)),
    ]
}

fn level(severity: Severity, language: Language) -> Level<'static> {
    let level = match severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Hint => Level::INFO,
    };
    level.with_name(severity.word(language))
}

fn name_of(place: &Place) -> String {
    format!("{}:{}:{}", place.file.display(), place.line, place.column)
}

fn excerpt<'d>(place: &'d Place, source: &'d str) -> Element<'d> {
    let span = place.span;
    let end = span.end.min(source.len());
    let annotation = AnnotationKind::Primary.span(span.start.min(end)..end);
    Snippet::source(source)
        .path(place.file.to_string_lossy())
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
