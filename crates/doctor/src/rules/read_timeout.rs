//! nginx gives up a silent connection sooner than the server's heartbeat breaks the silence.

use std::time::Duration;

use super::{Check, Rule, Title, each_proxied};
use crate::{
    case::Case,
    edit,
    finding::{Finding, Severity},
    nginx::{Proxied, Walk, tree::Directive, units},
};

pub(super) const RULE: Rule = Rule {
    id: "read-timeout",
    title: Title {
        english: "nginx is less patient than the heartbeat.",
        spanish: "nginx tiene menos paciencia que el latido.",
    },
    checks: &[
        Check::Way(|case| each_proxied(case, judge)),
        Check::Way(of_front),
    ],
};

/// nginx's own, where none is set.
const DEFAULT: Duration = Duration::from_secs(60);

fn judge(case: &Case<'_>, walk: &Walk<'_>, proxied: &Proxied<'_>) -> Option<Finding> {
    let set = walk.scope().one("proxy_read_timeout");
    let timeout = match set {
        Some(set) => units::time(&words(set))?,
        None => DEFAULT,
    };
    let place = set.unwrap_or(proxied.pass);
    tell(case, timeout, set, place, "proxy_read_timeout")
}

/// What hands connections on unseen gives up silent ones too.
fn of_front(case: &Case<'_>) -> Vec<Finding> {
    let told = case.front.and_then(|front| {
        let set = front.timeout()?;
        let timeout = units::time(&words(set))?;
        tell(case, timeout, Some(set), set, "proxy_timeout")
    });
    told.into_iter().collect()
}

fn tell(
    case: &Case<'_>,
    timeout: Duration,
    set: Option<&Directive>,
    place: &Directive,
    name: &str,
) -> Option<Finding> {
    let heartbeat = case.question.heartbeat();
    let whole = heartbeat.interval + heartbeat.timeout;
    if timeout >= whole {
        return None;
    }
    // A ping goes out every interval and ends the silence, so only a shorter time cuts a connection that is well.
    let cuts = timeout <= heartbeat.interval;
    let seconds = timeout.as_secs_f64();
    let finding = case.finding(
        RULE.id,
        if cuts { Severity::Error } else { Severity::Hint },
        place.pos,
        say!(
            "nginx waits {seconds} s for the back end, and a ping comes only every {interval} s.",
            "nginx espera al back end {seconds} s, y solo llega un ping cada {interval} s.",
            interval = heartbeat.interval.as_secs_f64()
        ),
        if cuts {
            say!(
                "A long poll gets 504 after {seconds} s, and a quiet websocket is cut: clients reconnect again and \
                 again.",
                "Un long poll recibe 504 a los {seconds} s, y un websocket callado se corta: los clientes se \
                 reconectan una y otra vez."
            )
        } else {
            say!(
                "Nothing breaks while pings come in time; a server that stalls for a moment loses its clients.",
                "No se rompe nada mientras los pings lleguen a tiempo; un servidor que se atasca un momento pierde \
                 a sus clientes."
            )
        },
    );
    let longer = format!("{}s", (whole.as_secs() * 2).max(120));
    let edit = edit::give(case.config, set, place, name, &longer);
    Some(finding.mend(
        say!(
            "Wait longer than {whole} s.",
            "Espere más de {whole} s.",
            whole = whole.as_secs()
        ),
        true,
        vec![edit],
    ))
}

fn words(directive: &Directive) -> String {
    let words: Vec<&str> = directive
        .args
        .iter()
        .map(|word| word.text.as_str())
        .collect();
    words.join(" ")
}
