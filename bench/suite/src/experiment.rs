//! What is measured: each experiment is a list of steps, each step one run of `atalaya bench` against one
//! contender on a fresh database.

use atalaya_bench::Scenario;
use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use crate::{contender::Contender, sizes::Sizes};

#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ValueEnum,
)]
#[serde(rename_all = "kebab-case")]
pub enum Experiment {
    /// A storm of connects on a server that has just started, as after a deploy.
    Connect,
    /// The same on a server that has had one.
    Warm,
    /// Everybody leaves at once.
    Leave,
    /// Memory of idle connections, and after broadcasts.
    Idle,
    /// One notification to everybody, again and again.
    Broadcast,
    /// Notifications to one user each, at a rate.
    Direct,
    /// The same, each then read from the inbox: Atalaya alone has one.
    DirectRead,
    /// A day in a minute: Atalaya alone does all of it.
    Mixed,
    /// What `kill -9` leaves in the ledger.
    Ghosts,
    /// How Atalaya's costs grow with the connections.
    Growth,
    /// What a broadcast costs by the users that exist.
    Users,
    /// What the log costs.
    Log,
}

impl Experiment {
    pub const ALL: [Self; 12] = [
        Self::Connect,
        Self::Warm,
        Self::Leave,
        Self::Idle,
        Self::Broadcast,
        Self::Direct,
        Self::DirectRead,
        Self::Mixed,
        Self::Ghosts,
        Self::Growth,
        Self::Users,
        Self::Log,
    ];

    /// As it is typed, and as its file of results is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Warm => "warm",
            Self::Leave => "leave",
            Self::Idle => "idle",
            Self::Broadcast => "broadcast",
            Self::Direct => "direct",
            Self::DirectRead => "direct-read",
            Self::Mixed => "mixed",
            Self::Ghosts => "ghosts",
            Self::Growth => "growth",
            Self::Users => "users",
            Self::Log => "log",
        }
    }

    /// What one round of it consists of. The killing has steps of its own kind: [`crate::ghosts`].
    pub fn steps(self, sizes: &Sizes, contenders: &[Contender]) -> Vec<Step> {
        let among = |scenario, clients, warm_up| {
            let step = |contender: &Contender| Step::new(*contender, scenario, clients, warm_up);
            contenders.iter().map(step).collect::<Vec<_>>()
        };
        let (storm, crowd, some) = (sizes.storm, sizes.crowd, sizes.warm_up);
        match self {
            Self::Connect => among(Scenario::Connect, storm, 0),
            Self::Warm => among(Scenario::Connect, storm, storm),
            Self::Leave => among(Scenario::Leave, storm, some),
            // Memory is that of a server that has just started: what a warm-up had freed would be used again.
            Self::Idle => among(Scenario::Idle, crowd, 0),
            // A warm-up's broadcasts would be kept for those who come later; the crowd's own coming warms it.
            Self::Broadcast => among(Scenario::Broadcast, crowd, 0),
            Self::Direct => among(Scenario::Direct, crowd, some),
            Self::DirectRead => only_atalaya(among(Scenario::DirectRead, crowd, some)),
            Self::Mixed => only_atalaya(among(Scenario::Mixed, crowd, 0)),
            Self::Ghosts => Vec::new(),
            Self::Growth => growth(sizes),
            Self::Users => users(sizes),
            Self::Log => log(sizes),
        }
    }
}

/// One run of the load generator.
#[derive(Clone, Debug)]
pub struct Step {
    pub contender: Contender,
    pub scenario: Scenario,
    pub clients: u64,
    /// Clients of a small measurement before this one, so that compilers, pools and statements are warm. They
    /// are users of their own, after those of the clients.
    pub warm_up: u64,
    /// Connection attempts under way at once, where they are not as many as everywhere.
    pub at_once: Option<u64>,
    /// Rows in the table of users; the first publishes, those after it connect.
    pub users: u64,
    pub logs: bool,
    /// What tells this step from others of the same experiment, contender and scenario.
    pub variant: String,
}

impl Step {
    fn new(contender: Contender, scenario: Scenario, clients: u64, warm_up: u64) -> Self {
        Self {
            contender,
            scenario,
            clients,
            warm_up,
            at_once: None,
            users: 1 + clients + warm_up,
            logs: true,
            variant: clients.to_string(),
        }
    }
}

fn only_atalaya(mut steps: Vec<Step>) -> Vec<Step> {
    steps.retain(|step| step.contender.is_atalaya());
    steps
}

/// Enough for a server to have made what it makes once, such as its connections to the database: what is shared
/// among all connections is not to look like a cost of each when they are few.
const FIRST_CLIENTS: u64 = 20;

fn growth(sizes: &Sizes) -> Vec<Step> {
    let scenarios = [
        (Scenario::Connect, sizes.warm_up),
        (Scenario::Idle, FIRST_CLIENTS),
        (Scenario::Broadcast, 0),
    ];
    let at = |clients: &u64| {
        let clients = *clients;
        scenarios.map(|(scenario, warm_up)| Step {
            // The same part at once at every size: what a burst needs is kept for the next one, and is to be as
            // large a part of the memory everywhere.
            at_once: (scenario == Scenario::Idle).then_some(clients / 50),
            ..Step::new(Contender::AtalayaPostgres, scenario, clients, warm_up)
        })
    };
    sizes.growth.iter().flat_map(at).collect()
}

fn users(sizes: &Sizes) -> Vec<Step> {
    let of = |users: u64| Step {
        users,
        variant: users.to_string(),
        ..Step::new(
            Contender::AtalayaPostgres,
            Scenario::Broadcast,
            sizes.audience,
            0,
        )
    };
    sizes.users.map(of).to_vec()
}

/// How the variants of [`Experiment::Log`] are called.
pub const LOGGED: &str = "logged";
pub const SILENT: &str = "silent";

fn log(sizes: &Sizes) -> Vec<Step> {
    let with = |logs: bool| Step {
        logs,
        variant: if logs { LOGGED } else { SILENT }.to_owned(),
        ..Step::new(
            Contender::AtalayaPostgres,
            Scenario::Connect,
            sizes.crowd,
            sizes.warm_up,
        )
    };
    // What is looked for is smaller than the noise of one run.
    [true, false].repeat(3).into_iter().map(with).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_experiment_is_called_in_its_file_as_on_the_command_line() {
        for experiment in Experiment::ALL {
            let written = serde_json::to_string(&experiment).unwrap();
            assert_eq!(written, format!("{:?}", experiment.name()));
            let typed = experiment.to_possible_value().unwrap();
            assert_eq!(typed.get_name(), experiment.name());
        }
    }

    #[test]
    fn nobody_but_atalaya_is_asked_for_an_inbox() {
        let sizes = Sizes::scaled(1.0);
        let steps = Experiment::DirectRead.steps(&sizes, &Contender::ALL);
        assert_eq!(steps.len(), 2);
        assert!(steps.iter().all(|step| step.contender.is_atalaya()));
    }

    #[test]
    fn there_is_a_user_for_everybody_who_connects() {
        let sizes = Sizes::scaled(1.0);
        for experiment in Experiment::ALL {
            for step in experiment.steps(&sizes, &Contender::ALL) {
                assert!(step.users > step.clients + step.warm_up, "{step:?}");
            }
        }
    }
}
