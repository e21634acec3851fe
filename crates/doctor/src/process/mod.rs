//! What the process managers are told: PM2's file and systemd's units, in one shape for the rules.

mod atalaya;
mod command;
mod isolation;
mod javascript;
mod launcher;
mod package;
mod pm2;
mod start;
mod systemd;
mod unit_file;
mod yaml;

use std::{
    net::{IpAddr, Ipv6Addr},
    path::PathBuf,
};

use crate::{
    document::{Document, Unreadable},
    dotenv,
    finding::{Edit, Place},
    language::Text,
    nginx::{listen::without_brackets, upstream::in_run},
    question::Question,
    root::Root,
    setting::Setting,
};

pub use self::package::Package;

/// Everything that is run.
#[derive(Debug, Default)]
pub struct Processes {
    pub apps: Vec<App>,
    pub unread: Vec<Unread>,
}

/// A program that a process manager runs.
#[derive(Debug)]
pub struct App {
    pub name: String,
    /// Where it is written.
    pub place: Place,
    /// The program and its arguments, word by word.
    pub command: Vec<Setting>,
    /// What PM2 runs the program with, and its arguments; empty if nothing is said.
    pub interpreter: Vec<Setting>,
    /// The environment that holds unless another one is asked for.
    pub env: Vec<Setting>,
    /// What PM2's `--env NAME` puts over it.
    pub modes: Vec<Mode>,
    /// How many processes are run; one if nothing is said.
    pub instances: Option<Setting>,
    /// Whether they share their port.
    pub is_cluster: bool,
    /// Whether each of them gets a port of its own.
    pub counts_ports: bool,
    /// What makes it start anew when a file changes.
    pub watch: Option<Setting>,
    pub lost_outputs: Vec<LostOutput>,
    /// Where it is started.
    pub directory: PathBuf,
    pub package: Package,
    /// Why it does not start, as far as the files tell.
    pub obstacles: Vec<Obstacle>,
    /// What may end it while it runs.
    pub ends: Vec<Setting>,
    /// What only systemd is told.
    pub unit: Option<Unit>,
    /// It only starts PM2, whose apps are known.
    pub is_launcher: bool,
}

/// What a unit says besides.
#[derive(Debug)]
pub struct Unit {
    pub restart: Option<Setting>,
    pub open_files: Option<Setting>,
    /// What keeps this machine's other programs from reaching it by TCP.
    pub cut_off: Option<Setting>,
    /// What gives it temporary folders that no other program sees.
    pub private_tmp: Option<Setting>,
    /// What forbids it to write machine code and run it.
    pub no_machine_code: Option<Setting>,
    /// Where a line after `ExecStart` would stand.
    pub after_start: Edit,
}

/// Why a program does not start, or makes no socket.
#[derive(Debug)]
pub enum Obstacle {
    /// A folder or a file that it names is not there, and another one is that was meant.
    Elsewhere {
        told: Setting,
        missing: PathBuf,
        meant: PathBuf,
    },
    /// Its unit hides what it names.
    Hidden { by: Setting, path: PathBuf },
    /// Its unit lets it write nowhere where its socket is to be.
    Sealed { by: Setting, socket: String },
    /// Its unit makes a folder for its socket, and the socket is in another one that nobody makes.
    OtherFolder {
        made: Setting,
        socket: String,
        folder: PathBuf,
    },
}

/// An environment that is chosen when the app is started.
#[derive(Debug)]
pub struct Mode {
    pub name: String,
    pub env: Vec<Setting>,
}

/// Where output goes nowhere, and how it is kept.
#[derive(Debug)]
pub struct LostOutput {
    pub setting: Setting,
    pub edit: Edit,
}

/// What could not be read, and why.
#[derive(Debug)]
pub struct Unread {
    pub place: Place,
    pub why: Why,
}

#[derive(Debug)]
pub enum Why {
    /// The manager refuses it.
    Refused(Text),
    /// Only running it would tell what it says.
    Computed,
}

impl Processes {
    /// Reads the files that the question names.
    pub fn read(root: &Root, question: &Question) -> Result<Self, Unreadable> {
        let mut processes = Self::default();
        for path in &question.pm2 {
            let path = pm2::file(root, path);
            pm2::read(root, &Document::named(root, &path)?, &mut processes)?;
        }
        let mut units: Vec<_> = question
            .systemd
            .iter()
            .map(|path| systemd::unit_of(path))
            .collect();
        units.dedup();
        for path in units {
            systemd::read(root, &path, &mut processes)?;
        }
        launcher::apply(&mut processes);
        atalaya::read(root, question.config.as_deref(), &mut processes)?;
        Ok(processes)
    }
}

impl App {
    /// A variable of the environment that is in force.
    pub fn variable(&self, name: &str) -> Option<&Setting> {
        variable(&self.env, name)
    }

    /// Whether several processes are run.
    pub fn is_many(&self) -> bool {
        let Some(instances) = &self.instances else {
            return false;
        };
        // 0 and less are counted from the number of cores.
        instances.value.parse() != Ok(1)
    }

