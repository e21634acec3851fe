//! The rules, one in each file; this is the list. A rule looks at a [`Case`] and says what is wrong with it.
//!
//! Only what a request for the site really meets is judged. Rules about where the requests go come first: while
//! they do not reach the back end, nothing is said of how it is asked.

mod address;
mod address_denied;
mod api_elsewhere;
mod auth_in_the_way;
mod back_end;
mod back_end_down;
mod back_end_elsewhere;
mod back_end_fails;
mod blame;
mod body_limit;
mod certificate;
mod client;
mod clock_skew;
mod cluster_mode;
mod conflicting_server_name;
mod connect_src;
mod connection_always_upgrade;
mod connection_limit;
mod cors_header_lost;
mod cors_header_twice;
mod cors_origin_differs;
mod cross_origin;
mod database_unreachable;
mod default_server;
mod development_mode;
mod engine_io_version;
mod forced_upgrade;
mod forwarded_headers;
mod front_end_address;
mod handshake_header_hidden;
mod headers;
mod http_version;
mod include_missing;
mod inherited_headers_lost;
mod listening;
mod logs_discarded;
mod loopback_family;
mod machine_code_denied;
mod missed_name;
mod near;
mod near_origin;
mod network_denied;
mod nginx_refuses;
mod no_listener;
mod no_location;
mod no_resolver;
mod no_sticky_sessions;
mod open_files_limit;
mod origin_refused;
mod page_fallback;
mod path_rewritten;
mod path_swallowed;
mod polling_cached;
mod port_differs;
mod process_file;
mod proxy_protocol;
mod query_lost;
mod read_timeout;
mod redirected;
mod request_limit;
mod request_stripped;
mod restart_loop;
mod restart_missing;
mod row_not_closed;
mod row_not_written;
mod semicolon_missing;
mod session_split;
mod site;
mod site_not_enabled;
mod site_unreachable;
mod socket_path_differs;
mod start_fails;
mod syntax;
mod tls_mismatch;
mod token_refused;
mod unknown_variable;
mod upgrade_headers;
mod upstream_down;
mod watch_mode;
mod way_broken;
mod wrong_address;

use crate::{
    case::Case,
    finding::{Finding, Place},
    front_end::FrontEnd,
    language::Title,
    live::Live,
    nginx::{Config, Proxied, Walk},
    process::Processes,
    root::Root,
};

pub(crate) use self::{blame::decisive, client::Client, near::is_near, site::Site};

/// A rule and its stable name.
#[derive(Clone, Copy)]
pub struct Rule {
    /// Its name in reports, and of its section in `docs/checks.md`.
    pub id: &'static str,
    /// What it is about, in a line.
    pub title: Title,
    /// One for each kind of evidence.
    checks: &'static [Check],
}

impl Rule {
    /// Whether it judges only what a live examination saw, and not files.
    pub fn is_live(&self) -> bool {
        matches!(self.checks, [Check::Live(_)])
    }
}

