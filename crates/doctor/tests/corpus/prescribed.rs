//! The configurations that the doctor writes, each run by its own program, in front of real back ends, and asked by
//! the client that asks every case.

use std::{
    fs,
    net::{SocketAddr, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use atalaya_doctor::{
    prescription::{Deployment, Node, Pages, caddy, haproxy, nginx},
    question::{Heartbeat, Question},
};

use crate::live::{
    back_end::{BackEnds, Ports},
    client::first_failure,
    nginx::Nginx,
    tree::placed,
};

/// Longer than a start takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

fn deployment(nodes: &[u16]) -> Deployment {
    let node = |port: &u16| format!("127.0.0.1:{port}").parse::<Node>().unwrap();
    Deployment {
        names: vec!["apps.example.com".parse().unwrap()],
        tls: None,
        nodes: nodes.iter().map(node).collect(),
        pages: Pages::Proxied,
        socket_path: "/socket.io/".to_owned(),
        heartbeat: Heartbeat::default(),
        max_payload: 1_000_000,
    }
}

/// What the client sees at an address; `None` if all is well.
fn seen(address: SocketAddr) -> Option<String> {
    let question = Question {
        url: Some("http://apps.example.com/".parse().unwrap()),
        ..Question::default()
    };
    first_failure(address, &question, None)
}

/// A program that is ended with its test.
struct Running(Child);

impl Running {
    fn start(command: &mut Command, address: SocketAddr) -> Self {
        let command = command.stdout(Stdio::null()).stderr(Stdio::null());
        let running = Self(command.spawn().expect("the program is installed"));
        let end = Instant::now() + PATIENCE;
        while TcpStream::connect(address).is_err() {
            assert!(Instant::now() < end, "nobody listens at {address}");
            std::thread::yield_now();
        }
        running
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

fn free_address() -> SocketAddr {
    ([127, 0, 0, 1], atalaya_testbed::ports::free()).into()
}

/// One node, and two that do not know each other's sessions.
fn each(ports: Ports, look: impl Fn(&Deployment, &Path) -> Option<String>) {
    for nodes in [&[ports.first][..], &[ports.first, ports.second]] {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(
            look(&deployment(nodes), dir.path()),
            None,
            "{} nodes",
            nodes.len()
        );
    }
}

fn behind_nginx(deployment: &Deployment, dir: &Path, ports: Ports) -> Option<String> {
    let site = nginx(deployment)
        .replace("    listen [::]:80;\n", "")
        .replace("/var/log/nginx", dir.to_str().unwrap());
    let files = dir.join("files");
    fs::create_dir_all(files.join("etc/nginx/conf.d")).unwrap();
    let main = "events {}\nhttp {\n    include /etc/nginx/conf.d/*.conf;\n}\n";
    fs::write(files.join("etc/nginx/nginx.conf"), main).unwrap();
    fs::write(files.join("etc/nginx/conf.d/atalaya.conf"), site).unwrap();
    let tree = placed(&files, ports);
    let nginx = Nginx::start(&tree).unwrap();
    seen(nginx.address)
}

fn behind_haproxy(deployment: &Deployment, dir: &Path) -> Option<String> {
    let address = free_address();
    let written = haproxy(deployment).unwrap();
    let here = written.replace("bind :::80 v4v6", &format!("bind {address}"));
    assert_ne!(here, written);
    // The back ends of these tests have no page that says how they are.
    let here = here.replace("expect status 200", "expect status 404");
    let file = dir.join("haproxy.cfg");
    fs::write(&file, here).unwrap();
    let _haproxy = Running::start(Command::new("haproxy").arg("-f").arg(file), address);
    seen(address)
}

fn behind_caddy(deployment: &Deployment, dir: &Path) -> Option<String> {
    let address = free_address();
    let written = caddy(deployment);
    let name = "http://apps.example.com";
    let here = written.replace(name, &format!("{name}:{}", address.port()));
    assert_ne!(here, written);
    let file = dir.join("Caddyfile");
    fs::write(&file, format!("{{\n\tadmin off\n}}\n{here}")).unwrap();
    let mut command = Command::new("caddy");
    command
        .args(["run", "--adapter", "caddyfile", "--config"])
        .arg(file)
        .env("HOME", dir);
    let _caddy = Running::start(&mut command, address);
    seen(address)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_gets_through_each_of_them() {
    let back_ends = BackEnds::start().await;
    let ports = back_ends.ports;
    let shown = tokio::task::spawn_blocking(move || {
        each(ports, |deployment, dir| {
            behind_nginx(deployment, dir, ports)
        });
        each(ports, behind_haproxy);
        each(ports, behind_caddy);
    });
    shown.await.unwrap();
}
