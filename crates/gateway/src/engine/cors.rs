//! What a browser is told about pages of other origins. A page that is not allowed gets no header, and its
//! browser keeps the answer from it; the connection itself is refused at CONNECT.

use http::{HeaderMap, HeaderName, HeaderValue, Response, header};

use super::{ResponseBody, answer};
use crate::Origins;

/// How long a browser may remember the answer to its preflight.
const PREFLIGHT_SECONDS: HeaderValue = HeaderValue::from_static("600");

/// The headers for the page that sent a request.
pub(super) struct Cors {
    allowed: Option<HeaderValue>,
    requested_headers: Option<HeaderValue>,
    is_listed: bool,
}

impl Cors {
    pub(super) fn new(origins: &Origins, request: &HeaderMap) -> Self {
        let origin = request.get(header::ORIGIN);
        let is_listed = matches!(origins, Origins::List(_));
        let allowed = origin
            .filter(|_| origins.allow(request))
            .map(|origin| match is_listed {
                true => origin.clone(),
                // Cookies play no part, so that any page may ask without them.
                false => HeaderValue::from_static("*"),
            });
        Self {
            allowed,
            requested_headers: request.get(header::ACCESS_CONTROL_REQUEST_HEADERS).cloned(),
            is_listed,
        }
    }

    /// Adds the headers to an answer.
    pub(super) fn apply(self, response: &mut Response<ResponseBody>) {
        let headers = response.headers_mut();
        if self.is_listed {
            headers.append(header::VARY, HeaderValue::from_static("Origin"));
        }
        let Some(allowed) = self.allowed else { return };
        if self.is_listed {
            let yes = HeaderValue::from_static("true");
            headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, yes);
        }
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, allowed);
    }

    /// Answers a browser that asks before it sends.
    pub(super) fn preflight(mut self) -> Response<ResponseBody> {
        let mut response = answer::no_content();
        if self.allowed.is_some() {
            let mut set = |name: HeaderName, value| response.headers_mut().insert(name, value);
            let methods = HeaderValue::from_static("GET, POST");
            set(header::ACCESS_CONTROL_ALLOW_METHODS, methods);
            set(header::ACCESS_CONTROL_MAX_AGE, PREFLIGHT_SECONDS);
            if let Some(requested) = self.requested_headers.take() {
                set(header::ACCESS_CONTROL_ALLOW_HEADERS, requested);
            }
        }
        self.apply(&mut response);
        response
    }
}
