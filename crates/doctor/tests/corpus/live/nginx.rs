//! A real nginx on a tree, ended by its pid.

use std::{
    fs,
    net::{SocketAddr, TcpStream},
    os::unix::fs::MetadataExt,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use super::tree::Placed;

/// Longer than a start takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Nginx {
    process: Child,
    /// Where the URL's port is.
    pub(crate) address: SocketAddr,
}

impl Nginx {
    /// Starts it, or gives nginx's own words for why it refuses.
    pub(crate) fn start(tree: &Placed) -> Result<Self, String> {
        let prefix = tree.dir.path().join("etc/nginx");
        let log = tree.dir.path().join("log/error.log");
        // Root's workers become nobody, who cannot read a temporary folder.
        let is_root = fs::metadata(tree.dir.path()).unwrap().uid() == 0;
        let user = if is_root { "user root; " } else { "" };
        let globals = format!(
            "{user}daemon off; pid {}/nginx.pid; error_log {} warn;",
            tree.dir.path().display(),
            log.display()
        );
        let nginx = || {
            let mut command = Command::new("nginx");
            command
                .arg("-p")
                .arg(&prefix)
                .arg("-c")
                .arg(prefix.join("nginx.conf"))
                .args(["-g", &globals]);
            command
        };
        let check = nginx().arg("-t").output().expect("nginx is installed");
        if !check.status.success() {
            return Err(emergency(&String::from_utf8_lossy(&check.stderr)));
        }
        let process = nginx()
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let port = tree
            .ports
            .get(&80)
            .copied()
            .unwrap_or_else(|| *tree.ports.values().next().unwrap());
        let nginx = Self {
            process,
            address: ([127, 0, 0, 1], port).into(),
        };
        nginx.wait_until_it_listens();
        Ok(nginx)
    }

    fn wait_until_it_listens(&self) {
        let end = Instant::now() + PATIENCE;
        while TcpStream::connect(self.address).is_err() {
            assert!(
                Instant::now() < end,
                "nginx does not listen at {}",
                self.address
            );
            std::thread::yield_now();
        }
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // SIGTERM, so that it ends its workers too.
        let pid = self.process.id().to_string();
        Command::new("kill").args(["-TERM", &pid]).status().ok();
        self.process.wait().ok();
    }
}

/// The first emergency, without the place, which differs from run to run.
fn emergency(words: &str) -> String {
    let line = words
        .lines()
        .find(|line| line.contains("[emerg]"))
        .unwrap_or(words);
    let line = line.split("[emerg]").nth(1).unwrap_or(line).trim();
    let line = line.split(": ").last().unwrap_or(line);
    line.split(" in /").next().unwrap_or(line).to_owned()
}
