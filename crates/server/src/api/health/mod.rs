//! How the server and the way to it are, for administrators.

pub(super) mod examine;
pub(super) mod show;

use atalaya_doctor::{Verdict, language::Language};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::query::{FromParams, Params};
use crate::{own_way::Walked, wire::rfc3339};

/// In which language texts are told.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct InLanguage {
    /// `en` or `es`.
    #[param(nullable = false, example = "es")]
    lang: Option<String>,
}

impl FromParams for InLanguage {
    fn from_params(params: &mut Params) -> Option<Self> {
        let lang = params.text("lang");
        if let Some(other) = lang.as_deref().filter(|lang| !["en", "es"].contains(lang)) {
            params.refuse(
                "lang",
                format!("{other:?} is not a language here; there are en and es"),
            );
        }
        Some(Self { lang })
    }
}

impl InLanguage {
    fn language(&self) -> Language {
        match self.lang.as_deref() {
            Some("es") => Language::Spanish,
            _ => Language::English,
        }
    }
}

/// Faulty with an error or a warning; a hint leaves it healthy.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "describes the doctor's verdict")]
pub(super) enum WayVerdict {
    Healthy,
    Faulty,
}

/// How bad a finding is.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(dead_code, reason = "describes the doctor's severities")]
pub(super) enum WaySeverity {
    Error,
    Warning,
    Hint,
}

/// What a client's way to this server came to, walked by the server itself.
#[derive(Serialize, ToSchema)]
pub(crate) struct WayReport {
    #[schema(format = DateTime)]
    at: String,
    #[schema(value_type = WayVerdict)]
    verdict: &'static str,
    duration_ms: u64,
    findings: Vec<WayFinding>,
    probes: Vec<WayStep>,
}

/// Something that is wrong with the way; its `rule` is the doctor's.
#[derive(Serialize, ToSchema)]
pub(crate) struct WayFinding {
    #[schema(examples("way-broken"))]
    rule: &'static str,
    #[schema(value_type = WaySeverity)]
    severity: &'static str,
    message: String,
    /// What a client sees because of it.
    effect: String,
    /// What to do.
    mend: String,
    /// Where the rule is explained.
    #[schema(examples("docs/checks.md#way-broken"))]
    help: String,
}

/// A step of the way.
#[derive(Serialize, ToSchema)]
pub(crate) struct WayStep {
    /// `direct` or `proxied`, and the step.
    #[schema(examples("proxied websocket"))]
    step: String,
    target: String,
    ok: bool,
    duration_ms: u64,
    /// What was seen.
    detail: String,
}

impl WayReport {
    fn of(walked: &Walked, language: Language) -> Self {
        let diagnosis = &walked.diagnosis;
        Self {
            at: rfc3339(walked.at),
            verdict: match diagnosis.verdict {
                Verdict::Healthy => "healthy",
                Verdict::Faulty => "faulty",
            },
            duration_ms: u64::try_from(walked.took.as_millis()).unwrap_or(u64::MAX),
            findings: diagnosis
                .findings
                .iter()
                .map(|finding| WayFinding {
                    rule: finding.rule,
                    // A name for programs, whatever the language of the texts.
                    severity: finding.severity.word(Language::English),
                    message: finding.message.of(language).to_owned(),
                    effect: finding.effect.of(language).to_owned(),
                    mend: finding.fix.description.of(language).to_owned(),
                    help: finding.help.clone(),
                })
                .collect(),
            probes: diagnosis
                .probes
                .iter()
                .map(|probe| WayStep {
                    step: probe.step.clone(),
                    target: probe.target.clone(),
                    ok: probe.ok,
                    duration_ms: probe.duration_ms,
                    detail: probe.detail.of(language).to_owned(),
                })
                .collect(),
        }
    }
}
