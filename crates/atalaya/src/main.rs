//! Atalaya on the command line: flags, configuration, logging, commands and exit codes. It is the only
//! crate that reads the environment or prints; what the server does is in `atalaya_server`.
//!
//! Enter at [`main`]; settings are read in `config`, each command is a file in `commands`.

#![expect(
    unreachable_pub,
    reason = "a binary exports nothing; `pub` here says that another module uses it"
)]

mod cli;
mod commands;
mod config;
mod language;
mod listener;
mod logging;
mod output;
mod service_manager;

use std::{collections::BTreeMap, env, process::ExitCode};

use clap::Parser;

use crate::{
    cli::{Cli, Command, UserCommand},
    config::{Settings, Sources},
    output::Style,
};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let style = Style::of(cli.json);
    // Of somebody else's machine, whose settings may be among what is broken: it obeys none.
    if let Command::Doctor(args) = cli.command {
        return commands::doctor::run(*args, cli.config, style)
            .unwrap_or_else(|error| output::finish(Err(error), style));
    }
    let sources = Sources {
        flags: setting_flags(&cli.command),
        variables: env::vars_os().collect(),
        config_file: cli.config,
    };
    match Settings::load(&sources) {
        Ok(settings) => output::finish(commands::run(cli.command, &settings, style), style),
        Err(mistakes) => output::tell_mistakes(&mistakes, style),
    }
}

/// The settings among the flags that were typed.
fn setting_flags(command: &Command) -> BTreeMap<&'static str, String> {
    let flags = match command {
        Command::Serve(flags) => return flags.0.clone(),
        Command::Migrate(flags)
        | Command::User {
            command: UserCommand::List(flags),
        } => flags,
        Command::User {
            command: UserCommand::Add(args),
        } => &args.flags,
        Command::User {
            command: UserCommand::Passwd(args),
        } => &args.flags,
        Command::User {
            command: UserCommand::Disable(args) | UserCommand::Enable(args),
        } => &args.flags,
        Command::User {
            command: UserCommand::Role(args),
        } => &args.user.flags,
        // Its server has settings of its own, and the doctor none.
        Command::Bench(_) | Command::Doctor(_) => return BTreeMap::new(),
        // What is written follows the settings of the environment and the file, as the server will.
        Command::Proxy(_) | Command::Service(_) => return BTreeMap::new(),
        Command::Token(args) => &args.flags,
        Command::Send(args) => &args.flags,
    };
    flags.0.clone()
}
