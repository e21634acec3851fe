//! One site under examination: the configuration, the requests that a client makes, and the way of each.

use crate::{
    arrival::{address_of, arriving},
    finding::{Finding, Place, Severity},
    language::Text,
    nginx::{
        Config, Http, Landing, Proxied, Target, Walk,
        listen::Listen,
        request::{Origin, Request},
        server::{Arrival, Choice, Why, choose, choose_at},
        stream::Front,
        tree::{Directive, Pos},
        upstream::{Authority, Peer},
        walk,
    },
    question::{DEFAULT_PATH, Question},
    root::Root,
};

/// nginx asks itself, and there again itself: more often than this is a circle.
const MAX_HOPS: usize = 4;

/// A page that redirects more often than this is going in circles.
const MAX_REDIRECTS: usize = 5;

/// What a rule looks at.
#[derive(Debug)]
pub struct Case<'c> {
    pub config: &'c Config,
    pub http: &'c Http<'c>,
    pub root: &'c Root,
    pub question: &'c Question,
    /// Where the client's requests arrive, after the redirects that the whole site makes.
    pub origin: Origin,
    /// The same as nginx sees it.
    pub arriving: Origin,
    /// The server block that gets them; `None` if none listens there.
    choice: Option<Choice<'c>>,
    /// `None` if no server block listens there.
    pub walks: Option<Walks<'c>>,
    /// The site redirects to itself without end; the last redirect.
    pub circle: Option<&'c Directive>,
    /// The path that is asked for here: the client's, or what was made of it on the way here.
    pub path: String,
    /// What the server block before this one tells it, where nginx asks itself.
    told: Vec<(String, String)>,
    /// TLS ends at the server block before this one, so that nothing stands in front of it.
    is_whole: bool,
    /// Who hands the connections on to here, of the `stream` block.
    pub front: Option<&'c Front<'c>>,
    /// The directive by which nginx asks itself here.
    pub sender: Option<&'c Directive>,
    /// How many server blocks the requests have been through.
    hops: usize,
    /// The next server block, where nginx asks itself.
    pub inner: Option<Box<Self>>,
}

/// The requests of a client, and the way of each.
#[derive(Debug)]
pub struct Walks<'c> {
    /// The first request: polling, without a session.
    pub handshake: Walk<'c>,
    /// The long poll.
    pub poll: Walk<'c>,
    /// A message by polling.
    pub post: Walk<'c>,
    pub websocket: Walk<'c>,
    /// The page itself.
    pub page: Walk<'c>,
    pub api: Walk<'c>,
}

impl<'c> Walks<'c> {
    /// The four requests of Socket.IO.
    pub fn socket(&self) -> [&Walk<'c>; 4] {
        [&self.handshake, &self.poll, &self.post, &self.websocket]
    }
}

impl<'c> Case<'c> {
    /// Follows a client's requests to `origin`.
    pub fn new(
        config: &'c Config,
        http: &'c Http<'c>,
        root: &'c Root,
        question: &'c Question,
        origin: Origin,
    ) -> Self {
        let mut case = Self::before(config, http, root, question, &origin);
        case.arrive(origin);
        case.follow_redirects();
        case.look_inside();
        case
    }

