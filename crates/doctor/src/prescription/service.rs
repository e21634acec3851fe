//! For a process manager: the files that ship, with the paths and times of this deployment.

use std::time::Duration;

use super::Word;

const UNIT: &str = include_str!("../../../../config/systemd/atalaya.service");
const ECOSYSTEM: &str = include_str!("../../../../config/pm2/ecosystem.config.js");

/// How the server is run.
#[derive(Clone, Debug)]
pub struct Service {
    pub binary: Word,
    /// Who runs it, and whose group; systemd's own business alone.
    pub user: Word,
    /// The working directory.
    pub home: Word,
    /// The folder of PM2's log files.
    pub logs: Word,
    /// How long a stop may take before the server cuts what is left.
    pub shutdown_grace: Duration,
}

/// A hardened unit.
pub fn systemd(service: &Service) -> String {
    let stop = service.shutdown_grace.as_secs_f64().ceil() + 10.0;
    let changes = [
        ("/usr/local/bin/atalaya", service.binary.to_string()),
        ("User=atalaya", format!("User={}", service.user)),
        ("Group=atalaya", format!("Group={}", service.user)),
        ("TimeoutStopSec=20s", format!("TimeoutStopSec={stop}s")),
        ("up to 10 s", in_words(service)),
        (
            "adduser --system --group --no-create-home --home /var/lib/atalaya atalaya",
            format!(
                "adduser --system --group --no-create-home --home /var/lib/atalaya {}",
                service.user
            ),
        ),
    ];
    changed(UNIT, &changes)
}

/// PM2's file: one process, in production mode, with its log kept.
pub fn pm2(service: &Service) -> String {
    let kill = (service.shutdown_grace.as_secs_f64().ceil() + 5.0) * 1000.0;
    let changes = [
        ("\"/usr/local/bin/atalaya\"", quoted(&service.binary)),
        ("\"/var/lib/atalaya\"", quoted(&service.home)),
        ("\"/var/log/atalaya\"", quoted(&service.logs)),
        ("kill_timeout: 15000", format!("kill_timeout: {kill}")),
        ("up to 10 s", in_words(service)),
    ];
    changed(ECOSYSTEM, &changes)
}

fn in_words(service: &Service) -> String {
    format!("up to {} s", service.shutdown_grace.as_secs_f64())
}

/// A word has nothing in it that would have to be escaped.
fn quoted(word: &Word) -> String {
    format!("\"{word}\"")
}

fn changed(text: &str, changes: &[(&str, String)]) -> String {
    changes
        .iter()
        .fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_is_asked_for_is_changed() {
        let word = |text: &str| text.parse::<Word>().unwrap();
        let service = Service {
            binary: word("/opt/atalaya/bin/atalaya"),
            user: word("alerts"),
            home: word("/srv/alerts"),
            logs: word("/srv/logs"),
            shutdown_grace: Duration::from_secs(30),
        };
        let unit = systemd(&service);
        for line in [
            "ExecStart=/opt/atalaya/bin/atalaya serve",
            "User=alerts",
            "Group=alerts",
            "TimeoutStopSec=40s",
        ] {
            assert!(
                unit.lines().any(|found| found == line),
                "{line} is not in {unit}"
            );
        }
        let file = pm2(&service);
        for part in [
            "|| \"/opt/atalaya/bin/atalaya\"",
            "|| \"/srv/alerts\"",
            "|| \"/srv/logs\"",
            "kill_timeout: 35000,",
        ] {
            assert!(file.contains(part), "{part} is not in {file}");
        }
        assert!(unit.contains("up to 30 s") && file.contains("up to 30 s"));
    }
}
