//! Polling from a page of another origin: the browser gives the page an answer only if the answer gives it leave.

use super::Site;
use crate::{
    case::{Case, redirect},
    nginx::{Step, Value, Walk, request::Origin},
    setting::Setting,
    url::Url,
};

/// The header that gives leave, and the one that lets cookies go with the requests.
pub(super) const ALLOW_ORIGIN: &str = "Access-Control-Allow-Origin";
pub(super) const ALLOW_CREDENTIALS: &str = "Access-Control-Allow-Credentials";

/// The requests of such a page, as far as they reach the back end by what is known here.
pub(super) struct Crossing<'s> {
    pub(super) case: &'s Case<'s>,
    pub(super) page: Origin,
    pub(super) walks: Vec<Walk<'s>>,
}

impl<'s> Crossing<'s> {
    /// `None` where no leave is asked for: a page of the same origin, or websockets alone.
    pub(super) fn of(site: &Site<'s>) -> Option<Self> {
        let (page, case) = (site.page?, site.case?);
        let opened = &page.walks.as_ref()?.page;
        // Where the page sends people on, it is of another origin than the one that is named.
        let moves = redirect(opened, &page.origin).is_some_and(|(to, _)| to != page.origin);
        let is_asked = page.origin != case.origin && !site.question.is_websocket_only && !moves;
        // Where nginx asks itself, the answer comes through several hands.
        let polled = case
            .polled_from(&page.origin)
            .filter(|_| is_asked && case.inner.is_none())?;
        let is_known = |walk: &Walk<'_>| {
            let mut steps = walk.steps.iter();
            let decided = !steps.any(|step| matches!(step, Step::Unknown(_)));
            walk.proxied().is_some() && decided && !walk.has_other_headers()
        };
        Some(Self {
            case,
            page: page.origin.clone(),
            walks: polled.into_iter().filter(is_known).collect(),
        })
    }

    /// Of a page that nginx names, whatever else is known of it: it gives leave to nobody of its own origin.
    pub(super) fn named(site: &Site<'s>) -> Option<Self> {
        let case = site.case.filter(|case| case.inner.is_none())?;
        let added = case.walks.as_ref()?.handshake.added(ALLOW_ORIGIN);
        let named = added.iter().filter_map(|added| added.value.known());
        let mut pages = named.filter_map(|value| value.parse::<Url>().ok());
        let page = pages.find(|page| page.origin != case.origin)?.origin;
        let polled = case.polled_from(&page)?.into_iter();
        let walks = polled.filter(|walk| walk.proxied().is_some() && !walk.has_other_headers());
        Some(Self {
            case,
            walks: walks.collect(),
            page,
        })
    }
}

/// Whether nginx sends a header with this value.
pub(super) fn is_sent(value: &Value) -> bool {
    value.known().is_some_and(|value| !value.is_empty())
}

/// `CORS_ORIGIN`, `ALLOWED_ORIGINS`, `CLIENT_ORIGIN`, `SOCKET_CORS_ALLOW_ORIGIN`, …
pub(super) fn is_about_origins(setting: &Setting) -> bool {
    const WHOSE: [&str; 6] = ["CORS", "ALLOWED", "ALLOW", "CLIENT", "FRONTEND", "SOCKET"];
    let has = |words: &[&str]| words.iter().any(|word| setting.is_named(word));
    has(&["ORIGIN", "ORIGINS"]) && has(&WHOSE)
}
