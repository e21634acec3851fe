//! A fresh folder to run the binary in, and what came of it as text that is the same on every run.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStderr, ChildStdout, Command, Stdio},
    thread::JoinHandle,
    time::{Duration, Instant},
};

use serde_json::Value;

/// Longer than anything takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// A folder and the environment to run in.
pub(crate) struct Place {
    dir: tempfile::TempDir,
    variables: Vec<(String, String)>,
}

/// What a command left behind.
pub(crate) struct Outcome {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
            variables: Vec::new(),
        }
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_atalaya"));
        command
            .args(arguments)
            .env_clear()
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .current_dir(self.dir.path())
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Outcome {
        let output = self.command(arguments).output().unwrap();
        self.outcome(output)
    }

    /// Runs with this on standard input.
    pub(crate) fn run_with_input(&self, arguments: &[&str], input: &str) -> Outcome {
        let mut child = self
            .command(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(input.as_bytes())
            .unwrap();
        self.outcome(child.wait_with_output().unwrap())
    }

    fn outcome(&self, output: std::process::Output) -> Outcome {
        let text = |bytes: Vec<u8>| {
            let text = String::from_utf8(bytes).unwrap();
            text.replace(&self.dir.path().display().to_string(), "DIR")
        };
        Outcome {
            code: output.status.code(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }

    /// Waits until a file has this text: lines of the log that are no warnings are written a moment later.
    #[expect(clippy::disallowed_methods, reason = "this thread runs nothing else")]
    pub(crate) fn until_file_says(&self, name: &str, text: &str) {
        let began = Instant::now();
        while !read(&self.path(name)).contains(text) {
            assert!(began.elapsed() < PATIENCE, "{name} does not say {text:?}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Starts `serve` on free ports with these flags more, and waits until it listens.
    pub(crate) fn serve(&self, flags: &[&str]) -> Running {
        let ports = [
            "serve",
            "--json",
            "--listen=127.0.0.1:0",
            "--ops-listen=127.0.0.1:0",
        ];
        let arguments: Vec<&str> = ports.iter().chain(flags).copied().collect();
        let mut child = self
            .command(&arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = read_all(child.stderr.take().unwrap());
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        assert!(
            !line.is_empty(),
            "it did not start:\n{}",
            log.join().unwrap()
        );
        let welcome = serde_json::from_str(&line).unwrap();
        Running {
            child,
            stdout,
            log: Some(log),
            welcome,
        }
    }
}

fn read_all(stderr: ChildStderr) -> JoinHandle<String> {
    std::thread::spawn(move || std::io::read_to_string(stderr).unwrap())
}

/// A server that listens. Killed when dropped.
pub(crate) struct Running {
    child: Child,
    stdout: BufReader<ChildStdout>,
    log: Option<JoinHandle<String>>,
    /// What it printed as JSON when it was ready.
    pub(crate) welcome: Value,
}

impl Running {
    pub(crate) fn address(&self) -> String {
        self.welcome["listening"].as_str().unwrap().to_owned()
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address())
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn signal(&self, name: &str) {
        let pid = self.pid().to_string();
        let sent = Command::new("kill").args([name, &pid]).status().unwrap();
        assert!(sent.success());
    }

    /// Asks it to stop. Gives what it logged, and what more it printed.
    pub(crate) fn stop(mut self) -> Outcome {
        self.signal("-TERM");
        let code = self.child.wait().unwrap().code();
        let mut stdout = String::new();
        while self.stdout.read_line(&mut stdout).unwrap() > 0 {}
        Outcome {
            code,
            stdout,
            stderr: self.log.take().unwrap().join().unwrap(),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

impl Outcome {
    /// All of it, for a snapshot.
    pub(crate) fn shown(&self) -> String {
        let mut text = format!("exit {}\n", self.code.unwrap());
        for (name, part) in [("stdout", &self.stdout), ("stderr", &self.stderr)] {
            if !part.is_empty() {
                text.push_str(&format!("--- {name}\n{part}"));
            }
        }
        text
    }

    /// The one line of JSON on standard output.
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.code, Some(0), "{}", self.stderr);
        serde_json::from_str(&self.stdout).unwrap()
    }

    pub(crate) fn log_lines(&self) -> Vec<Value> {
        json_lines(&self.stderr)
    }
}

/// Every line as JSON; a line that is not fails the test.
pub(crate) fn json_lines(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect()
}

pub(crate) fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}
