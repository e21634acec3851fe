//! The same examination again and again: what has changed since the last one.

use std::{collections::BTreeMap, path::PathBuf};

use crate::{
    CouldNotRun, Diagnosis,
    finding::{Finding, Severity},
};

/// What was known after the last round.
#[derive(Debug, Default)]
pub struct Watch {
    findings: Vec<Finding>,
    /// Whether each step went well when it was taken last: what comes after a step that fails is not taken.
    steps: BTreeMap<String, bool>,
    is_begun: bool,
}

/// What a round brought. Numbers are those of the diagnosis's own lists.
#[derive(Debug, Default)]
pub struct Changes {
    pub steps: Vec<usize>,
    pub come: Vec<usize>,
    pub gone: Vec<Finding>,
    pub is_first: bool,
}

impl Changes {
    /// Whether there is nothing to tell.
    pub fn is_nothing(&self) -> bool {
        !self.is_first && self.steps.is_empty() && self.come.is_empty() && self.gone.is_empty()
    }
}

impl Watch {
    /// Takes a round in. All of the first is new.
    pub fn changes(&mut self, diagnosis: &Diagnosis) -> Changes {
        let is_first = !std::mem::replace(&mut self.is_begun, true);
        let steps = diagnosis.probes.iter().enumerate();
        let steps = steps.filter(|(_, probe)| {
            let known = self.steps.insert(probe.step.clone(), probe.ok);
            known != Some(probe.ok)
        });
        let steps = steps.map(|(number, _)| number).collect();
        let known: Vec<Key<'_>> = self.findings.iter().map(key).collect();
        let now: Vec<Key<'_>> = diagnosis.findings.iter().map(key).collect();
        let come = (0..now.len()).filter(|&number| !known.contains(&now[number]));
        let come = come.collect();
        let gone = self.findings.iter().filter(|it| !now.contains(&key(it)));
        let gone = gone.cloned().collect();
        self.findings.clone_from(&diagnosis.findings);
        Changes {
            steps,
            come,
            gone,
            is_first,
        }
    }
}

/// What makes two findings the same; their words may tell by how many seconds.
type Key<'f> = (&'static str, Severity, Option<(&'f PathBuf, u32, u32)>);

fn key(finding: &Finding) -> Key<'_> {
    let place = finding.place.as_ref();
    let place = place.map(|place| (&place.file, place.line, place.column));
    (finding.rule, finding.severity, place)
}

/// A round that could not be held, as the finding that it is: files come and go while somebody works on them.
pub fn not_examined(error: &CouldNotRun) -> Diagnosis {
    let rule = match error {
        CouldNotRun::Root(_) | CouldNotRun::Unreadable(_) | CouldNotRun::Other(_) => {
            "include-missing"
        }
        CouldNotRun::NoSite | CouldNotRun::WhichSite(_) | CouldNotRun::NobodyListens(_) => {
            "no-listener"
        }
    };
    let finding = Finding::new(
        rule,
        Severity::Error,
        None,
        say!(
            "This round could not be held: {error}.",
            "Esta ronda no pudo hacerse: {error}."
        ),
        match error {
            CouldNotRun::WhichSite(_) => say!(
                "It is not known any more which of them is meant.",
                "Ya no se sabe a cuál se refiere."
            ),
            _ => say!(
                "Where the proxy is loaded or started now, it does not serve this site as before.",
                "Si el proxy se carga o se arranca ahora, no sirve este sitio como antes."
            ),
        },
    );
    let advice = match error {
        CouldNotRun::WhichSite(_) => say!(
            "Start the watch anew, and name the address that people open with --url.",
            "Empiece de nuevo la vigilancia, e indique con --url la dirección que abre la gente."
        ),
        _ => say!(
            "Put back what was there; the next round looks again.",
            "Reponga lo que había; la próxima ronda vuelve a mirar."
        ),
    };
    Diagnosis::of(vec![finding.advise(advice)], None, BTreeMap::new())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{diagnose::Probe, language::Text, rules::RULES};

    fn diagnosis(findings: &[(&'static str, Severity)], steps: &[(&str, bool)]) -> Diagnosis {
        let text = || Text::same("x");
        let findings = findings.iter();
        let findings =
            findings.map(|(rule, severity)| Finding::new(rule, *severity, None, text(), text()));
        let mut diagnosis = Diagnosis::of(findings.collect(), None, BTreeMap::new());
        let probe = |(step, ok): &(&str, bool)| Probe {
            step: (*step).to_owned(),
            target: String::new(),
            ok: *ok,
            duration_ms: 0,
            detail: text(),
        };
        diagnosis.probes = steps.iter().map(probe).collect();
        diagnosis
    }

    fn told(
        watch: &mut Watch,
        diagnosis: &Diagnosis,
    ) -> (Vec<usize>, Vec<usize>, Vec<&'static str>) {
        let changes = watch.changes(diagnosis);
        let gone = changes.gone.iter().map(|it| it.rule).collect();
        (changes.steps, changes.come, gone)
    }

    #[test]
    fn what_changed_is_told_once() {
        let mut watch = Watch::default();
        let healthy = diagnosis(&[], &[("direct polling", true), ("direct post", true)]);
        let down = diagnosis(
            &[("back-end-down", Severity::Error)],
            &[("direct polling", false)],
        );
        assert_eq!(told(&mut watch, &healthy), (vec![0, 1], vec![], vec![]));
        assert!(watch.changes(&healthy).is_nothing());
        assert_eq!(told(&mut watch, &down), (vec![0], vec![0], vec![]));
        assert!(watch.changes(&down).is_nothing());
        // The step that was not taken meanwhile is as it was.
        let back = told(&mut watch, &healthy);
        assert_eq!(back, (vec![0], vec![], vec!["back-end-down"]));
    }

    #[test]
    fn a_first_round_without_anything_is_told() {
        let mut watch = Watch::default();
        assert!(!watch.changes(&diagnosis(&[], &[])).is_nothing());
        assert!(watch.changes(&diagnosis(&[], &[])).is_nothing());
    }

    #[test]
    fn a_finding_that_weighs_more_than_before_is_another() {
        let mut watch = Watch::default();
        watch.changes(&diagnosis(&[("clock-skew", Severity::Hint)], &[]));
        let worse = diagnosis(&[("clock-skew", Severity::Error)], &[]);
        assert_eq!(
            told(&mut watch, &worse),
            (vec![], vec![0], vec!["clock-skew"])
        );
    }

    #[test]
    fn a_round_that_could_not_be_held_has_a_rule_of_ours() {
        for error in [
            CouldNotRun::NoSite,
            CouldNotRun::Root(std::io::Error::other("x")),
        ] {
            let diagnosis = not_examined(&error);
            let rule = diagnosis.findings[0].rule;
            assert!(RULES.iter().any(|it| it.id == rule), "{rule}");
        }
    }
}