    /// The same site, with another question about it.
    pub fn asking<'a>(&self, question: &'a Question) -> Case<'a>
    where
        'c: 'a,
    {
        let origin = self.origin.clone();
        Case::new(self.config, self.http, self.root, question, origin)
    }

    /// The same question about requests to another origin, which no redirect leads on from there: scripts do not
    /// follow the page.
    pub fn at_origin(&self, origin: Origin) -> Self {
        let mut case = Self::before(self.config, self.http, self.root, self.question, &origin);
        case.arrive(origin);
        case.look_inside();
        case
    }

    /// Where the page's own redirect leads, if that is another origin.
    pub fn moved(&self) -> Option<Origin> {
        let walks = self.walks.as_ref()?;
        let (to, _) = redirect(&walks.page, &self.origin)?;
        (to != self.origin).then_some(to)
    }

    /// The same from a page of another origin, which a browser names with every request.
    pub fn at_origin_from(&self, origin: Origin, page: &Origin) -> Self {
        let mut case = Self::before(self.config, self.http, self.root, self.question, &origin);
        if *page != origin {
            case.told = named(page).into();
        }
        case.arrive(origin);
        case.look_inside();
        case
    }

    fn before(
        config: &'c Config,
        http: &'c Http<'c>,
        root: &'c Root,
        question: &'c Question,
        origin: &Origin,
    ) -> Self {
        Self {
            config,
            http,
            root,
            question,
            arriving: origin.clone(),
            origin: origin.clone(),
            choice: None,
            walks: None,
            circle: None,
            path: question.path.clone(),
            told: Vec::new(),
            is_whole: false,
            front: None,
            sender: None,
            hops: 0,
            inner: None,
        }
    }

    /// Goes on where nginx asks itself.
    fn look_inside(&mut self) {
        let handshake = self.walks.as_ref().map(|walks| &walks.handshake);
        self.inner = handshake.and_then(|walk| self.behind(walk)).map(Box::new);
    }

    /// The server block that a request gets to next, if it is one of this nginx.
    fn behind(&self, walk: &Walk<'c>) -> Option<Self> {
        let proxied = walk.proxied()?;
        let path = proxied.path().filter(|_| self.hops < MAX_HOPS)?;
        let (listen, asked) = self.own_listener(proxied)?;
        let told = proxied.headers.iter().filter_map(|header| {
            // Whether it hands on the upgrade is judged where it does not.
            let is_upgrade = matches!(header.name.as_str(), "upgrade" | "connection");
            let value = header.value.known().filter(|_| !is_upgrade)?;
            Some((header.name.clone(), value.to_owned()))
        });
        // What names the page goes through.
        let named = self.told.iter().filter(|(name, _)| name == "origin");
        let told: Vec<_> = named.cloned().chain(told).collect();
        let host = told.iter().rfind(|(name, _)| name == "host");
        let host = host.map_or_else(|| asked.clone(), |(_, host)| Authority::parse(host, 80));
        let arriving = Origin {
            scheme: if proxied.scheme == "https" {
                "https"
            } else {
                "http"
            },
            host: host.host,
            port: listen.port,
        };
        let choice = choose_at(
            &self.http.servers,
            &listen.address,
            listen.port,
            &arriving.host,
        );
        let (question, origin) = (self.question, &self.origin);
        let mut inner = Self {
            path: path.to_owned(),
            hops: self.hops + 1,
            arriving,
            choice,
            told,
            is_whole: self.is_whole || walk.choice.listen.tls,
            sender: Some(proxied.pass),
            ..Self::before(self.config, self.http, self.root, question, origin)
        };
        inner.walks = inner.walk_all();
        let walks = inner.walks.as_ref()?;
        let redirect = whole_redirect(walks, &inner.origin);
        inner.circle = redirect.and_then(|(to, by)| (to == inner.origin).then_some(by));
        inner.look_inside();
        Some(inner)
    }

    /// The last server block on the way.
    pub fn innermost(&self) -> &Self {
        self.inner.as_ref().map_or(self, |inner| inner.innermost())
    }

    /// Where nginx itself listens at each address that is asked; the first of them.
    fn own_listener(&self, proxied: &Proxied<'c>) -> Option<(Listen<'c>, Authority)> {
        let mut found = self.peers(proxied).into_iter().map(|(asked, _)| {
            let servers = self.http.servers.iter();
            let mut listens = servers.flat_map(|server| &server.listens);
            let listen = listens.find(|listen| listen.takes(&asked))?.clone();
            Some((listen, asked))
        });
        let first = found.next()??;
        found.all(|other| other.is_some()).then_some(first)
    }

    /// Follows the requests from another origin on.
    fn arrive(&mut self, origin: Origin) {
        self.arriving = arriving(self.http, self.question, &origin);
        self.origin = origin;
        self.front = self.http.fronts.iter().find(|front| {
            let mut listens = front.listens.iter();
            listens.any(|listen| listen.port == self.origin.port)
        });
        if let Some(front) = self.front {
            self.choice = self.handed_on(front);
            self.walks = self.walk_all();
            return;
        }
        let host = &self.arriving.host;
        let address = address_of(self.root, host);
        let arrival = Arrival {
            address: address.as_deref(),
            port: self.arriving.port,
            host,
        };
        self.choice = choose(&self.http.servers, arrival);
        self.walks = self.walk_all();
    }

    /// The server block that gets the connections of a `stream` server, if it is one of this nginx.
    fn handed_on(&mut self, front: &Front<'c>) -> Option<Choice<'c>> {
        let target = front.target(&self.origin.host)?;
        let servers = &self.http.servers;
        let mut listens = servers.iter().flat_map(|server| &server.listens);
        let listen = listens.find(|listen| listen.takes(&target))?;
        self.arriving = Origin {
            port: listen.port,
            ..self.origin.clone()
        };
        choose_at(servers, &listen.address, listen.port, &self.origin.host)
    }

    /// Whether nginx asks itself here.
    pub fn is_inner(&self) -> bool {
        self.hops > 0
    }

    /// A browser that opens the page ends where the page's redirects lead, and its client with it.
    fn follow_redirects(&mut self) {
        let mut seen = vec![self.origin.clone()];
        for _ in 0..MAX_REDIRECTS {
            let Some(walks) = &self.walks else { return };
            let Some((origin, by)) = whole_redirect(walks, &self.origin) else {
                return;
            };
            if seen.contains(&origin) {
                self.circle = Some(by);
                return;
            }
            seen.push(origin.clone());
            self.arrive(origin);
        }
    }

    fn walk_all(&self) -> Option<Walks<'c>> {
        let choice = self.choice.as_ref()?;
        let path = self.path.as_str();
        let polling = "EIO=4&transport=polling";
        let get = |path: &str, query: &str| self.get(path, query);
        let follow = |request| walk(self.http, self.root, choice.clone(), request);
        let url = self.question.url.as_ref().filter(|_| self.hops == 0);
        let page = url.map_or("/", |url| url.path.as_str());
        Some(Walks {
            handshake: follow(get(path, &format!("{polling}&t=a1"))),
            poll: follow(get(path, &format!("{polling}&t=b2&sid={SID}"))),
            post: follow(get(path, &format!("{polling}&t=c3&sid={SID}")).posted()),
            websocket: follow(get(path, "EIO=4&transport=websocket").upgraded()),
            page: follow(get(page, "")),
            api: follow(get("/api/", "")),
        })
    }

    fn get(&self, path: &str, query: &str) -> Request {
        let mut request = Request::get(&self.arriving, path, query).told(&self.told);
        request.is_whole = self.is_whole;
        request
    }

    /// The way of a plain request of the page.
    pub fn walk_to(&self, path: &str) -> Option<Walk<'c>> {
        let request = self.get(path, "");
        Some(walk(self.http, self.root, self.choice.clone()?, request))
    }

    /// The handshake's way if the client asked for this path.
    pub fn handshake_at(&self, path: &str) -> Option<Walk<'c>> {
        let request = self.get(path, "EIO=4&transport=polling");
        Some(walk(self.http, self.root, self.choice.clone()?, request))
    }

    /// The same of a websocket.
    pub fn websocket_at(&self, path: &str) -> Option<Walk<'c>> {
        let request = self.get(path, "EIO=4&transport=websocket").upgraded();
        Some(walk(self.http, self.root, self.choice.clone()?, request))
    }

    /// The way of a request for this path from a page of another origin, which a browser names.
    pub fn walk_from(&self, page: &Origin, path: &str) -> Option<Walk<'c>> {
        self.walk_named(page, self.get(path, ""))
    }

    /// The same of polling: the handshake, and a message.
    pub fn polled_from(&self, page: &Origin) -> Option<[Walk<'c>; 2]> {
        let query = "EIO=4&transport=polling";
        let handshake = self.get(&self.path, query);
        let post = self.get(&self.path, &format!("{query}&sid={SID}")).posted();
        Some([
            self.walk_named(page, handshake)?,
            self.walk_named(page, post)?,
        ])
    }

    fn walk_named(&self, page: &Origin, request: Request) -> Option<Walk<'c>> {
        let request = request.told(&named(page));
        Some(walk(self.http, self.root, self.choice.clone()?, request))
    }

    /// The handshake's way if another server block had got it.
    pub fn walk_in(&self, server: usize) -> Walk<'c> {
        let request = self.get(&self.path, "EIO=4&transport=polling");
        walk(self.http, self.root, self.choice_of(server), request)
    }

    fn choice_of(&self, server: usize) -> Choice<'c> {
        let listens = &self.http.servers[server].listens;
        let at_port = listens
            .iter()
            .find(|listen| listen.port == self.arriving.port);
        let listen = at_port.or(listens.first()).cloned();
        Choice {
            server,
            listen: listen.unwrap_or_else(Listen::implicit),
            why: Why::Only,
            captures: Default::default(),
            ignored: Vec::new(),
        }
    }

    /// Whether a back end gets the request with a path that a Socket.IO server owns.
    pub fn reaches_socket_io(&self, walk: &Walk<'c>) -> bool {
        if let Some(inner) = self.behind(walk) {
            let handshake = inner.walks.as_ref().map(|walks| &walks.handshake);
            return handshake.is_some_and(|walk| inner.reaches_socket_io(walk));
        }
        let path = walk.proxied().map(Proxied::path);
        path.is_some_and(|path| path.is_none_or(|path| self.owns(path)))
    }

    /// Whether a Socket.IO server listens at this path, as far as that is known.
    pub fn owns(&self, path: &str) -> bool {
        match &self.question.known.socket_path {
            Some(own) => path == own,
            None => path == self.question.path || path == DEFAULT_PATH,
        }
    }

    /// The walks that reach a back end, for rules that judge how it is asked.
    pub fn proxied(&self) -> Vec<(&Walk<'c>, &Proxied<'c>)> {
        let Some(walks) = &self.walks else {
            return Vec::new();
        };
        let socket = walks.socket().into_iter();
        socket
            .filter_map(|walk| Some((walk, walk.proxied()?)))
            .collect()
    }

    /// The back ends that may be asked, each with the directive that names it; none where nginx asks itself.
    pub fn addresses(&self, proxied: &Proxied<'c>) -> Vec<(Authority, &'c Directive)> {
        match self.own_listener(proxied) {
            Some(_) => Vec::new(),
            None => self.peers(proxied),
        }
    }

    /// The back ends that a request may end at.
    pub fn back_ends(&self, walk: &Walk<'c>) -> Vec<Authority> {
        let proxied = walk.proxied().into_iter();
        let addresses = proxied.flat_map(|proxied| self.addresses(proxied));
        addresses.map(|(address, _)| address).collect()
    }

    /// Whoever may be asked.
    pub fn peers(&self, proxied: &Proxied<'c>) -> Vec<(Authority, &'c Directive)> {
        match &proxied.target {
            Target::Address(address) => vec![(address.clone(), proxied.pass)],
            Target::Unknown(_) => Vec::new(),
            Target::Upstream(name) => {
                let upstream = self.http.upstream(name);
                let peers = upstream.into_iter().flat_map(|upstream| upstream.active());
                peers
                    .map(|peer: &Peer<'c>| (peer.address.clone(), peer.directive))
                    .collect()
            }
        }
    }

    pub fn place(&self, directive: &Directive) -> Place {
        self.config.place(directive.pos)
    }

    /// `file:line` of a directive.
    pub fn at(&self, directive: &Directive) -> String {
        self.config.at(directive.pos)
    }

    /// A finding at a place of the configuration.
    pub fn finding(
        &self,
        rule: &'static str,
        severity: Severity,
        pos: Pos,
        message: Text,
        effect: Text,
    ) -> Finding {
        Finding::new(rule, severity, self.config.place(pos), message, effect)
    }
}

