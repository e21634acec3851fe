//! `testbed-postgres [--durable] -- COMMAND …`: runs a command with a private PostgreSQL for its tests, named
//! in `ATALAYA_TEST_POSTGRES`; exits with its code and leaves nothing behind. Durable is for measurements.

#![expect(
    clippy::print_stderr,
    reason = "a command tells its user what is wrong"
)]

use std::process::ExitCode;

use atalaya_testbed::postgres::{SHARED_URL_VARIABLE, Server};
use tokio::{
    process::{Child, Command},
    signal::unix::{SignalKind, signal},
};

#[tokio::main]
async fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1).peekable();
    let durable = arguments
        .next_if(|argument| argument == "--durable")
        .is_some();
    arguments.next_if(|argument| argument == "--");
    let Some(program) = arguments.next() else {
        eprintln!("usage: testbed-postgres [--durable] -- COMMAND [ARGUMENT …]");
        return ExitCode::from(2);
    };
    let server = if durable {
        Server::start_durable().await
    } else {
        Server::start().await
    };
    let spawned = Command::new(&program)
        .args(arguments)
        .env(SHARED_URL_VARIABLE, server.url("postgres"))
        .spawn();
    let code = match spawned {
        Ok(child) => wait(child).await,
        Err(error) => {
            eprintln!("{}: {error}", program.display());
            2
        }
    };
    drop(server);
    ExitCode::from(code)
}

/// Waits for the command. An interrupt from the keyboard reaches it without our help; a termination is passed on.
async fn wait(mut child: Child) -> u8 {
    let mut interrupted = signal(SignalKind::interrupt()).expect("the runtime listens for signals");
    let mut terminated = signal(SignalKind::terminate()).expect("the runtime listens for signals");
    loop {
        tokio::select! {
            status = child.wait() => {
                let code = status.ok().and_then(|status| status.code());
                // 128 is what a shell says of a command that a signal ended.
                return code.map_or(128, |code| u8::try_from(code).unwrap_or(1));
            }
            _ = interrupted.recv() => {}
            _ = terminated.recv() => {
                if let Some(pid) = child.id() {
                    Command::new("kill").args(["-TERM", &pid.to_string()]).status().await.ok();
                }
            }
        }
    }
}
