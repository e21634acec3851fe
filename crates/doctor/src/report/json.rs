//! The report for programs; its shape is a contract.

use crate::Diagnosis;

/// One object on one line, without a line break at its end.
pub fn json(diagnosis: &Diagnosis) -> String {
    serde_json::to_string(diagnosis).expect("a diagnosis is plain values with text keys")
}
