//! The command line as a person types it. Settings that can also come from the environment or the file are
//! flags made from the table in `config::table`; what belongs to one command stands at that command.

mod bench;
mod doctor;
mod prescription;

use std::{collections::BTreeMap, path::PathBuf, str::FromStr, time::Duration};

use clap::{
    Arg, ArgMatches, Args, Command as ClapCommand, Parser, Subcommand, ValueEnum,
    builder::styling::{AnsiColor, Style, Styles},
};

use crate::config::{
    duration,
    table::{Flag, SETTINGS, Setting},
};

pub use self::{
    bench::{BenchArgs, ScenarioName, TransportName},
    doctor::{DoctorArgs, DoctorCommand, ExplainArgs, Files, Format, Lang},
    prescription::{Manager, Proxy, ProxyArgs, ServiceArgs},
};

const STYLES: Styles = Styles::styled()
    .header(Style::new().bold())
    .usage(Style::new().bold())
    .literal(AnsiColor::Cyan.on_default())
    .placeholder(Style::new().dimmed());

/// A notification server that keeps a true ledger of who is connected.
///
/// Every command reads its settings from flags, then the environment, then atalaya.toml, then the defaults.
/// It exits with 0 when it did its work, 1 when the answer is no, 2 when it could not run.
#[derive(Debug, Parser)]
#[command(name = "atalaya", version, styles = STYLES, max_term_width = 100, after_help = "\
Examples:
  atalaya serve
  atalaya user add ana --role operator
  atalaya send --to role:operator --title 'Pump 3 has stopped' --severity critical")]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,

    /// The configuration file; without it, ./atalaya.toml if there is one
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "ATALAYA_CONFIG",
        hide_env_values = true
    )]
    pub config: Option<PathBuf>,

    /// Print JSON, for programs
    #[arg(long, global = true)]
    pub json: bool,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the server
    ///
    /// With nothing set it keeps everything in ./data, makes an administrator whose password it prints once,
    /// and listens on 127.0.0.1:3001. SIGTERM or Ctrl-C drains it; a second one stops it at once.
    #[command(after_help = "\
Examples:
  atalaya serve
  atalaya serve --listen 0.0.0.0:3001 --log-file /var/log/atalaya/atalaya.log
  DATABASE_URL=postgres://atalaya@localhost/atalaya atalaya serve")]
    Serve(#[command(flatten)] ServeFlags),

    /// Manage the people who may log in
    #[command(after_help = "\
Examples:
  atalaya user add ana --role operator
  atalaya user list")]
    User {
        #[command(subcommand)]
        command: UserCommand,
    },

    /// Mint an access token and print it alone
    #[command(after_help = "\
Example:
  curl -H \"Authorization: Bearer $(atalaya token --user ana)\" http://localhost:3001/api/auth/me")]
    Token(TokenArgs),

    /// Publish a notification through the running server
    ///
    /// Without --token it acts as an administrator of the configured database. With --batch a line that fails stops no
    /// other; each is told with its number, and the exit code is then 1.
    #[command(after_help = "\
Examples:
  atalaya send --to user:ana --title 'Your report is ready' --link /reports/17
  atalaya send --to role:operator --title 'Pump 3 has stopped' --severity critical
  atalaya send --to all --title 'Maintenance at 22:00' --json
  echo '{\"to\": {\"roles\": [\"operator\"]}, \"title\": \"Pump 3 has stopped\"}' | atalaya send --batch -")]
    Send(Box<SendArgs>),

    /// Name the line of the configuration that breaks Socket.IO
    ///
    /// Reads the configuration as nginx does, follows a client's requests through it, and tells what keeps them from
    /// the back end, at which line, and how to mend it; the front end's files, PM2's and systemd's too, if they are
    /// named, and with --config Atalaya's own. Any Socket.IO server will do; Atalaya need not run. It exits with 0 when
    /// the site is healthy, 1 when it is faulty, 2 when it could not be examined.
    #[command(after_help = "\
