//! What the doctor writes itself: it finds nothing there, and the programs take it.

#![allow(clippy::unwrap_used, reason = "a failure in a helper is a failed test")]

use std::{
    fs,
    path::Path,
    process::{Command, Output},
    time::Duration,
};

use atalaya_doctor::{
    Verdict, diagnose,
    prescription::{Deployment, Pages, Service, Tls, caddy, haproxy, nginx, pm2, systemd},
    question::{Heartbeat, Known, Question},
    root::Root,
};
use tempfile::TempDir;

/// Every combination of one or several nodes, TLS or none, pages of the server or of a folder, usual or odd settings.
fn deployments(dir: &Path) -> Vec<Deployment> {
    certificate(dir);
    let word = |path: &Path| path.to_str().unwrap().parse().unwrap();
    let tls = Tls {
        certificate: word(&dir.join("site.pem")),
        key: word(&dir.join("site.key")),
    };
    let usual = Deployment {
        names: vec!["apps.example.com".parse().unwrap()],
        tls: None,
        nodes: vec!["127.0.0.1:3001".parse().unwrap()],
        pages: Pages::Proxied,
        socket_path: "/socket.io/".to_owned(),
        heartbeat: Heartbeat::default(),
        max_payload: 1_000_000,
    };
    let mut all = vec![usual.clone()];
    all.push(Deployment {
        names: vec![
            "www.example.com".parse().unwrap(),
            "apps.example.com".parse().unwrap(),
        ],
        nodes: vec![
            "127.0.0.1:3001".parse().unwrap(),
            "[::1]:3002".parse().unwrap(),
        ],
        socket_path: "/live/".to_owned(),
        heartbeat: Heartbeat {
            interval: Duration::from_secs(300),
            timeout: Duration::from_millis(20_500),
        },
        max_payload: 40_000_000,
        ..usual
    });
    let with_tls = all.clone().into_iter().map(|deployment| Deployment {
        tls: Some(tls.clone()),
        ..deployment
    });
    all.extend(with_tls.collect::<Vec<_>>());
    let with_folder = all.clone().into_iter().map(|deployment| Deployment {
        pages: Pages::Folder(word(&dir.join("pages"))),
        ..deployment
    });
    all.extend(with_folder.collect::<Vec<_>>());
    assert_eq!(all.len(), 8);
    all
}

/// A certificate that nobody trusts, its key beside it and in it too, as HAProxy wants it.
fn certificate(dir: &Path) {
    let (key, pem) = (dir.join("site.key"), dir.join("site.pem"));
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=apps.example.com",
        ])
        .arg("-keyout")
        .arg(&key)
        .arg("-out")
        .arg(&pem)
        .output()
        .expect("openssl is installed");
    assert!(made.status.success(), "{}", said(&made));
    let both = fs::read_to_string(&pem).unwrap() + &fs::read_to_string(&key).unwrap();
    fs::write(pem, both).unwrap();
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned()
}

/// A tree with the site included inside `http`.
fn tree(site: &str) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir_all(dir.path().join("etc/nginx/conf.d")).unwrap();
    let main = "events {}\nhttp {\n    include conf.d/*.conf;\n}\n";
    fs::write(dir.path().join("etc/nginx/nginx.conf"), main).unwrap();
    fs::write(dir.path().join("etc/nginx/conf.d/atalaya.conf"), site).unwrap();
    dir
}

#[test]
fn the_doctor_finds_nothing_in_its_own_site_for_nginx() {
    let dir = tempfile::tempdir().unwrap();
    for deployment in deployments(dir.path()) {
        let site = nginx(&deployment);
        let scheme = if deployment.tls.is_some() {
            "https"
        } else {
            "http"
        };
        let question = Question {
            url: Some(format!("{scheme}://apps.example.com/").parse().unwrap()),
            direct: Some("http://127.0.0.1:3001".parse().unwrap()),
            path: deployment.socket_path.clone(),
            known: Known {
                heartbeat: Some(deployment.heartbeat),
                max_payload: Some(deployment.max_payload),
                socket_path: Some(deployment.socket_path.clone()),
                ..Known::default()
            },
            ..Question::default()
        };
        let tree = tree(&site);
        let diagnosis = diagnose(&Root::new(tree.path()).unwrap(), &question).unwrap();
        assert_eq!(
            (diagnosis.verdict, &diagnosis.findings[..]),
            (Verdict::Healthy, &[][..]),
            "{site}"
        );
        // Whoever comes without TLS ends there too.
        let plain = Question {
            url: Some("http://apps.example.com/".parse().unwrap()),
            ..question
        };
        let diagnosis = diagnose(&Root::new(tree.path()).unwrap(), &plain).unwrap();
        assert_eq!(diagnosis.findings, [], "{site}");
    }
}

