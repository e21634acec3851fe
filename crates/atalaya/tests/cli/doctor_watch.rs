//! `atalaya doctor --watch`: what changes is told, and the last verdict is the exit code.

use std::{
    fs,
    io::{BufRead, BufReader},
    process::{Child, ChildStdout, Command, Stdio},
};

use serde_json::Value;

use crate::place::Place;

const HEALTHY: &str = r#"
server {
    listen 80;
    server_name apps.example.com;
    location /socket.io/ {
        proxy_pass http://127.0.0.1:3001;
        proxy_http_version 1.1;
        proxy_set_header Host $http_host;
        proxy_set_header X-Forwarded-For $remote_addr;
        proxy_set_header X-Forwarded-Proto $scheme;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection "upgrade";
    }
}
"#;

/// A watch that runs. Killed when dropped.
struct Watching {
    child: Child,
    stdout: BufReader<ChildStdout>,
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

impl Watching {
    /// Rounds of one second.
    fn start(place: &Place, more: &[&str]) -> Self {
        let mut command = place.command(&["doctor", "--root", "tree", "--watch", "1"]);
        let mut child = command.args(more).stdout(Stdio::piped()).spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        Self { child, stdout }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.stdout.read_line(&mut line).unwrap();
        assert!(!line.is_empty(), "it ended: {:?}", self.child.wait());
        line
    }

    /// The next line with this in it.
    fn line_with(&mut self, text: &str) -> String {
        loop {
            let line = self.line();
            if line.contains(text) {
                return line;
            }
        }
    }

    fn round(&mut self) -> Value {
        serde_json::from_str(&self.line()).unwrap()
    }

    /// Rounds until one has these rules.
    fn round_with(&mut self, rules: &[&str]) -> Value {
        loop {
            let round = self.round();
            if self::rules(&round) == rules {
                return round;
            }
        }
    }

    /// Ctrl-C; the exit code, and what was printed besides.
    fn stop(&mut self) -> (Option<i32>, String) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args(["-INT", &pid]).status().unwrap();
        assert!(sent.success());
        let rest = std::io::read_to_string(&mut self.stdout).unwrap();
        (self.child.wait().unwrap().code(), rest)
    }
}

fn rules(round: &Value) -> Vec<&str> {
    let findings = round["findings"].as_array().unwrap().iter();
    findings.map(|it| it["rule"].as_str().unwrap()).collect()
}

/// A copy of somebody's files, with this site in it.
fn files() -> Place {
    let place = Place::new();
    fs::create_dir_all(place.path("tree/etc/nginx")).unwrap();
    place.write(
        "tree/etc/nginx/nginx.conf",
        "events {}\nhttp { include site.conf; }\n",
    );
    place.write("tree/etc/nginx/site.conf", HEALTHY);
    place
}

#[test]
fn what_changes_in_the_files_is_told_and_then_what_is_gone() {
    let place = files();
    let mut watch = Watching::start(&place, &["--offline"]);
    let first = watch.line();
    assert!(first.ends_with("  healthy: 0 faults, 0 hints\n"), "{first}");
    let time = first.split("  ").next().unwrap();
    assert_eq!(time.len(), "14:03:22".len(), "{first}");

    let broken = HEALTHY.replace("$http_upgrade", "websocket");
    place.write("tree/etc/nginx/site.conf", &broken);
    let next = watch.line();
    assert!(next.ends_with("  faulty: 1 fault, 0 hints\n"), "{next}");
    watch.line_with("error[forced-upgrade]");

    place.write("tree/etc/nginx/site.conf", HEALTHY);
    watch.line_with("  healthy: 0 faults, 0 hints\n");
    let gone = watch.line();
    let expected = "gone: forced-upgrade: /etc/nginx/site.conf:11: ";
    assert!(gone.starts_with(expected), "{gone}");
    assert_eq!(watch.stop(), (Some(0), String::new()));
}

#[test]
fn a_file_that_disappears_is_a_finding_and_not_the_end() {
    let place = files();
    let mut watch = Watching::start(&place, &["--offline", "--format", "json"]);
    let first = watch.round();
    assert_eq!(first["verdict"], "healthy");
    assert!(first["at"].as_str().unwrap().contains('T'), "{first}");
    let main = place.path("tree/etc/nginx/nginx.conf");
    let aside = place.path("aside");
    fs::rename(&main, &aside).unwrap();
    let round = watch.round_with(&["include-missing"]);
    assert_eq!(round["verdict"], "faulty");
    fs::rename(&aside, &main).unwrap();
    let round = watch.round_with(&[]);
    assert_eq!(round["verdict"], "healthy");
    // What it includes, too.
    fs::remove_file(place.path("tree/etc/nginx/site.conf")).unwrap();
    watch.round_with(&["include-missing"]);
    assert_eq!(watch.stop().0, Some(1));
}

#[test]
fn a_server_that_goes_is_told_and_the_row_is_looked_for_in_each_round() {
    let place = Place::new();
    let server = place.serve(&[]);
    fs::create_dir_all(place.path("tree")).unwrap();
    let token = place.run(&["token", "--user", "admin"]).stdout;
    let database = format!("sqlite://{}", place.path("data/atalaya.db").display());
    let url = server.url();
    let mut watch = Watching::start(
        &place,
        &[
            "--direct",
            &url,
            "--token",
            token.trim(),
            "--database",
            &database,
            "--format",
            "json",
        ],
    );
    for _ in 0..2 {
        let round = watch.round();
        assert_eq!(round["verdict"], "healthy", "{round}");
        let steps = round["probes"].as_array().unwrap().iter();
        let rows = steps.filter(|it| it["step"].as_str().unwrap().starts_with("direct row"));
        assert_eq!(rows.filter(|row| row["ok"] == true).count(), 2, "{round}");
    }
    server.stop();
    let round = watch.round_with(&["back-end-down"]);
    assert_eq!(round["verdict"], "faulty");
    assert_eq!(watch.stop().0, Some(1));
}

#[test]
fn what_cannot_be_watched_is_refused() {
    let place = files();
    let mistakes: [(&[&str], &str); 4] = [
        (&["--fix"], "cannot be used with"),
        (&["--format", "sarif"], "--watch shows text or JSON"),
        (&["--nginx", "/etc/nginx/other.conf"], "other.conf"),
        (&["--watch", "0"], "cannot be used multiple times"),
    ];
    for (more, words) in mistakes {
        let mut arguments = vec!["doctor", "--root", "tree", "--offline", "--watch", "1"];
        arguments.extend(more);
        let outcome = place.run(&arguments);
        assert_eq!(outcome.code, Some(2), "{}", outcome.shown());
        assert!(outcome.stderr.contains(words), "{}", outcome.shown());
    }
}
