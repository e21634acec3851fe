//! nginx takes something off the request that Socket.IO needs: its headers, its body, its method, or the key of
//! the websocket.

use super::{Check, Rule};
use crate::{
    case::Case,
    edit,
    finding::{Finding, Severity},
    nginx::{Walk, tree::Directive},
};

pub(super) const RULE: Rule = Rule {
    id: "request-stripped",
    check: Check::Way(check),
};

fn check(case: &Case<'_>) -> Vec<Finding> {
    let judged = case.proxied().into_iter();
    let stripped = judged.flat_map(|(walk, _)| stripping(walk));
    stripped
        .map(|(directive, what)| tell(case, directive, &what))
        .collect()
}

fn stripping<'c>(walk: &Walk<'c>) -> impl Iterator<Item = (&'c Directive, String)> {
    let scope = walk.scope();
    let off = |name| scope.one(name).filter(|switch| switch.has_arg("off"));
    let headers = off("proxy_pass_request_headers")
        .map(|by| (by, "its headers, the websocket's key among them".to_owned()));
    let body =
        off("proxy_pass_request_body").map(|by| (by, "its body, which is the message".to_owned()));
    let body = body.or(scope
        .one("proxy_set_body")
        .map(|by| (by, "its body, which is the message".to_owned())));
    let body = body.or_else(|| length(walk));
    let method = scope.one("proxy_method").filter(|by| {
        let method = by.arg(0).map(|method| walk.evaluate(method));
        method.is_some_and(|method| {
            method
                .known()
                .is_some_and(|method| !method.eq_ignore_ascii_case(walk.request().method))
        })
    });
    let method = method.map(|by| (by, "its method".to_owned()));
    let key = walk.proxied().and_then(|proxied| {
        let names = ["sec-websocket-key", "sec-websocket-version"];
        let header = names.iter().find_map(|name| proxied.header(name))?;
        Some((header.by?, format!("its {}", header.name)))
    });
    [headers, body, method, key].into_iter().flatten()
}

/// nginx sends a body with the length that it is told, and none at all where the length is empty.
fn length<'c>(walk: &Walk<'c>) -> Option<(&'c Directive, String)> {
    let posts = walk.request().method == "POST";
    let header = walk.proxied()?.header("content-length")?;
    let by = header.by.filter(|_| posts)?;
    Some((
        by,
        "the length of its body, so without the message".to_owned(),
    ))
}

fn tell(case: &Case<'_>, directive: &Directive, what: &str) -> Finding {
    let finding = case.finding(
        RULE.id,
        Severity::Error,
        directive.pos,
        format!("The request reaches the back end without {what}."),
        "The client gets 400, or its messages never arrive.",
    );
    let edits = vec![edit::remove(case.config, directive)];
    finding.mend(
        "Take this line away where Socket.IO is proxied.",
        false,
        edits,
    )
}