Examples:
  atalaya doctor --url http://apps.example.com/ --direct http://127.0.0.1:3001
  atalaya doctor --root /backup/web1 --url https://apps.example.com/ --format json
  atalaya doctor --env .env.production --bundle dist --pm2 ecosystem.config.js
  atalaya doctor --url http://apps.example.com/ --watch 30
  atalaya doctor explain http://apps.example.com/")]
    Doctor(Box<DoctorArgs>),

    /// Print a configuration for the proxy in front, right by construction
    ///
    /// Its times and sizes follow this server's own settings: the heartbeat, the largest message, the Socket.IO path, and
    /// where it listens. Websockets, long polls and their sessions get through, and the doctor finds nothing in it.
    #[command(after_help = "\
Examples:
  atalaya proxy nginx --name apps.example.com > /etc/nginx/sites-available/atalaya
  atalaya proxy nginx --name apps.example.com --tls-certificate /etc/ssl/apps.pem --tls-key /etc/ssl/apps.key
  atalaya proxy haproxy --name apps.example.com --node 10.0.0.1:3001 --node 10.0.0.2:3001")]
    Proxy(ProxyArgs),

    /// Print what a process manager needs to run the server
    ///
    /// For systemd a hardened unit, for PM2 one process in production mode; both start it again, and keep its log.
    #[command(after_help = "\
Examples:
  atalaya service systemd > /etc/systemd/system/atalaya.service
  atalaya service pm2 --home /srv/atalaya --logs /srv/atalaya/logs > ecosystem.config.js")]
    Service(ServiceArgs),

    /// Measure what connections and notifications cost
    ///
    /// Without --url it starts a server of its own in a temporary folder, measures it, and removes it all. CPU and
    /// memory are what the operating system accounts to the processes. What it sends to a server that you name
    /// stays in that server's inboxes.
    #[command(after_help = "\
Examples:
  atalaya bench
  atalaya bench connect broadcast --clients 5000
  atalaya bench direct --url http://127.0.0.1:3001 --users 2..1001 --publisher 1 --server-pid \"$(pgrep -xo atalaya)\" --json")]
    Bench(Box<BenchArgs>),

    /// Bring the database's tables up to this version
    ///
    /// `serve` does so by itself; this is for those who want it done beforehand.
    #[command(after_help = "\
Example:
  DATABASE_URL=postgres://atalaya@localhost/atalaya atalaya migrate")]
    Migrate(#[command(flatten)] StoreFlags),
}

#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Make a user; prints the id, and the password if it was generated
    #[command(after_help = "\
Examples:
  atalaya user add ana --role operator --display-name 'Ana Ruiz'
  printf %s \"$PASSWORD\" | atalaya user add ana --role operator --password-stdin --json")]
    Add(AddArgs),

    /// List the users
    #[command(after_help = "Example:\n  atalaya user list --json")]
    List(#[command(flatten)] StoreFlags),

    /// Give a user another password
    #[command(after_help = "\
Examples:
  atalaya user passwd ana
  printf %s \"$PASSWORD\" | atalaya user passwd ana --password-stdin")]
    Passwd(PasswdArgs),

    /// Keep a user from logging in and connecting
    #[command(after_help = "Example:\n  atalaya user disable ana")]
    Disable(NamedUser),

    /// Give a user another role; the tabs that are open follow
    #[command(after_help = "Example:\n  atalaya user role ana operator")]
    Role(RoleArgs),

    /// Let a disabled user in again
    #[command(after_help = "Example:\n  atalaya user enable ana")]
    Enable(NamedUser),
}

#[derive(Args, Debug)]
pub struct RoleArgs {
    #[command(flatten)]
    pub user: NamedUser,
    /// What the user may do from now on
    #[arg(value_enum, value_name = "ROLE")]
    pub role: RoleName,
}

