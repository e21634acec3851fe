//! The query of a request, read like a body: every mistake at once, and unknown names refused.

use std::{collections::BTreeMap, str::FromStr};

use axum::extract::{FromRequestParts, Query as AxumQuery};
use http::request::Parts;

use super::problem::{Code, FieldError, Problem};

/// A type that is the query of a request.
pub(super) trait FromParams: Sized {
    /// Takes its parameters; `None` only after something was refused.
    fn from_params(params: &mut Params) -> Option<Self>;
}

/// A query read as `T`.
pub(super) struct Query<T>(pub T);

impl<T: FromParams, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let mut params = Params::default();
        match AxumQuery::<Vec<(String, String)>>::from_request_parts(parts, state).await {
            Ok(AxumQuery(pairs)) => params.collect(pairs),
            Err(_) => params.refuse("query", "is not of the form name=value&…"),
        }
        let query = T::from_params(&mut params);
        params.finish(query).map(Self)
    }
}

/// The parameters that nobody has taken yet, and the mistakes found so far.
#[derive(Default)]
pub(super) struct Params {
    values: BTreeMap<String, String>,
    taken: Vec<&'static str>,
    errors: Vec<FieldError>,
    bad_cursor: Option<String>,
}

impl Params {
    /// A parameter's text; an empty one counts as left out, as forms send it.
    pub(super) fn text(&mut self, name: &'static str) -> Option<String> {
        self.taken.push(name);
        self.values.remove(name).filter(|text| !text.is_empty())
    }

    /// A parameter that parses. `expected` completes the sentence "must be …".
    pub(super) fn parsed<T: FromStr>(&mut self, name: &'static str, expected: &str) -> Option<T> {
        let text = self.text(name)?;
        let value = text.parse().ok();
        if value.is_none() {
            self.refuse(name, format!("must be {expected}"));
        }
        value
    }

    /// Reports a mistake in a parameter.
    pub(super) fn refuse(&mut self, name: &str, message: impl Into<String>) {
        self.errors.push(FieldError {
            field: name.to_owned(),
            message: message.into(),
        });
    }

    /// Reports a cursor that is not one of this list.
    pub(super) fn refuse_cursor(&mut self, why: String) {
        self.bad_cursor = Some(why);
    }

    fn collect(&mut self, pairs: Vec<(String, String)>) {
        for (name, value) in pairs {
            if self.values.insert(name.clone(), value).is_some() {
                self.refuse(&name, "is there twice");
            }
        }
    }

    fn finish<T>(mut self, query: Option<T>) -> Result<T, Problem> {
        let known = self.taken.join(", ");
        for name in std::mem::take(&mut self.values).into_keys() {
            self.refuse(&name, format!("unknown parameter; there are {known}"));
        }
        if !self.errors.is_empty() {
            return Err(Problem::fields(Code::InvalidParameter, &self.errors));
        }
        match (query, self.bad_cursor) {
            (Some(query), None) => Ok(query),
            (_, why) => Err(Problem::new(Code::InvalidCursor, why.unwrap_or_default())),
        }
    }
}
