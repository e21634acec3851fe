//! A program under test as a process: its log is read line by line, and it is stopped by its pid.

use std::{
    ffi::OsStr,
    process::{ExitStatus, Stdio},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    io::{AsyncBufReadExt, AsyncRead, BufReader},
    process::{Child, Command},
    sync::watch,
};

/// How many lines of a log are kept; a test that needs more reads a file.
const MAX_LINES: usize = 100_000;

/// A running program. It is killed when it is dropped.
pub struct Process {
    child: Child,
    log: Arc<Log>,
}

#[derive(Default)]
struct Log {
    lines: Mutex<Vec<String>>,
    /// How many lines there are, for who waits for one.
    count: watch::Sender<usize>,
}

impl Process {
    /// Starts a program with these arguments, in this environment on top of the test's own.
    pub fn spawn<A: AsRef<OsStr>>(
        program: impl AsRef<OsStr>,
        arguments: impl IntoIterator<Item = A>,
        environment: &[(&str, &str)],
    ) -> Self {
        let program = program.as_ref();
        let mut command = Command::new(program);
        command.args(arguments).envs(environment.iter().copied());
        Self::from_command(command)
    }

    /// Starts a command; its output is the log.
    pub fn from_command(mut command: Command) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|error| {
                panic!(
                    "{:?} cannot be run: {error}",
                    command.as_std().get_program()
                )
            });
        let log = Arc::new(Log::default());
        if let Some(output) = child.stdout.take() {
            tokio::spawn(read(output, Arc::clone(&log)));
        }
        if let Some(output) = child.stderr.take() {
            tokio::spawn(read(output, Arc::clone(&log)));
        }
        Self { child, log }
    }

    /// Its process id. Panics once it has ended.
    pub fn pid(&self) -> u32 {
        self.child.id().expect("the process runs")
    }

    /// Everything it printed so far, standard output and standard error in the order of arrival.
    pub fn log(&self) -> Vec<String> {
        self.log.lines().clone()
    }

    /// Waits for a line that contains `needle`, old lines included, and returns it.
    pub async fn wait_for_line(&self, needle: &str, limit: Duration) -> String {
        let mut count = self.log.count.subscribe();
        let found = async {
            loop {
                let line = self
                    .log
                    .lines()
                    .iter()
                    .find(|line| line.contains(needle))
                    .cloned();
                if let Some(line) = line {
                    return line;
                }
                if count.changed().await.is_err() {
                    std::future::pending::<()>().await;
                }
            }
        };
        match tokio::time::timeout(limit, found).await {
            Ok(line) => line,
            Err(_) => panic!(
                "no line with {needle:?} within {limit:?}; the log:\n{}",
                self.log().join("\n")
            ),
        }
    }

    /// Kills it as a crash would (SIGKILL), and waits for its end.
    pub async fn kill(&mut self) {
        self.child.kill().await.ok();
    }

    /// Asks it to end (SIGTERM).
    pub async fn terminate(&self) {
        let pid = self.pid().to_string();
        Command::new("kill")
            .args(["-TERM", &pid])
            .status()
            .await
            .expect("kill can be run");
    }

    /// Waits for its end.
    pub async fn wait(&mut self, limit: Duration) -> ExitStatus {
        match tokio::time::timeout(limit, self.child.wait()).await {
            Ok(status) => status.expect("a child of ours can be waited for"),
            Err(_) => panic!(
                "it did not end within {limit:?}; the log:\n{}",
                self.log().join("\n")
            ),
        }
    }
}

impl Log {
    fn lines(&self) -> std::sync::MutexGuard<'_, Vec<String>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn read(output: impl AsyncRead + Unpin, log: Arc<Log>) {
    let mut lines = BufReader::new(output).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        let mut kept = log.lines();
        if kept.len() < MAX_LINES {
            kept.push(line);
        }
        let count = kept.len();
        drop(kept);
        log.count.send_replace(count);
    }
}