#[test]
fn nginx_takes_its_site() {
    let dir = tempfile::tempdir().unwrap();
    for deployment in deployments(dir.path()) {
        let tree =
            tree(&nginx(&deployment).replace("/var/log/nginx", dir.path().to_str().unwrap()));
        let checked = Command::new("nginx")
            .args(["-t", "-p"])
            .arg(tree.path().join("etc/nginx"))
            .arg("-c")
            .arg(tree.path().join("etc/nginx/nginx.conf"))
            .arg("-g")
            .arg(format!(
                "pid {0}/pid; error_log {0}/error.log;",
                dir.path().display()
            ))
            .output()
            .expect("nginx is installed");
        let words = said(&checked);
        assert!(
            checked.status.success() && !words.contains("[warn]"),
            "{words}"
        );
    }
}

#[test]
fn caddy_takes_its_site() {
    let dir = tempfile::tempdir().unwrap();
    for deployment in deployments(dir.path()) {
        let site = caddy(&deployment);
        let file = dir.path().join("Caddyfile");
        fs::write(&file, &site).unwrap();
        let checked = Command::new("caddy")
            .args(["validate", "--adapter", "caddyfile", "--config"])
            .arg(&file)
            .env("HOME", dir.path())
            .output()
            .expect("caddy is installed");
        let words = said(&checked);
        // That a site without TLS has none is no news, nor is that nobody answers for the test's certificate.
        let known = ["only on the HTTP port", "stapling OCSP"];
        let warned = |line: &&str| {
            line.contains("\"warn\"") && !known.iter().any(|known| line.contains(known))
        };
        let warnings: Vec<&str> = words.lines().filter(warned).collect();
        assert!(
            checked.status.success() && warnings.is_empty(),
            "{words}\n{site}"
        );
    }
}

#[test]
fn haproxy_takes_its_configuration() {
    let dir = tempfile::tempdir().unwrap();
    for deployment in deployments(dir.path()) {
        let written = haproxy(&deployment);
        if matches!(deployment.pages, Pages::Folder(_)) {
            assert!(written.is_err(), "HAProxy serves no files");
            continue;
        }
        let file = dir.path().join("haproxy.cfg");
        fs::write(&file, written.unwrap()).unwrap();
        let checked = Command::new("haproxy")
            .arg("-c")
            .arg("-f")
            .arg(&file)
            .output()
            .expect("haproxy is installed");
        let words = said(&checked);
        assert!(
            checked.status.success() && !words.contains("WARNING"),
            "{words}"
        );
    }
}

#[test]
fn the_times_are_those_of_the_heartbeat() {
    let dir = tempfile::tempdir().unwrap();
    let all = deployments(dir.path());
    // 25 s and 20 s: two minutes is more than twice that.
    assert!(nginx(&all[0]).contains("proxy_read_timeout 120s;"));
    // 300 s and 20.5 s.
    let slow = &all[1];
    assert!(nginx(slow).contains("proxy_read_timeout 642s;"));
    assert!(nginx(slow).contains("client_max_body_size 40m;"));
    assert!(caddy(slow).contains("response_header_timeout 642s"));
    assert!(haproxy(slow).unwrap().contains("timeout tunnel 642s"));
}

fn service() -> Service {
    Service {
        // systemd looks whether it is there.
        binary: "/bin/true".parse().unwrap(),
        user: "root".parse().unwrap(),
        home: "/var/lib/atalaya".parse().unwrap(),
        logs: "/var/log/atalaya".parse().unwrap(),
        shutdown_grace: Duration::from_secs(10),
    }
}

#[test]
fn the_doctor_finds_nothing_in_its_own_services() {
    let tree = tree(&nginx(&deployments(tempfile::tempdir().unwrap().path())[0]));
    fs::write(tree.path().join("atalaya.service"), systemd(&service())).unwrap();
    fs::write(tree.path().join("ecosystem.config.js"), pm2(&service())).unwrap();
    let by_pm2 = Question {
        pm2: vec!["ecosystem.config.js".into()],
        ..Question::default()
    };
    let by_systemd = Question {
        systemd: vec!["atalaya.service".into()],
        ..Question::default()
    };
    for question in [by_pm2, by_systemd] {
        let diagnosis = diagnose(&Root::new(tree.path()).unwrap(), &question).unwrap();
        assert_eq!(diagnosis.findings, []);
    }
}

#[test]
fn systemd_takes_its_unit() {
    let dir = tempfile::tempdir().unwrap();
    let unit = dir.path().join("atalaya.service");
    fs::write(&unit, systemd(&service())).unwrap();
    let checked = Command::new("systemd-analyze")
        .arg("verify")
        .arg("--man=no")
        .arg(&unit)
        .output();
    // Where there is no systemd, nobody needs its unit.
    let Ok(checked) = checked else { return };
    let words = said(&checked);
    let of_unit: Vec<&str> = words
        .lines()
        .filter(|line| line.contains("atalaya.service"))
        .collect();
    assert!(of_unit.is_empty(), "{of_unit:#?}");
}
