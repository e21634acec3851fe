//! The handshake is answered with a redirect although the page is not, or the site redirects to itself.

use super::{Check, Rule, Title, one};
use crate::{
    case::{Case, redirect},
    edit,
    finding::{Finding, Severity},
    language::Text,
    nginx::{Landing, request::Origin, tree::Directive},
};

pub(super) const RULE: Rule = Rule {
    id: "redirected",
    title: Title {
        english: "The handshake gets a redirect.",
        spanish: "El handshake recibe una redirección.",
    },
    checks: &[Check::Route(|case| one(judge(case)))],
};

fn effect() -> Text {
    say!(
        "The client gets a redirect in place of its session. A websocket does not follow one, a POST becomes a GET, \
         and another origin is refused for want of CORS headers.",
        "El cliente recibe una redirección en lugar de su sesión. Un websocket no la sigue, un POST se vuelve GET, \
         y otro origen se rechaza por falta de cabeceras CORS."
    )
}

fn judge(case: &Case<'_>) -> Option<Finding> {
    if let Some(by) = case.circle {
        if let Some(sender) = astray(case) {
            return Some(asks_itself(case, sender, by, &case.origin));
        }
        let finding = case.finding(
            RULE.id,
            Severity::Error,
            by.pos,
            say!(
                "{origin} is redirected to itself without end.",
                "{origin} se redirige a sí mismo sin fin.",
                origin = case.origin
            ),
            say!(
                "Browsers say ERR_TOO_MANY_REDIRECTS; clients never get a session.",
                "Los navegadores dicen ERR_TOO_MANY_REDIRECTS; los clientes nunca reciben una sesión."
            ),
        );
        let advice = say!(
            "Redirect only what came without TLS: if a proxy in front ends TLS, look at $http_x_forwarded_proto.",
            "Redirija solo lo que llegó sin TLS: si un proxy de delante termina el TLS, mire \
             $http_x_forwarded_proto."
        );
        return Some(finding.advise(advice));
    }
    let walks = case.walks.as_ref()?;
    let (origin, by) = redirect(&walks.handshake, &case.origin)?;
    let Landing::Answer { status, .. } = walks.handshake.landing else {
        return None;
    };
    if let Some(sender) = astray(case) {
        return Some(asks_itself(case, sender, by, &origin));
    }
    let path = &case.question.path;
    let finding = case.finding(
        RULE.id,
        Severity::Error,
        by.pos,
        say!(
            "{path} is answered with a redirect ({status}) to {origin} here.",
            "Aquí se responde a {path} con una redirección ({status}) a {origin}."
        ),
        effect(),
    );
    let advice = say!(
        "Take {path} out of the redirect: give it a location of its own that is proxied.",
        "Saque {path} de la redirección: dele una location propia que lleve al back end."
    );
    // In a location of its own a redirect may be all there is.
    let mut whole = walks.handshake.server().directive.children().iter();
    let whole = whole.find(|child| {
        let is_condition = child.is("if") && child.first("return").is_some();
        std::ptr::eq(*child, by)
            || is_condition && child.children().iter().any(|it| std::ptr::eq(it, by))
    });
    let without = whole.map(|whole| edit::remove(case.config, whole));
    Some(
        finding
            .advise(advice)
            .supposing(without.into_iter().collect()),
    )
}

/// Who sends the requests here, where nobody leads them to a back end: a redirect is all that is wanted of this block.
fn astray<'c>(case: &Case<'c>) -> Option<&'c Directive> {
    let block = case.walks.as_ref()?.handshake.server().directive;
    case.sender.filter(|_| !passes(block))
}

fn passes(block: &Directive) -> bool {
    let mut children = block.children().iter();
    children.any(|child| child.is("proxy_pass") || passes(child))
}

fn asks_itself(case: &Case<'_>, sender: &Directive, by: &Directive, to: &Origin) -> Finding {
    let at = case.at(by);
    let finding = case.finding(
        RULE.id,
        Severity::Error,
        sender.pos,
        say!(
            "This asks nginx itself, at port {port}, where {at} redirects to {to}.",
            "Esto pregunta al propio nginx, en el puerto {port}, donde {at} redirige a {to}.",
            port = case.arriving.port
        ),
        effect(),
    );
    finding.advise(say!(
        "Send it to the back end's own address; without a port, that is port 80.",
        "Envíelo a la dirección del propio back end; sin puerto, es el 80."
    ))
}
