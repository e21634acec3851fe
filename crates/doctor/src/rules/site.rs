//! The site as whoever judges other files than nginx's sees it.

use super::{address::authority, wrong_address};
use crate::{
    case::Case,
    front_end::FrontEnd,
    nginx::{request::Origin, tree::Directive, upstream::Authority},
    question::Question,
};

pub(crate) struct Site<'s> {
    pub(crate) question: &'s Question,
    /// Where people open the page; `None` if nobody says so.
    pub(crate) origin: Option<Origin>,
    /// The page's own requests; `None` if nginx refuses its configuration.
    pub(crate) page: Option<&'s Case<'s>>,
    /// The client's, which are often the page's too.
    pub(crate) case: Option<&'s Case<'s>>,
    pub(crate) front_end: &'s FrontEnd,
}

impl<'s> Site<'s> {
    pub(crate) fn new(
        question: &'s Question,
        page: Option<&'s Case<'s>>,
        case: Option<&'s Case<'s>>,
        front_end: &'s FrontEnd,
    ) -> Self {
        let asked = || question.url.as_ref().map(|url| url.origin.clone());
        Self {
            question,
            origin: page.map(|page| page.origin.clone()).or_else(asked),
            page,
            case,
            front_end,
        }
    }

    /// Whether the page's server block has this name too.
    pub(super) fn is_served(&self, host: &str) -> bool {
        let walks = self.page.and_then(|case| case.walks.as_ref());
        walks.is_some_and(|walks| walks.page.server().knows(host) && !host.is_empty())
    }

    /// Whether nginx is asked at this port.
    pub(super) fn listens(&self, port: u16) -> bool {
        let servers = self.case.iter().flat_map(|case| &case.http.servers);
        let mut listens = servers.flat_map(|server| &server.listens);
        listens.any(|listen| listen.port == port)
    }

    /// The back end's addresses, as they were given or as nginx has them.
    fn back_ends(&self) -> Vec<Authority> {
        let direct = self.question.direct.as_ref().map(wrong_address::back_end);
        let case = self.case.map(Case::innermost);
        let proxied = case.map(|case| (case, case.proxied()));
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

    /// The ports of this machine at which the back end is asked, the surest first.
    pub(super) fn local_ports(&self) -> Vec<u16> {
        let local = self.back_ends().into_iter();
        local
            .filter(|address| address.is_loopback() && address.port != 0)
            .map(|address| address.port)
            .collect()
    }

    /// Where nginx sends Socket.IO's requests, and the directive that says so.
    pub(super) fn asked(&self) -> Vec<(Authority, &'s Directive)> {
        let Some(case) = self.case.map(Case::innermost) else {
            return Vec::new();
        };
        let proxied = case.proxied().into_iter();
        let mut asked: Vec<_> = proxied
            .flat_map(|(_, proxied)| case.addresses(proxied))
            .collect();
        asked.dedup_by(|a, b| a.0 == b.0);
        asked
    }

    /// Whether nginx asks at this port of whatever machine, for whatever requests.
    pub(super) fn is_asked(&self, port: u16) -> bool {
        let directives = self.case.map(|case| &case.config.directives[..]);
        directives.is_some_and(|directives| asks(directives, port))
    }

    pub(super) fn is_back_end_port(&self, port: u16) -> bool {
        self.back_ends().iter().any(|address| address.port == port)
    }

    pub(super) fn is_back_end(&self, origin: &Origin) -> bool {
        let asked = Authority {
            host: origin.host.clone(),
            port: origin.port,
        };
        self.back_ends().contains(&asked)
    }
}

/// Whether a `proxy_pass`, or the `server` of an `upstream`, has this port.
fn asks(directives: &[Directive], port: u16) -> bool {
    directives.iter().any(|directive| {
        let address = directive.arg(0).unwrap_or_default();
        let here = match directive.name.text.as_str() {
            "proxy_pass" => Authority::parse(authority(address), 80).port == port,
            "server" if directive.children().is_empty() => {
                Authority::parse(address, 80).port == port
            }
            _ => false,
        };
        here || asks(directive.children(), port)
    })
}