    /// Every port that it may listen at: as it is run, and in each environment that may be chosen.
    pub fn ports(&self) -> impl Iterator<Item = u16> {
        let modes = self.modes.iter().filter_map(|mode| mode.variable("PORT"));
        let modes = modes.filter_map(|setting| setting.value.parse().ok());
        self.port().map(|(_, port)| port).into_iter().chain(modes)
    }

    /// The one address of this machine that it is told to listen at; `None` if it is a name, or every address.
    pub fn address(&self) -> Option<(Setting, IpAddr)> {
        let named = ["HOST", "BIND", "BIND_ADDRESS", "LISTEN_HOST"];
        let told = || named.iter().find_map(|name| self.variable(name)).cloned();
        let flagged = || command::option(&self.command, &["--host", "--bind", "--listen"]);
        let setting = match self.is_atalaya() {
            true => self.own("listen"),
            false => flagged().or_else(told),
        }?;
        let value = setting.value.as_str();
        let alone = value.rsplit_once(':').map(|(host, _)| host);
        let read = |host: &str| without_brackets(host).parse::<IpAddr>().ok();
        let address = read(value).or_else(|| read(alone?))?;
        // Every address of IPv6 takes in those of IPv4 too.
        let is_one = address != IpAddr::V6(Ipv6Addr::UNSPECIFIED);
        is_one.then_some((setting, address))
    }

    /// The files of the sockets that it is told to listen at, by its command or its environment.
    pub fn socket_files(&self) -> impl Iterator<Item = (&Setting, &str)> {
        let told = self.command.iter().chain(&self.env);
        told.filter_map(|setting| Some((setting, socket_file(setting)?)))
    }

    /// The path at which it is told to wait for Socket.IO, as clients ask for it.
    pub fn socket_path(&self) -> Option<Setting> {
        let of_variable = |setting: &&Setting| {
            let is_file = |start: &&str| setting.value.starts_with(*start);
            let is_public = setting.name.as_deref().is_some_and(dotenv::is_public);
            setting.is_socket_io()
                && setting.is_named("PATH")
                && !is_public
                && setting.value.len() > 1
                && setting.value.starts_with('/')
                && !setting.value.ends_with(".sock")
                && !["/run/", "/var/", "/tmp/"].iter().any(is_file)
        };
        let told = self
            .env
            .iter()
            .rev()
            .find(of_variable)
            .map(|setting| Setting {
                value: format!("{}/", setting.value.trim_end_matches('/')),
                is_literal: false,
                ..setting.clone()
            });
        match self.is_atalaya() {
            true => self.own("socket_path"),
            false => told,
        }
    }

    /// A variable of an environment that is for production.
    pub fn production_variable(&self, name: &str) -> Option<&Setting> {
        let mut modes = self.modes.iter().filter(|mode| mode.is_production());
        modes.find_map(|mode| mode.variable(name))
    }

    /// What a build of the server for production finds in its environment, as far as it is told which one that is.
    pub fn in_production(&self, fits: impl Fn(&Setting) -> bool) -> Option<&Setting> {
        let modes = self.modes.iter().filter(|mode| mode.is_production());
        let in_modes = modes.flat_map(|mode| &mode.env).rfind(|it| fits(it));
        in_modes.or_else(|| self.env.iter().rfind(|it| fits(it)))
    }

    /// The port that it is told to listen at, by its environment or its arguments.
    pub fn port(&self) -> Option<(Setting, u16)> {
        let read = |setting: &Setting| setting.value.rsplit(':').next()?.parse().ok();
        let told = self.variable("PORT").filter(|_| !self.is_atalaya());
        let own = || self.variable("ATALAYA_LISTEN");
        let flagged = || command::option(&self.command, &["--port", "--listen"]);
        let setting = match self.is_atalaya() {
            true => self.own("listen"),
            false => told.or_else(own).cloned().or_else(flagged),
        }?;
        let port = read(&setting)?;
        Some((setting, port))
    }
}

impl App {
    /// The port that it takes, be it a server of pages, which does not make it the one that nginx is to ask.
    pub fn own_port(&self) -> Option<(Setting, u16)> {
        let of_pages = command::page_port(&self.command).and_then(|told| {
            let port = told.value.parse().ok()?;
            Some((told, port))
        });
        of_pages.or_else(|| self.port())
    }
}

/// The file of a socket that a word or a variable names.
fn socket_file(setting: &Setting) -> Option<&str> {
    let value = setting.value.rsplit('=').next()?;
    let path = value.strip_prefix("unix:").unwrap_or(value);
    (path.starts_with('/') && path.ends_with(".sock")).then(|| in_run(path))
}

impl Mode {
    /// Whether its name says that it is the one for production.
    pub fn is_production(&self) -> bool {
        self.name.starts_with("prod")
    }

    pub fn variable(&self, name: &str) -> Option<&Setting> {
        variable(&self.env, name)
    }
}

/// The last one of the name counts.
fn variable<'s>(env: &'s [Setting], name: &str) -> Option<&'s Setting> {
    let mut named = env.iter().rev();
    named.find(|setting| setting.name.as_deref() == Some(name))
}
