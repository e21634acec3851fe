//! The rules, one in each file; this is the list. A rule looks at a [`Case`] and says what is wrong with it.
//!
//! Only what a request for the site really meets is judged. Rules about where the requests go come first: while
//! they do not reach the back end, nothing is said of how it is asked.

mod address_denied;
mod api_elsewhere;
mod auth_in_the_way;
mod blame;
mod body_limit;
mod conflicting_server_name;
mod connection_always_upgrade;
mod connection_limit;
mod default_server;
mod forced_upgrade;
mod forwarded_headers;
mod front_end_address;
mod handshake_header_hidden;
mod headers;
mod http_version;
mod include_missing;
mod inherited_headers_lost;
mod nginx_refuses;
mod no_listener;
mod no_location;
mod no_resolver;
mod no_sticky_sessions;
mod path_rewritten;
mod path_swallowed;
mod polling_cached;
mod query_lost;
mod read_timeout;
mod redirected;
mod request_limit;
mod request_stripped;
mod site_not_enabled;
mod socket_path_differs;
mod syntax;
mod tls_mismatch;
mod unknown_variable;
mod upgrade_headers;
mod upstream_down;
mod wrong_address;

use crate::{
    case::Case,
    finding::Finding,
    front_end::FrontEnd,
    nginx::{Config, request::Origin, upstream::Authority},
    question::Question,
    root::Root,
};

/// A rule and its stable name.
#[derive(Clone, Copy)]
pub struct Rule {
    /// Its name in reports, and of its section in `docs/checks.md`.
    pub id: &'static str,
    check: Check,
}

#[derive(Clone, Copy)]
enum Check {
    /// Whether nginx loads the configuration at all.
    Loading(fn(&Config, &Root) -> Vec<Finding>),
    /// Which server block gets the requests, and what answers them.
    Route(fn(&Case<'_>) -> Vec<Finding>),
    /// How the back end is asked, where it is.
    Way(fn(&Case<'_>) -> Vec<Finding>),
    /// What the pages were told.
    FrontEnd(fn(&FrontEnd, &Site<'_>) -> Vec<Finding>),
}

/// The site as whoever judges other files than nginx's sees it.
pub(crate) struct Site<'s> {
    pub(crate) question: &'s Question,
    /// Where people open the page; `None` if nobody says so.
    pub(crate) origin: Option<Origin>,
    /// `None` if nginx refuses its configuration.
    pub(crate) case: Option<&'s Case<'s>>,
}

impl Site<'_> {
    /// Whether the site's server block has this name too.
    fn is_served(&self, host: &str) -> bool {
        let walks = self.case.and_then(|case| case.walks.as_ref());
        walks.is_some_and(|walks| walks.page.server().knows(host) && !host.is_empty())
    }

    /// Whether nginx is asked at this port.
    fn listens(&self, port: u16) -> bool {
        let servers = self.case.iter().flat_map(|case| &case.http.servers);
        let mut listens = servers.flat_map(|server| &server.listens);
        listens.any(|listen| listen.port == port)
    }

    /// The back end's addresses, as they were given or as nginx has them.
    fn back_ends(&self) -> Vec<Authority> {
        let direct = self.question.direct.as_ref().map(wrong_address::back_end);
        let proxied = self.case.map(|case| (case, case.proxied()));
        let asked = proxied.into_iter().flat_map(|(case, proxied)| {
            proxied
                .into_iter()
                .flat_map(|(_, proxied)| case.addresses(proxied))
        });
        direct
            .into_iter()
            .chain(asked.map(|(address, _)| address))
            .collect()
    }

    fn is_back_end_port(&self, port: u16) -> bool {
        self.back_ends().iter().any(|address| address.port == port)
    }

    fn is_back_end(&self, origin: &Origin) -> bool {
        let asked = Authority {
            host: origin.host.clone(),
            port: origin.port,
        };
        self.back_ends().contains(&asked)
    }
}

/// Every rule there is.
pub const RULES: [Rule; 36] = [
    syntax::RULE,
    include_missing::RULE,
    nginx_refuses::RULE,
    unknown_variable::RULE,
    no_listener::RULE,
    tls_mismatch::RULE,
    default_server::RULE,
    conflicting_server_name::RULE,
    site_not_enabled::RULE,
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
    socket_path_differs::RULE,
];

/// What nginx would refuse to load.
pub(crate) fn of_loading(config: &Config, root: &Root) -> Vec<Finding> {
    let loading = RULES.iter().filter_map(|rule| match rule.check {
        Check::Loading(check) => Some(check),
        _ => None,
    });
    let mut findings: Vec<Finding> = loading.flat_map(|check| check(config, root)).collect();
    // One mistake is often met twice: as what nginx cannot read, and as what that leads to.
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
    let route = RULES.iter().filter_map(|rule| match rule.check {
        Check::Route(check) => Some(check),
        _ => None,
    });
    let mut findings: Vec<Finding> = Vec::new();
    for check in route {
        // What a wrong server block does with the requests is not its fault: the first cause is named alone.
        if !findings
            .iter()
            .any(|finding| finding.severity == crate::finding::Severity::Error)
        {
            findings.extend(check(case));
        }
    }
    if findings
        .iter()
        .any(|finding| finding.severity == crate::finding::Severity::Error)
    {
        findings.extend(api_elsewhere::check(case));
        return findings;
    }
    let way = RULES.iter().filter_map(|rule| match rule.check {
        Check::Way(check) => Some(check),
        _ => None,
    });
    findings.extend(way.flat_map(|check| check(case)));
    findings
}

/// What is wrong with the pages' own addresses.
pub(crate) fn of_front_end(front_end: &FrontEnd, site: &Site<'_>) -> Vec<Finding> {
    let checks = RULES.iter().filter_map(|rule| match rule.check {
        Check::FrontEnd(check) => Some(check),
        _ => None,
    });
    checks.flat_map(|check| check(front_end, site)).collect()
}
