//! The reasoning against the real nginx: many random sites in one configuration, many addresses asked, and what
//! answers is compared. The sites are the same in every run.

#![allow(clippy::unwrap_used, reason = "a failure in a helper is a failed test")]

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    os::unix::fs::MetadataExt,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use atalaya_doctor::{
    nginx::{
        Config, Http, Landing,
        request::{Origin, Request},
        server::{Arrival, choose},
        walk,
    },
    root::Root,
};
use rand::{Rng, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use tempfile::TempDir;

/// Every wait ends.
const PATIENCE: Duration = Duration::from_secs(20);
const SITES: usize = 120;

const PATHS: [&str; 14] = [
    "/",
    "/s",
    "/so",
    "/socket.io",
    "/socket.io/",
    "/socket.io/x",
    "/api",
    "/api/",
    "/api/v1/u",
    "/a.js",
    "/api/a.js",
    "/SOCKET.IO/",
    "//socket.io//",
    "/%73ocket.io/",
];

/// Heads of locations, of which each site gets a few.
const HEADS: [&str; 18] = [
    "/",
    "/s",
    "/socket.io",
    "/socket.io/",
    "= /socket.io/",
    "^~ /socket.io/",
    "= /",
    "/api",
    "/api/",
    "^~ /api",
    "~ socket",
    "~* SOCKET",
    "~ \\.js$",
    "~ ^/api/v(?<version>[0-9])",
    "~ ^/(s|so)$",
    "~* \\.(io|js)",
    "= /api",
    "~ /$",
];

fn some(random: &mut StdRng, id: &mut u32, depth: u32, outer: &str) -> String {
    let mut text = String::new();
    let mut seen = Vec::new();
    for _ in 0..random.random_range(1..=5) {
        let head = HEADS.choose(random).unwrap();
        let nests = head.starts_with(['~', '/']) && depth > 0;
        // nginx refuses a plain location outside the one that it stands in (a regular expression takes in none),
        // and the same one twice.
        let path = head.split(' ').next_back().unwrap();
        let fits = head.starts_with('~') || path.starts_with(outer);
        if seen.contains(head) || seen.iter().any(|other: &&str| same_prefix(other, head)) || !fits
        {
            continue;
        }
        seen.push(head);
        *id += 1;
        let own = *id;
        let body = instructions(random, own, head);
        let inner = if nests && random.random_bool(0.4) {
            some(
                random,
                id,
                depth - 1,
                if head.starts_with('~') {
                    "only regular expressions"
                } else {
                    path
                },
            )
        } else {
            String::new()
        };
        text.push_str(&format!("location {head} {{ {inner} {body} }}\n"));
    }
    text
}

fn same_prefix(one: &str, other: &str) -> bool {
    let plain = |head: &str| {
        (!head.starts_with(['~', '='])).then(|| head.trim_start_matches("^~ ").to_owned())
    };
    plain(one).is_some() && plain(one) == plain(other)
}

/// What a location does: it says who it is, perhaps by way of something else, or asks the back end.
fn instructions(random: &mut StdRng, id: u32, head: &str) -> String {
    if random.random_bool(0.4) {
        return proxied(random, head);
    }
    let says = format!("return 200 \"{id} $uri$is_args$args\";");
    match random.random_range(0..9) {
        0 => format!("if ($arg_t = polling) {{ return 200 \"{id} if\"; }} {says}"),
        1 => format!("rewrite ^/socket(.*)$ /api$1 last; {says}"),
        2 => format!("rewrite ^/(.*)x$ /api/$1? last; {says}"),
        3 => format!("set $seen $1; return 200 \"{id} $seen\";"),
        4 => format!(
            "error_page 418 =200 @named; if ($request_method = GET) {{ return 418; }} {says}"
        ),
        5 => "try_files /none$uri @named;".to_owned(),
        6 => "try_files /none /fallback?y=1;".to_owned(),
        7 => format!("rewrite ^/a(.*)$ /b$1 break; {says}"),
        _ => says,
    }
}

/// Asks the back end, whose address is put in for BACK.
fn proxied(random: &mut StdRng, head: &str) -> String {
    let anywhere = [
        "proxy_pass http://BACK;",
        "set $b BACK; proxy_pass http://$b;",
        "set $b BACK; proxy_pass http://$b$uri;",
        "set $b BACK; proxy_pass http://$b/v$is_args$args;",
        "rewrite ^/s(.*)$ /t$1 break; proxy_pass http://BACK;",
        "rewrite ^/api(.*)$ /u$1?z=1 break; proxy_pass http://app;",
    ];
    let plain = [
        "proxy_pass http://BACK/;",
        "proxy_pass http://BACK/x;",
        "proxy_pass http://app/socket.io/;",
        "rewrite ^/s(.*)$ /t$1 break; proxy_pass http://BACK/y/;",
        "if ($arg_t = polling) { set $seen 1; } proxy_pass http://BACK/w/;",
    ];
    let by_pattern = head.starts_with('~');
    let pass = if by_pattern || random.random_bool(0.5) {
        *anywhere.choose(random).unwrap()
    } else {
        *plain.choose(random).unwrap()
    };
    let headers = [
        "",
        "proxy_http_version 1.1;",
        "proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $how;",
        "proxy_set_header Upgrade websocket; proxy_set_header Connection upgrade; proxy_http_version 1.1;",
        "proxy_set_header Connection \"\";",
    ];
    format!("{} {pass}", headers.choose(random).unwrap())
}

const NAMES: [&str; 9] = [
    "{n}.test",
    "*.{n}.test",
    ".{n}.test",
    "www.{n}.*",
    "~^w(?<who>.)w\\.{n}\\.test$",
    "www.{n}.test",
    "*.www.{n}.test",
    "~^www",
    "\"\"",
];

fn configuration(random: &mut StdRng, dir: &Path, port: u16, back_end: u16) -> String {
    let mut id = 0;
    let mut sites = String::new();
    for site in 0..SITES {
        for _ in 0..random.random_range(1..=2) {
            let group = site / 4;
            let name = NAMES
                .choose(random)
                .unwrap()
                .replace("{n}", &format!("n{group}"));
            let locations = some(random, &mut id, 1, "/");
            id += 1;
            sites.push_str(&format!(
                "server {{ listen 127.0.0.1:{port}; server_name {name}; root {}/none;\n\
                 location @named {{ return 200 \"{id} named $uri\"; }}\n\
                 location = /fallback {{ return 200 \"{id} fallback $args\"; }}\n{locations}}}\n",
                dir.display()
            ));
        }
    }
    let here = dir.display();
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("{kind}_temp_path {here}/{kind};"))
        .concat();
    let sites = sites.replace("BACK", &format!("127.0.0.1:{back_end}"));
    let map = "map $http_upgrade $how { default upgrade; '' keep-alive; }";
    let app = format!("upstream app {{ server 127.0.0.1:{back_end}; }}");
    let set = "proxy_set_header Connection outer;";
    format!(
        "events {{}}\nhttp {{ {map} {app} {set} access_log off; server_names_hash_bucket_size 128; {temporary}\n{sites}}}\n"
    )
}

