//! One private PostgreSQL server, in a folder of its own on a free port.
//!
//! A small shell supervises it and waits for the end of its standard input, which this process holds: however this
//! process ends, the server is stopped and its folder removed.

use std::{
    fs,
    io::Write,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use crate::ports;

const SETTINGS: &str = "\
listen_addresses = '127.0.0.1'
max_connections = 300
log_min_messages = fatal
";

/// For tests alone: they cut power to nothing.
const CARELESS: &str = "\
fsync = off
full_page_writes = off
shared_buffers = 64MB
";

/// `$1` the server's program, `$2` its data, `$3` the folder to remove afterwards, unless the last word is to keep it.
/// The server must outlive an interrupt from the keyboard until the tests that use it are over.
const SUPERVISE: &str = r#"
trap '' INT TERM HUP
"$1" -D "$2" >>"$2/server.log" 2>&1 </dev/null &
server=$!
read -r last
kill -INT "$server" 2>/dev/null
wait "$server"
[ "$last" = keep ] || rm -rf "$3"
"#;

const START_LIMIT: Duration = Duration::from_secs(60);

/// A private server. It stops when it is dropped.
pub struct Server {
    folder: PathBuf,
    port: u16,
    supervisor: Option<Child>,
}

impl Server {
    /// Makes a new cluster and starts it, quick rather than safe. Takes a second or two.
    pub async fn start() -> Self {
        Self::start_with(CARELESS).await
    }

    /// The same with PostgreSQL's own defaults, as measurements need it: a commit is on the disk.
    pub async fn start_durable() -> Self {
        Self::start_with("").await
    }

    async fn start_with(more_settings: &str) -> Self {
        let folder = make_folder();
        let port = ports::free();
        let data = folder.join("data");
        let made = as_postgres("/")
            .arg(binary("initdb"))
            .args([
                "--username=postgres",
                "--auth=trust",
                "--encoding=UTF8",
                "--locale=C",
                "--no-sync",
                "--pgdata",
            ])
            .arg(&data)
            .stdin(Stdio::null())
            .output()
            .expect("initdb can be run");
        assert!(
            made.status.success(),
            "initdb failed: {}",
            String::from_utf8_lossy(&made.stderr)
        );
        let settings = format!(
            "{SETTINGS}{more_settings}port = {port}\nunix_socket_directories = '{}'\n",
            folder.display()
        );
        append(&data.join("postgresql.conf"), &settings);
        let mut server = Self {
            folder,
            port,
            supervisor: None,
        };
        server.resume().await;
        server
    }

    /// A superuser's URL of one of its databases.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    /// The address it listens on, for a proxy in front of it.
    pub fn address(&self) -> std::net::SocketAddr {
        ([127, 0, 0, 1], self.port).into()
    }

    /// Shuts it down in order ("fast": connections are cut), keeping its data.
    pub async fn stop(&mut self) {
        if let Some(supervisor) = self.supervisor.take() {
            end(supervisor, true);
        }
    }

    /// Kills it as a crash would, with all that serve its connections, keeping its data: those that outlive it would still
    /// answer for a moment.
    pub async fn kill(&mut self) {
        let pid_file = fs::read_to_string(self.data().join("postmaster.pid"))
            .expect("a running server has a pid file");
        let pid = pid_file.lines().next().expect("its first line is the pid");
        let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"));
        let children = children.unwrap_or_default();
        Command::new("kill")
            .args(["-KILL", pid])
            .args(children.split_whitespace())
            .status()
            .expect("kill can be run");
        for child in children.split_whitespace() {
            while is_alive(child) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
        self.stop().await;
    }

    /// Starts it again after [`Server::stop`] or [`Server::kill`], on the same port, and waits until it accepts connections.
    pub async fn resume(&mut self) {
        let supervisor = as_postgres("/")
            .args(["sh", "-c", SUPERVISE, "supervise"])
            .arg(binary("postgres"))
            .arg(self.data())
            .arg(&self.folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("sh can be run");
        self.supervisor = Some(supervisor);
        let ready = async {
            while !self.accepts_connections() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        if tokio::time::timeout(START_LIMIT, ready).await.is_err() {
            let log = fs::read_to_string(self.data().join("server.log")).unwrap_or_default();
            panic!("PostgreSQL did not start within {START_LIMIT:?}: {log}");
        }
    }

    fn accepts_connections(&self) -> bool {
        Command::new(binary("pg_isready"))
            .args(["--quiet", "--host=127.0.0.1", "--username=postgres"])
            .arg(format!("--port={}", self.port))
            .stdin(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(supervisor) = self.supervisor.take() {
            end(supervisor, false);
        }
        fs::remove_dir_all(&self.folder).ok();
    }
}

/// Closes the supervisor's standard input, and waits until it has stopped the server.
fn end(mut supervisor: Child, keep: bool) {
    if let Some(mut input) = supervisor.stdin.take()
        && keep
    {
        input.write_all(b"keep\n").ok();
    }
    supervisor.wait().ok();
}

/// A program of PostgreSQL's: on the path, or where Debian keeps the newest version's.
pub(super) fn binary(name: &str) -> PathBuf {
    let on_path = std::env::var_os("PATH")
        .into_iter()
        .flat_map(|path| std::env::split_paths(&path).collect::<Vec<_>>())
        .map(|folder| folder.join(name))
        .find(|file| file.is_file());
    let installed = || {
        let versions = fs::read_dir("/usr/lib/postgresql").ok()?.flatten();
        let mut files: Vec<_> = versions
            .map(|version| version.path().join("bin").join(name))
            .collect();
        files.retain(|file| file.is_file());
        files.sort();
        files.pop()
    };
    // Debian's `psql` on the path is a wrapper that needs a cluster of its own making; the real one is preferred.
    installed()
        .or(on_path)
        .unwrap_or_else(|| panic!("{name} is not installed; apt-get install postgresql"))
}

/// A command run as the user `postgres` where this process is root, because PostgreSQL refuses root.
fn as_postgres(folder: &str) -> Command {
    let mut command = if is_root() {
        let mut command = Command::new("setpriv");
        command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]);
        command
    } else {
        Command::new("env")
    };
    command.current_dir(folder);
    command
}

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|this| this.uid() == 0)
}

fn make_folder() -> PathBuf {
    let folder = tempfile::Builder::new()
        .prefix("atalaya-postgres-")
        .tempdir()
        .expect("a temporary folder can be made")
        .keep();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).expect("its owner may");
    if is_root() {
        let owned = Command::new("chown")
            .arg("postgres:postgres")
            .arg(&folder)
            .status();
        assert!(
            owned.is_ok_and(|status| status.success()),
            "there is no user postgres; apt-get install postgresql"
        );
    }
    folder
}

fn append(file: &Path, text: &str) {
    fs::OpenOptions::new()
        .append(true)
        .open(file)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .expect("root or its owner may write the configuration");
}

/// Whether a process runs: one that ended and that nobody asked about does not.
fn is_alive(pid: &str) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = stat
        .rsplit_once(") ")
        .and_then(|(_, rest)| rest.chars().next());
    state.is_some_and(|state| state != 'Z')
}
