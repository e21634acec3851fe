//! The process manager ends the server again and again: by a limit that no server keeps, or by the clock.

use super::{
    Check, Rule, Site, Title,
    back_end::{Standing, standings},
};
use crate::{
    finding::{Finding, Severity},
    language::Text,
    nginx::units,
    process::{App, Processes},
    setting::Setting,
};

pub(super) const RULE: Rule = Rule {
    id: "restart-loop",
    title: Title {
        english: "The process manager ends the server again and again.",
        spanish: "El gestor de procesos termina el servidor una y otra vez.",
    },
    checks: &[Check::Processes(check)],
};

/// What PM2 sees of the smallest program of Node.js is more.
const LEAST_SEEN: u64 = 32 << 20;

/// With less it does not come up, even where its program's own pages are not counted.
const LEAST_OWN: u64 = 16 << 20;

/// Whoever ends a server this often hardly knows that it cuts connections.
const OFTEN: u64 = 15;

fn check(processes: &Processes, site: &Site<'_>) -> Vec<Finding> {
    let judged = standings(processes, site).into_iter();
    let judged = judged.filter(|(app, _)| !app.is_launcher);
    judged
        .flat_map(|(app, standing)| {
            let ends = app.ends.iter();
            ends.filter_map(move |set| {
                let ended = ended(app, set)?;
                let severity = match (ended.is_cut, standing) {
                    (false, _) => standing.error(),
                    (true, Standing::BackEnd) => Severity::Warning,
                    // A job is rightly started by the clock.
                    (true, _) => Severity::Hint,
                };
                Some(tell(set, severity, ended))
            })
        })
        .collect()
}

/// How a setting ends a server.
struct Ended {
    message: Text,
    advice: Text,
    /// It serves in between.
    is_cut: bool,
}

fn ended(app: &App, set: &Setting) -> Option<Ended> {
    let value = set.value.as_str();
    match set.name.as_deref()? {
        "max_memory_restart" => memory(app, value, LEAST_SEEN),
        "MemoryMax" => memory(app, value, LEAST_OWN),
        "cron_restart" => by_the_clock(app, minutes_of_cron(value)?),
        "RuntimeMaxSec" => by_the_clock(app, seconds(value)?.div_ceil(60)),
        "Type" => in_the_foreground(app, value),
        _ => None,
    }
}

fn tell(set: &Setting, severity: Severity, ended: Ended) -> Finding {
    let effect = match ended.is_cut {
        true => say!(
            "All connections are cut at once, each time; clients reconnect together, or get 502 meanwhile.",
            "Se cortan todas las conexiones a la vez, cada vez; los clientes se reconectan juntos, o reciben 502 \
             mientras tanto."
        ),
        false => say!(
            "No connection lasts: clients get 502, or are cut off as soon as they are in.",
            "Ninguna conexión dura: los clientes reciben 502, o se les corta en cuanto entran."
        ),
    };
    let finding = Finding::new(RULE.id, severity, set.place.clone(), ended.message, effect);
    finding.advise(ended.advice)
}

/// Only what an engine for JavaScript needs is known.
fn memory(app: &App, value: &str, least: u64) -> Option<Ended> {
    // PM2, systemd and nginx write sizes alike.
    let limit = units::size(value)?;
    let is_less = limit < least && app.has_engine();
    is_less.then(|| Ended {
        message: say!(
            "{name} may use {value} of memory, and a program of Node.js uses more as soon as it runs.",
            "{name} puede usar {value} de memoria, y un programa de Node.js usa más en cuanto corre.",
            name = app.name
        ),
        advice: say!(
            "Give it what it needs, such as 512M; mind the unit behind the number.",
            "Dele lo que necesita, por ejemplo 512M; fíjese en la unidad tras el número."
        ),
        is_cut: false,
    })
}

fn by_the_clock(app: &App, minutes: u64) -> Option<Ended> {
    let is_once = |set: &Setting| set.name.as_deref() == Some("Type") && set.value == "oneshot";
    let is_often = minutes <= OFTEN && !app.ends.iter().any(is_once);
    is_often.then(|| Ended {
        message: say!(
            "{name} is ended every {minutes} min, though it runs well.",
            "{name} se termina cada {minutes} min, aunque corra bien.",
            name = app.name
        ),
        advice: say!(
            "Leave it running; what it has to do at times does not need a new start.",
            "Déjelo correr; lo que deba hacer cada cierto tiempo no necesita un nuevo arranque."
        ),
        is_cut: true,
    })
}

/// systemd waits for the program to go into the background, and ends it when that has taken too long.
fn in_the_foreground(app: &App, value: &str) -> Option<Ended> {
    // A script of a package may send it there.
    let words = ["daemon", "forever", "pm2", "npm", "npx", "yarn", "bun", "&"];
    let goes_away = |word: &Setting| words.iter().any(|name| word.value.contains(name));
    let is_server = app.has_engine() || app.is_atalaya();
    let stays = is_server && !app.command.iter().any(goes_away);
    (value == "forking" && stays).then(|| Ended {
        message: say!(
            "With Type=forking systemd waits for {name} to go into the background, which it does not do, and ends it \
             after TimeoutStartSec.",
            "Con Type=forking systemd espera a que {name} pase a segundo plano, cosa que no hace, y lo termina tras \
             TimeoutStartSec.",
            name = app.name
        ),
        advice: say!(
            "Say Type=simple, or nothing.",
            "Ponga Type=simple, o nada."
        ),
        is_cut: false,
    })
}

/// How often, if it is every few minutes of every hour.
fn minutes_of_cron(value: &str) -> Option<u64> {
    let fields: Vec<&str> = value.split_whitespace().collect();
    let [minute, rest @ ..] = fields.as_slice() else {
        return None;
    };
    let is_always = rest.len() == 4 && rest.iter().all(|field| *field == "*");
    let minutes = match minute.strip_prefix('*')? {
        "" => 1,
        every => every.strip_prefix('/')?.parse().ok()?,
    };
    (is_always && minutes > 0).then_some(minutes)
}

/// A span of time with one unit.
fn seconds(value: &str) -> Option<u64> {
    let number = value.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == ' ');
    let unit = match value[number.len()..].trim() {
        "" | "s" | "sec" | "second" | "seconds" => 1,
        "m" | "min" | "minute" | "minutes" => 60,
        "h" | "hr" | "hour" | "hours" => 3600,
        _ => return None,
    };
    let seconds = number.parse::<u64>().ok()?.checked_mul(unit)?;
    // 0 would end it before it starts, and is more likely meant to be no limit.
    (seconds > 0).then_some(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_and_times_have_units() {
        assert_eq!(units::size("512K"), Some(512 << 10));
        assert_eq!(units::size("1G"), Some(1 << 30));
        assert_eq!(units::size("512"), Some(512));
        assert_eq!((units::size("80%"), units::size("infinity")), (None, None));
        assert_eq!(seconds("5min"), Some(300));
        assert_eq!(seconds("90"), Some(90));
        assert_eq!((seconds("infinity"), seconds("0")), (None, None));
    }

    #[test]
    fn only_a_few_minutes_are_often() {
        assert_eq!(minutes_of_cron("*/5 * * * *"), Some(5));
        assert_eq!(minutes_of_cron("* * * * *"), Some(1));
        assert_eq!(minutes_of_cron("0 3 * * *"), None);
        assert_eq!(minutes_of_cron("*/5 3 * * *"), None);
    }
}
