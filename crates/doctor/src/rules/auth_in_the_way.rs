//! nginx asks for a password, or another service, before Socket.IO is reached.

use super::{Check, Rule, Title, each_proxied};
use crate::{
    case::Case,
    edit,
    finding::{Finding, Severity},
    language::Text,
    nginx::{Landing, Proxied, Walk, listen::is_loopback, tree::Directive},
};

pub(super) const RULE: Rule = Rule {
    id: "auth-in-the-way",
    title: Title {
        english: "A password before Socket.IO.",
        spanish: "Una contraseña delante de Socket.IO.",
    },
    checks: &[Check::Way(|case| each_proxied(case, judge))],
};

fn judge(case: &Case<'_>, walk: &Walk<'_>, _: &Proxied<'_>) -> Option<Finding> {
    let rules = match walk.scope().arg("satisfy") {
        Some("any") => super::address_denied::rules(walk),
        _ => Vec::new(),
    };
    let everybody = rules.iter().find(|rule| rule.has_arg("all"));
    if everybody.is_some_and(|rule| rule.is("allow")) {
        return None;
    }
    let mut finding = password(case, walk).or_else(|| asked(case, walk))?;
    // Whoever has such an address is asked for nothing more.
    let lets_in =
        |rule: &&Directive| rule.is("allow") && rule.arg(0).is_some_and(|a| !is_loopback(a));
    if rules.iter().any(lets_in) {
        finding.severity = Severity::Hint;
    }
    Some(finding)
}

fn password(case: &Case<'_>, walk: &Walk<'_>) -> Option<Finding> {
    let basic = walk.scope().one("auth_basic")?;
    let realm = walk.evaluate(basic.arg(0)?);
    let on = realm.known().is_some_and(|realm| realm != "off");
    // Without a file of users the module lets everybody in.
    if !on || walk.scope().one("auth_basic_user_file").is_none() {
        return None;
    }
    let inherited = walk.location().is_some_and(|location| {
        !location
            .children()
            .iter()
            .any(|child| std::ptr::eq(child, basic))
    });
    let path = &case.question.path;
    let from = if inherited {
        say!(", which its location inherits", ", que su location hereda")
    } else {
        Text::default()
    };
    let finding = case.finding(
        RULE.id,
        Severity::Error,
        basic.pos,
        say!(
            "A password is asked for {path}{from}.",
            "Se pide una contraseña para {path}{from}.";
            from = from
        ),
        say!(
            "The client gets 401. Only a page that was itself opened with that password may pass it on, and not in \
             every browser for a websocket.",
            "El cliente recibe 401. Solo una página abierta con esa contraseña puede transmitirla, y no en todos \
             los navegadores para un websocket."
        ),
    );
    let advice = say!(
        "Switch it off for {path}, where the token of the handshake authenticates.",
        "Desactívela para {path}, donde autentica el token del handshake."
    );
    let location = walk.location().filter(|_| inherited);
    Some(
        match location.and_then(|location| location.children().first()) {
            Some(first) => {
                let edits = vec![edit::before(case.config, first, &["auth_basic off;"])];
                finding.mend(advice, false, edits)
            }
            None => finding.advise(advice),
        },
    )
}

/// A subrequest whose answer is known without asking: it is refused, or there is nothing to ask.
fn asked(case: &Case<'_>, walk: &Walk<'_>) -> Option<Finding> {
    let request: &Directive = walk.scope().one("auth_request")?;
    let uri = request.arg(0).filter(|uri| *uri != "off")?;
    let asked = walk.subrequest(uri);
    let status = match asked.landing {
        Landing::Answer { status, .. } | Landing::Static { status, .. } => status,
        Landing::Proxied(_) | Landing::Handler(_) => return None,
        Landing::Cycle => 500,
    };
    if (200..300).contains(&status) {
        return None;
    }
    let seen = if matches!(status, 401 | 403) {
        status
    } else {
        500
    };
    let path = &case.question.path;
    let finding = case.finding(
        RULE.id,
        Severity::Error,
        request.pos,
        say!(
            "{path} is allowed only if {uri} answers 2xx, and it answers {status}.",
            "{path} se permite solo si {uri} responde 2xx, y responde {status}."
        ),
        say!("The client gets {seen}.", "El cliente recibe {seen}."),
    );
    Some(finding.advise(say!(
        "Set `auth_request off;` for {path}, or correct what {uri} leads to.",
        "Ponga `auth_request off;` para {path}, o corrija adónde lleva {uri}."
    )))
}