struct Nginx(Child);

impl Nginx {
    fn start(dir: &TempDir, port: u16) -> Self {
        let user = if fs::metadata(dir.path()).unwrap().uid() == 0 {
            "user root; "
        } else {
            ""
        };
        let here = dir.path().display();
        let globals = format!("{user}daemon off; pid {here}/pid; error_log {here}/error.log;");
        let command = || {
            let mut command = Command::new("nginx");
            let file = dir.path().join("nginx.conf");
            command
                .arg("-p")
                .arg(dir.path())
                .arg("-c")
                .arg(file)
                .args(["-g", &globals]);
            command
        };
        let check = command().arg("-t").output().expect("nginx is installed");
        assert!(
            check.status.success(),
            "{}",
            String::from_utf8_lossy(&check.stderr)
        );
        let process = command()
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut nginx = Self(process);
        let end = Instant::now() + PATIENCE;
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let log = || fs::read_to_string(dir.path().join("error.log")).unwrap_or_default();
            assert!(
                nginx.0.try_wait().unwrap().is_none() && Instant::now() < end,
                "nginx does not run: {}",
                log()
            );
            std::thread::yield_now();
        }
        nginx
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        Command::new("kill")
            .args(["-TERM", &self.0.id().to_string()])
            .status()
            .ok();
        self.0.wait().ok();
    }
}

