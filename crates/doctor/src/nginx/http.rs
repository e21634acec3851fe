//! The resolved picture of an `http` block: its servers, upstreams, maps and zones, by name.

use std::collections::HashMap;

use super::{
    Config,
    proxy::written_address,
    server::Server,
    stream::Front,
    tree::Directive,
    upstream::{Authority, Upstream},
};

/// Everything that a request's way depends on.
#[derive(Debug)]
pub struct Http<'c> {
    pub block: &'c Directive,
    pub servers: Vec<Server<'c>>,
    /// Those that hand connections on, perhaps to one of the servers.
    pub fronts: Vec<Front<'c>>,
    upstreams: HashMap<&'c str, Upstream<'c>>,
    /// `map`, `geo` and `split_clients`, by the variable that they make.
    sources: HashMap<&'c str, &'c Directive>,
}

impl<'c> Http<'c> {
    /// `None` if the configuration has no `http` block.
    pub fn of(config: &'c Config) -> Option<Self> {
        let block = config.directives.iter().find(|block| block.is("http"))?;
        let streams = config.directives.iter().filter(|block| block.is("stream"));
        let upstreams = block.all("upstream").filter_map(Upstream::new);
        Some(Self {
            block,
            servers: block.all("server").map(Server::new).collect(),
            fronts: streams.flat_map(Front::all_in).collect(),
            upstreams: upstreams
                .map(|upstream| (upstream.name, upstream))
                .collect(),
            sources: sources(block),
        })
    }

    pub fn upstream(&self, name: &str) -> Option<&Upstream<'c>> {
        self.upstreams.get(name)
    }

    /// Whether a `proxy_pass` has this address without a variable: nginx then looks it up when it starts, and knows it
    /// wherever else it is asked.
    pub fn is_looked_up(&self, address: &Authority) -> bool {
        looks_up(self.block, address)
    }

    /// The block that makes a variable.
    pub fn source(&self, variable: &str) -> Option<&'c Directive> {
        self.sources.get(variable).copied()
    }

    /// The `limit_req_zone` or `limit_conn_zone` of that name.
    pub fn zone(&self, directive: &str, name: &str) -> Option<&'c Directive> {
        let named = |zone: &&Directive| {
            zone.args.iter().any(|word| {
                let text = word.text.strip_prefix("zone=").unwrap_or_default();
                text.split(':').next() == Some(name)
            })
        };
        self.block.all(directive).find(named)
    }
}

fn looks_up(block: &Directive, address: &Authority) -> bool {
    block.children().iter().any(|child| {
        let here = child.is("proxy_pass") && written_address(child).as_ref() == Some(address);
        here || looks_up(child, address)
    })
}

fn sources(block: &Directive) -> HashMap<&str, &Directive> {
    let makes =
        |child: &&Directive| child.is("map") || child.is("geo") || child.is("split_clients");
    let named = |child| {
        let child: &Directive = child;
        let variable = child.args.last()?.text.strip_prefix('$')?;
        Some((variable, child))
    };
    block
        .children()
        .iter()
        .filter(makes)
        .filter_map(named)
        .collect()
}
