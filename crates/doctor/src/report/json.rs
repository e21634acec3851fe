//! The report for programs; its shape is a contract.

use serde::Serialize;

use crate::{
    Diagnosis,
    finding::Finding,
    mend::{Mending, Written},
};

/// One object on one line, without a line break at its end.
pub fn json(diagnosis: &Diagnosis) -> String {
    to_json(diagnosis)
}

/// The same object of what is left, with `mended` (the findings that were mended) and `written` (the files).
pub fn mended_json(mending: &Mending, written: &[Written]) -> String {
    #[derive(Serialize)]
    struct Mended<'m> {
        #[serde(flatten)]
        left: &'m Diagnosis,
        mended: Vec<&'m Finding>,
        written: &'m [Written],
    }
    to_json(&Mended {
        left: &mending.after,
        mended: mending
            .steps
            .iter()
            .flat_map(|step| &step.findings)
            .collect(),
        written,
    })
}

fn to_json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("a diagnosis is plain values with text keys")
}