#[derive(Args, Debug)]
pub struct AddArgs {
    /// The name to log in with
    pub name: String,
    /// What the user may do
    #[arg(long, value_enum, default_value_t = RoleName::User)]
    pub role: RoleName,
    /// The name that others see
    #[arg(long, value_name = "NAME")]
    pub display_name: Option<String>,
    /// Read the password from standard input instead of generating one
    #[arg(long)]
    pub password_stdin: bool,
    #[command(flatten)]
    pub flags: StoreFlags,
}

#[derive(Args, Debug)]
pub struct PasswdArgs {
    /// The name to log in with
    pub name: String,
    /// Read the password from standard input instead of generating one
    #[arg(long)]
    pub password_stdin: bool,
    #[command(flatten)]
    pub flags: StoreFlags,
}

#[derive(Args, Debug)]
pub struct NamedUser {
    /// The name to log in with
    pub name: String,
    #[command(flatten)]
    pub flags: StoreFlags,
}

#[derive(Args, Debug)]
pub struct TokenArgs {
    /// Whose token it is
    #[arg(long, value_name = "NAME")]
    pub user: String,
    /// How long it lives, such as 30m or 12h; by default as long as one from the login
    #[arg(long, value_name = "TIME", value_parser = lifetime)]
    pub expires: Option<Duration>,
    #[command(flatten)]
    pub flags: StoreFlags,
}

#[derive(Args, Debug)]
pub struct SendArgs {
    /// Who gets it: user:27, user:NAME, role:operator, topic:alerts.north or all; may be repeated
    #[arg(long, value_name = "RECIPIENT", required_unless_present = "batch")]
    pub to: Vec<Recipient>,
    /// What it says, in a line
    #[arg(long, required_unless_present = "batch")]
    pub title: Option<String>,
    /// More words
    #[arg(long)]
    pub body: Option<String>,
    /// How urgent it is
    #[arg(long, value_enum)]
    pub severity: Option<Severity>,
    /// What kind of notification it is, in your own terms
    #[arg(long = "type", value_name = "TYPE")]
    pub kind: Option<String>,
    /// The Socket.IO event that carries it, for an existing front end's own listeners
    #[arg(long, value_name = "NAME")]
    pub event: Option<String>,
    /// Where it leads
    #[arg(long, value_name = "URL")]
    pub link: Option<String>,
    /// Anything your front end needs, as JSON
    #[arg(long, value_name = "JSON", value_parser = json_value)]
    pub data: Option<serde_json::Value>,
    /// When it stops being of interest, such as 2027-01-31T18:00:00Z
    #[arg(long, value_name = "TIME")]
    pub expires_at: Option<String>,
    /// Ask each recipient to acknowledge it
    #[arg(long)]
    pub requires_ack: bool,
    /// When to publish it, in RFC 3339: 2030-01-31T22:00:00Z; at once if not given
    #[arg(long, value_name = "TIME")]
    pub deliver_at: Option<String>,
    /// Take the place of the last one with the same key for the same audience, where nobody has read it
    #[arg(long, value_name = "KEY")]
    pub collapse_key: Option<String>,
    /// A name for this notification: sending it again under the same name within a day publishes nothing
    #[arg(long, value_name = "KEY")]
    pub idempotency_key: Option<String>,
    /// Send many: a file with one notification as JSON on each line, as the API takes it; - is standard input
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = [
            "to", "title", "body", "severity", "kind", "event", "link", "data", "expires_at", "requires_ack",
            "deliver_at", "collapse_key", "idempotency_key",
        ]
    )]
    pub batch: Option<PathBuf>,
    /// The server; by default the configured listening address
    #[arg(long, env = "ATALAYA_URL", hide_env_values = true)]
    pub url: Option<String>,
    /// The access token of an administrator or operator
    #[arg(long, env = "ATALAYA_TOKEN", hide_env_values = true)]
    pub token: Option<String>,
    #[command(flatten)]
    pub flags: StoreFlags,
}

