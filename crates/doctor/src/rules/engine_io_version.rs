//! The server speaks another version of the protocol.

use super::{Check, Rule, Title, one};
use crate::{
    finding::{Finding, Severity},
    live::Live,
    probe::{
        Step, Which,
        sign::{Sign, code},
    },
};

pub(super) const RULE: Rule = Rule {
    id: "engine-io-version",
    title: Title {
        english: "The server speaks another version of Engine.IO.",
        spanish: "El servidor habla otra versión de Engine.IO.",
    },
    checks: &[Check::Live(|live| one(judge(live)))],
};

fn judge(live: &Live<'_>) -> Option<Finding> {
    let which = [Which::Direct, Which::Proxied];
    let mut signs = which
        .iter()
        .filter_map(|which| live.sign(*which, Step::Polling));
    let refuses = |sign: &&Sign| matches!(sign, Sign::EngineIo(code::OTHER_VERSION, _));
    // Only the first that was asked: what a proxy makes of the query is another matter.
    signs.next().filter(refuses)?;
    let finding = Finding::new(
        RULE.id,
        Severity::Error,
        None,
        say!(
            "The server does not speak Engine.IO 4, the protocol of socket.io-client 3 and 4.",
            "El servidor no habla Engine.IO 4, el protocolo de socket.io-client 3 y 4."
        ),
        say!(
            "The client hears \"Unsupported protocol version\", code 5.",
            "El cliente recibe \"Unsupported protocol version\", código 5."
        ),
    );
    Some(finding.advise(say!(
        "Take a server of version 3 or later, or set `allowEIO3: true` there and a client of version 2.",
        "Use un servidor de la versión 3 o posterior, o ponga allí `allowEIO3: true` y un cliente de la versión 2."
    )))
}