#[derive(Clone, Copy)]
enum Check {
    /// Whether nginx loads the configuration at all.
    Loading(fn(&Config, &Root) -> Vec<Finding>),
    /// Which server block gets the requests, and what answers them.
    Route(fn(&Case<'_>) -> Vec<Finding>),
    /// What can be said even while Socket.IO's own requests go astray.
    Beside(fn(&Case<'_>) -> Vec<Finding>),
    /// How the back end is asked, where it is.
    Way(fn(&Case<'_>) -> Vec<Finding>),
    /// What the pages were told.
    FrontEnd(fn(&FrontEnd, &Site<'_>) -> Vec<Finding>),
    /// How the server is run.
    Processes(fn(&Processes, &Site<'_>) -> Vec<Finding>),
    /// What a live examination saw.
    Live(fn(&Live<'_>) -> Vec<Finding>),
}

/// Every rule there is.
pub const RULES: [Rule; 68] = [
    syntax::RULE,
    include_missing::RULE,
    nginx_refuses::RULE,
    semicolon_missing::RULE,
    unknown_variable::RULE,
    // A site that is written for this very name is what is missing, and not a port or a name of another one.
    site_not_enabled::RULE,
    no_listener::RULE,
    tls_mismatch::RULE,
    proxy_protocol::RULE,
    default_server::RULE,
    conflicting_server_name::RULE,
    redirected::RULE,
    no_location::RULE,
    path_swallowed::RULE,
    wrong_address::RULE,
    upstream_down::RULE,
    api_elsewhere::RULE,
    path_rewritten::RULE,
    query_lost::RULE,
    no_resolver::RULE,
    upgrade_headers::RULE,
    forced_upgrade::RULE,
    inherited_headers_lost::RULE,
    connection_always_upgrade::RULE,
    http_version::RULE,
    handshake_header_hidden::RULE,
    request_stripped::RULE,
    read_timeout::RULE,
    no_sticky_sessions::RULE,
    polling_cached::RULE,
    body_limit::RULE,
    request_limit::RULE,
    connection_limit::RULE,
    auth_in_the_way::RULE,
    address_denied::RULE,
    forwarded_headers::RULE,
    front_end_address::RULE,
    page_fallback::RULE,
    socket_path_differs::RULE,
    cors_header_lost::RULE,
    cors_header_twice::RULE,
    cors_origin_differs::RULE,
    connect_src::RULE,
    process_file::RULE,
    development_mode::RULE,
    cluster_mode::RULE,
    watch_mode::RULE,
    logs_discarded::RULE,
    port_differs::RULE,
    start_fails::RULE,
    machine_code_denied::RULE,
    restart_loop::RULE,
    restart_missing::RULE,
    open_files_limit::RULE,
    network_denied::RULE,
    back_end_down::RULE,
    back_end_elsewhere::RULE,
    back_end_fails::RULE,
    engine_io_version::RULE,
    origin_refused::RULE,
    site_unreachable::RULE,
    way_broken::RULE,
    certificate::RULE,
    clock_skew::RULE,
    token_refused::RULE,
    database_unreachable::RULE,
    row_not_written::RULE,
    row_not_closed::RULE,
];

/// Whether an error by this rule keeps other rules from judging: nothing is asked of what requests do not reach.
pub(crate) fn hides_others(rule: &str) -> bool {
    let rule = RULES.iter().find(|known| known.id == rule);
    let checks = rule.into_iter().flat_map(|rule| rule.checks);
    checks
        .into_iter()
        .any(|check| matches!(check, Check::Loading(_) | Check::Route(_)))
}

/// The checks of one kind, in the order of the list.
macro_rules! checks {
    ($kind:ident) => {
        RULES
            .iter()
            .flat_map(|rule| rule.checks)
            .filter_map(|check| match check {
                Check::$kind(check) => Some(check),
                _ => None,
            })
    };
}

/// What nginx would refuse to load.
pub(crate) fn of_loading(config: &Config, root: &Root) -> Vec<Finding> {
    let mut findings: Vec<_> = checks!(Loading)
        .flat_map(|check| check(config, root))
        .collect();
    // One mistake is often met twice: as what nginx cannot read, and as what that leads to.
    let line = |finding: &Finding| finding.place.as_ref().map(Place::at);
    let refused = findings
        .iter()
        .filter(|finding| finding.rule == nginx_refuses::RULE.id);
    let refused: Vec<_> = refused.map(line).collect();
    findings.retain(|finding| {
        finding.rule != semicolon_missing::RULE.id || !refused.contains(&line(finding))
    });
    let unreadable =
        |finding: &Finding| finding.rule == syntax::RULE.id && !syntax::is_end_of_file(finding);
    if findings.iter().any(unreadable) {
        findings.retain(unreadable);
    } else if findings
        .iter()
        .any(|finding| finding.rule == nginx_refuses::RULE.id)
    {
        // Where a brace is missing, nginx stumbles long before the end of the file.
        findings.retain(|finding| !syntax::is_end_of_file(finding));
    }
    findings
}

/// What is wrong with the site.
pub(crate) fn judge(case: &Case<'_>) -> Vec<Finding> {
    let mut findings = of_route(case);
    let arrives = !findings.iter().any(Finding::is_error);
    findings.extend(checks!(Beside).flat_map(|check| check(case)));
    if arrives {
        findings.extend(checks!(Way).flat_map(|check| check(case)));
        findings.extend(case.inner.iter().flat_map(|inner| judge(inner)));
    }
    findings
}

/// What a wrong server block does with the requests is not its fault: the first cause is named alone.
fn of_route(case: &Case<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for check in checks!(Route) {
        findings.extend(check(case));
        if findings.iter().any(Finding::is_error) {
            break;
        }
    }
    findings
}

/// What is wrong with the pages' own addresses.
pub(crate) fn of_front_end(front_end: &FrontEnd, site: &Site<'_>) -> Vec<Finding> {
    checks!(FrontEnd)
        .flat_map(|check| check(front_end, site))
        .collect()
}

/// What is wrong with how the server is run.
pub(crate) fn of_processes(processes: &Processes, site: &Site<'_>) -> Vec<Finding> {
    checks!(Processes)
        .flat_map(|check| check(processes, site))
        .collect()
}

/// What a live examination shows beyond the files.
pub(crate) fn of_live(live: &Live<'_>) -> Vec<Finding> {
    checks!(Live).flat_map(|check| check(live)).collect()
}

/// For a rule that finds one thing, or nothing.
fn one(finding: Option<Finding>) -> Vec<Finding> {
    finding.into_iter().collect()
}

/// A rule about a single request of Socket.IO that reaches a back end.
type Judge<'c> = fn(&Case<'c>, &Walk<'c>, &Proxied<'c>) -> Option<Finding>;

/// Judges each of Socket.IO's requests that reaches a back end.
fn each_proxied<'c>(case: &Case<'c>, judge: Judge<'c>) -> Vec<Finding> {
    let judged = case.proxied().into_iter();
    judged
        .filter_map(|(walk, proxied)| judge(case, walk, proxied))
        .collect()
}

/// The same for what one mistake does to all of them: it is told once.
fn first_proxied<'c>(case: &Case<'c>, judge: Judge<'c>) -> Vec<Finding> {
    let mut judged = case.proxied().into_iter();
    one(judged.find_map(|(walk, proxied)| judge(case, walk, proxied)))
}