/// The headers by which a browser names a page.
fn named(page: &Origin) -> [(String, String); 2] {
    let named = [("origin", ""), ("referer", "/")];
    named.map(|(name, end)| (name.to_owned(), format!("{page}{end}")))
}

/// A session id as Engine.IO's are.
const SID: &str = "lv_VI97HAXpY6yYWAAAC";

/// Where the page and the handshake both are redirected to, if to one and the same other origin.
fn whole_redirect<'c>(walks: &Walks<'c>, origin: &Origin) -> Option<(Origin, &'c Directive)> {
    let (page, by) = redirect(&walks.page, origin)?;
    let (handshake, _) = redirect(&walks.handshake, origin)?;
    (page == handshake).then_some((page, by))
}

/// The origin that a redirect leads to, and the directive that says so.
pub(crate) fn redirect<'c>(walk: &Walk<'c>, origin: &Origin) -> Option<(Origin, &'c Directive)> {
    let Landing::Answer {
        status: 301 | 302 | 303 | 307 | 308,
        text: Some(text),
        by,
    } = &walk.landing
    else {
        return None;
    };
    let text = text.known()?;
    if text.starts_with('/') {
        return Some((origin.clone(), by));
    }
    let url: crate::url::Url = text.parse().ok()?;
    Some((url.origin, by))
}