/// What a user may do, from most to least.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RoleName {
    Admin,
    Operator,
    User,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Severity {
    Info,
    Success,
    Warning,
    Critical,
}

/// One `--to`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recipient {
    Id(i64),
    Name(String),
    Role(String),
    Topic(String),
    All,
}

impl FromStr for Recipient {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once(':') {
            None if text == "all" => Ok(Self::All),
            Some(("user", name)) if !name.is_empty() => Ok(name
                .parse()
                .map_or_else(|_| Self::Name(name.to_owned()), Self::Id)),
            Some(("role", role)) if !role.is_empty() => Ok(Self::Role(role.to_owned())),
            Some(("topic", topic)) if !topic.is_empty() => Ok(Self::Topic(topic.to_owned())),
            _ => Err("expected user:27, user:NAME, role:operator, topic:alerts.north or all"),
        }
    }
}

fn lifetime(text: &str) -> Result<Duration, &'static str> {
    duration(text)
        .filter(|time| time.as_secs() >= 1)
        .ok_or("expected a time such as 30m, 12h or 7d")
}

fn json_value(text: &str) -> Result<serde_json::Value, String> {
    serde_json::from_str(text).map_err(|error| format!("not JSON: {error}"))
}

/// The flags that `serve` takes, by key.
pub type ServeFlags = SettingFlags<true>;
/// The flags of the commands that only open the database.
pub type StoreFlags = SettingFlags<false>;

/// Flags made from the table of settings; only those that were typed.
#[derive(Clone, Debug, Default)]
pub struct SettingFlags<const SERVE: bool>(pub BTreeMap<&'static str, String>);

impl<const SERVE: bool> SettingFlags<SERVE> {
    fn settings() -> impl Iterator<Item = &'static Setting> {
        SETTINGS.iter().filter(|setting| match setting.flag {
            Flag::Every => true,
            Flag::Serve => SERVE,
            Flag::None => false,
        })
    }
}

impl<const SERVE: bool> Args for SettingFlags<SERVE> {
    fn augment_args(command: ClapCommand) -> ClapCommand {
        command.args(Self::settings().map(|setting| {
            Arg::new(setting.key)
                // Built once in the life of the process.
                .long(&*setting.flag_name().leak())
                .value_name("VALUE")
                .hide_short_help(!SERVE)
                .help_heading(setting.section)
                .help(format!(
                    "{} [{}, by default {}]",
                    setting.help.trim_end_matches('.'),
                    setting.variable,
                    setting.default_in_words()
                ))
        }))
    }

    fn augment_args_for_update(command: ClapCommand) -> ClapCommand {
        Self::augment_args(command)
    }
}

impl<const SERVE: bool> clap::FromArgMatches for SettingFlags<SERVE> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let typed = Self::settings().filter_map(|setting| {
            let text = matches.get_one::<String>(setting.key)?;
            Some((setting.key, text.clone()))
        });
        Ok(Self(typed.collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_shows_an_example() {
        fn check(command: &ClapCommand) {
            let help = command
                .get_after_help()
                .map(ToString::to_string)
                .unwrap_or_default();
            assert!(help.contains("atalaya "), "{}", command.get_name());
            command.get_subcommands().for_each(check);
        }
        check(&Cli::command());
    }

    #[test]
    fn a_recipient_is_a_user_a_role_a_topic_or_all() {
        assert_eq!("user:27".parse(), Ok(Recipient::Id(27)));
        assert_eq!("user:ana".parse(), Ok(Recipient::Name("ana".into())));
        assert_eq!(
            "role:operator".parse(),
            Ok(Recipient::Role("operator".into()))
        );
        assert_eq!(
            "topic:alerts.north".parse(),
            Ok(Recipient::Topic("alerts.north".into()))
        );
        assert_eq!("all".parse(), Ok(Recipient::All));
        for wrong in ["", "27", "user:", "role", "everyone", "topic:"] {
            assert!(wrong.parse::<Recipient>().is_err(), "{wrong}");
        }
    }
}
