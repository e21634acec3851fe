//! The report for programs; its shape is a contract.

use std::path::Path;

use serde::Serialize;

use crate::{
    Diagnosis, Probe, Verdict,
    finding::{Edit, Finding, Place, Severity, Span},
    language::Language,
    mend::{Mending, Written},
};

#[derive(Serialize)]
struct ToldDiagnosis<'d> {
    verdict: Verdict,
    findings: Vec<ToldFinding<'d>>,
    probes: Vec<ToldProbe<'d>>,
}

#[derive(Serialize)]
struct ToldProbe<'d> {
    step: &'d str,
    target: &'d str,
    ok: bool,
    duration_ms: u64,
    detail: &'d str,
}

/// A finding in one language.
#[derive(Serialize)]
struct ToldFinding<'d> {
    rule: &'static str,
    severity: Severity,
    #[serde(flatten)]
    place: ToldPlace<'d>,
    message: &'d str,
    effect: &'d str,
    help: &'d str,
    fix: ToldFix<'d>,
}

/// All of them null where no file is to blame.
#[derive(Default, Serialize)]
struct ToldPlace<'d> {
    file: Option<&'d Path>,
    real_file: Option<&'d Path>,
    line: Option<u32>,
    column: Option<u32>,
    span: Option<Span>,
}

impl<'d> ToldPlace<'d> {
    fn of(place: &'d Place) -> Self {
        Self {
            file: Some(&place.file),
            real_file: Some(&place.real_file),
            line: Some(place.line),
            column: Some(place.column),
            span: Some(place.span),
        }
    }
}

#[derive(Serialize)]
struct ToldFix<'d> {
    safe: bool,
    description: &'d str,
    edits: &'d [Edit],
}

/// One object on one line, without a line break at its end.
pub fn json(diagnosis: &Diagnosis, language: Language) -> String {
    to_json(&told(diagnosis, language))
}

/// The same object of what is left, with `mended` (the findings that were mended) and `written` (the files).
pub fn mended_json(mending: &Mending, written: &[Written], language: Language) -> String {
    #[derive(Serialize)]
    struct Mended<'m> {
        #[serde(flatten)]
        left: ToldDiagnosis<'m>,
        mended: Vec<ToldFinding<'m>>,
        written: &'m [Written],
    }
    let steps = mending.steps.iter();
    to_json(&Mended {
        left: told(&mending.after, language),
        mended: steps
            .flat_map(|step| told(step, language).findings)
            .collect(),
        written,
    })
}

/// The same object of a round, with `at`: when it ended.
pub fn watched_json(diagnosis: &Diagnosis, at: &str, language: Language) -> String {
    #[derive(Serialize)]
    struct Round<'d> {
        at: &'d str,
        #[serde(flatten)]
        told: ToldDiagnosis<'d>,
    }
    let told = told(diagnosis, language);
    to_json(&Round { at, told })
}

fn told(diagnosis: &Diagnosis, language: Language) -> ToldDiagnosis<'_> {
    let finding = |finding| told_finding(finding, language);

    ToldDiagnosis {
        verdict: diagnosis.verdict,
        findings: diagnosis.findings.iter().map(finding).collect(),
        probes: diagnosis
            .probes
            .iter()
            .map(|probe| told_probe(probe, language))
            .collect(),
    }
}

fn told_probe(probe: &Probe, language: Language) -> ToldProbe<'_> {
    ToldProbe {
        step: &probe.step,
        target: &probe.target,
        ok: probe.ok,
        duration_ms: probe.duration_ms,
        detail: probe.detail.of(language),
    }
}

fn told_finding(finding: &Finding, language: Language) -> ToldFinding<'_> {
    ToldFinding {
        rule: finding.rule,
        severity: finding.severity,
        place: finding
            .place
            .as_ref()
            .map(ToldPlace::of)
            .unwrap_or_default(),
        message: finding.message.of(language),
        effect: finding.effect.of(language),
        help: &finding.help,
        fix: ToldFix {
            safe: finding.fix.safe,
            description: finding.fix.description.of(language),
            edits: &finding.fix.edits,
        },
    }
}

fn to_json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("a diagnosis is plain values with text keys")
}