/// A back end that answers with what it was asked: the request line, `Upgrade` and `Connection`. It ends with the
/// test's process.
fn back_end() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            stream.set_read_timeout(Some(PATIENCE)).unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap())
                .lines()
                .map_while(Result::ok);
            let mut said = lines.next().unwrap_or_default();
            let mut headers: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
            headers.retain(|line| line.starts_with("Upgrade:") || line.starts_with("Connection:"));
            headers.sort();
            said.push_str(&headers.concat());
            let answer = format!(
                "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{said}",
                said.len()
            );
            stream.write_all(answer.as_bytes()).ok();
        }
    });
    port
}

/// Status and body.
fn ask(port: u16, host: &str, path: &str, query: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let target = if query.is_empty() {
        path.to_owned()
    } else {
        format!("{path}?{query}")
    };
    let request = format!("GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap();
    if status == "200" {
        format!("200 {body}")
    } else {
        status.to_owned()
    }
}

/// The same by reasoning.
fn reason(http: &Http<'_>, root: &Root, port: u16, host: &str, path: &str, query: &str) -> String {
    let origin = Origin {
        scheme: "http",
        host: host.to_owned(),
        port,
    };
    let arrival = Arrival {
        address: Some("127.0.0.1"),
        port,
        host,
    };
    let choice = choose(&http.servers, arrival).unwrap();
    let way = walk(http, root, choice, Request::get(&origin, path, query));
    match &way.landing {
        Landing::Answer {
            status: 200, text, ..
        } => format!("200 {}", text.clone().unwrap_or_default()),
        Landing::Answer { status, .. } | Landing::Static { status, .. } => status.to_string(),
        Landing::Cycle => "500".to_owned(),
        Landing::Proxied(proxied) => {
            let version = way.scope().arg("proxy_http_version").unwrap_or("1.0");
            let header = |name: &str, written: &str| {
                let value = proxied.header(name).unwrap().value.to_string();
                if value.is_empty() {
                    value
                } else {
                    format!("{written}: {value}")
                }
            };
            let (connection, upgrade) = (
                header("connection", "Connection"),
                header("upgrade", "Upgrade"),
            );
            format!(
                "200 GET {} HTTP/{version}{connection}{upgrade}",
                proxied.uri
            )
        }
        other => format!("{other:?}"),
    }
}

#[test]
fn random_sites_answer_as_reasoned() {
    let dir = tempfile::tempdir().unwrap();
    let port = atalaya_testbed::ports::free();
    let mut random = StdRng::seed_from_u64(1);
    let text = configuration(&mut random, dir.path(), port, back_end());
    fs::write(dir.path().join("nginx.conf"), text).unwrap();
    let root = Root::new("/").unwrap();
    let config = Config::load(&root, &dir.path().join("nginx.conf")).unwrap();
    assert!(config.mistakes.is_empty(), "{:?}", config.mistakes);
    let http = Http::of(&config).unwrap();
    let _nginx = Nginx::start(&dir, port);
    let mut wrong = Vec::new();
    for group in 0..SITES / 4 {
        for name in [
            "n{n}.test",
            "www.n{n}.test",
            "a.n{n}.test",
            "www.n{n}.org",
            "a.www.n{n}.test",
            "nobody.test",
        ] {
            let host = name.replace("{n}", &group.to_string());
            for path in PATHS {
                let query = if random.random_bool(0.5) {
                    "t=polling"
                } else {
                    ""
                };
                let seen = ask(port, &host, path, query);
                let reasoned = reason(&http, &root, port, &host, path, query);
                if seen != reasoned {
                    wrong.push(format!(
                        "{host}{path}?{query}: nginx {seen:?}, we {reasoned:?}"
                    ));
                }
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} differ:\n{}",
        wrong.len(),
        wrong[..wrong.len().min(15)].join("\n")
    );
}
