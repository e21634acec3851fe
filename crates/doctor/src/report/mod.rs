//! Findings for people and for programs.

mod json;
mod text;

pub use self::{
    json::{json, mended_json},
    text::{mended, mends, text},
};
