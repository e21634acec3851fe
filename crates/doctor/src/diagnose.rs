//! From a question to an answer.

use std::{collections::BTreeMap, io, path::PathBuf};

use serde::Serialize;
use thiserror::Error;

use crate::{
    case::Case,
    document::Unreadable,
    explain::{Explanation, explain},
    finding::{Finding, Severity},
    front_end::FrontEnd,
    language::Text,
    live::Way,
    nginx::{
        Config, Http,
        request::Origin,
        server::{NameKind, Server},
    },
    page::{named_by_maps, pages},
    process::Processes,
    question::Question,
    root::Root,
    rules::{self, Client, Site},
};

/// What was found.
#[derive(Clone, Debug)]
pub struct Diagnosis {
    pub verdict: Verdict,
    /// The worst first.
    pub findings: Vec<Finding>,
    /// The steps of a live examination; none where only files are read.
    pub probes: Vec<Probe>,
    /// What the files say of the requests' way; `None` if there is none.
    pub way: Option<Way>,
    /// The files that findings point at, for whoever shows excerpts.
    pub texts: BTreeMap<PathBuf, String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    Healthy,
    Faulty,
}

/// A step of a live examination.
#[derive(Clone, Debug)]
pub struct Probe {
    pub step: String,
    pub target: String,
    pub ok: bool,
    pub duration_ms: u64,
    pub detail: Text,
}

/// Why there is no answer.
#[derive(Debug, Error)]
pub enum CouldNotRun {
    #[error("the root cannot be read: {0}")]
    Root(#[from] io::Error),
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// A file beside nginx's cannot be read.
    #[error(transparent)]
    Other(Unreadable),
    /// The configuration has no `http` block.
    #[error("the configuration has no http block, so it serves no site")]
    NoSite,
    /// Several sites, and no URL that picks one.
    #[error("the configuration has several sites: {}", .0.join(", "))]
    WhichSite(Vec<String>),
    /// The URL that is to be explained leads to no server block.
    #[error("no server block listens where {0} leads")]
    NobodyListens(String),
}

/// What shows at a first look: what goes astray hides what is wrong further on.
pub(crate) fn look(root: &Root, question: &Question) -> Result<Diagnosis, CouldNotRun> {
    let file = question.nginx.as_ref();
    let config = file.map(|file| Config::load(root, file)).transpose()?;
    let front_end = FrontEnd::read(root, question).map_err(CouldNotRun::Other)?;
    let processes = Processes::read(root, question).map_err(CouldNotRun::Other)?;
    let question = &Question {
        known: question.known.clone().or(processes.known()),
        is_websocket_only: front_end.is_websocket_only,
        ..question.clone()
    };
    let mut findings = match &config {
        Some(config) => rules::of_loading(config, root),
        None => Vec::new(),
    };
    let is_refused = findings.iter().any(|finding| finding.severity.is_fault());
    let http = config.as_ref().and_then(Http::of);
    let page = match (&config, &http) {
        (Some(_), None) if findings.is_empty() => return Err(CouldNotRun::NoSite),
        (Some(config), Some(http)) if !is_refused => {
            let origin = origin_of(question, http)?;
            Some(Case::new(config, http, root, question, origin))
        }
        // nginx does not run what it refuses, so how it would behave is no question.
        _ => None,
    };
    // The page's own files say more of the client than the page's address does.
    let client = page.as_ref().map(|page| Client::of(page, &front_end));
    let asked = &Question {
        path: client
            .as_ref()
            .map_or_else(|| question.path.clone(), |client| client.path.clone()),
        ..question.clone()
    };
    let page = match asked.path == question.path {
        true => page,
        false => page.map(|page| page.asking(asked)),
    };
    let far = client.as_ref().and_then(|client| client.far.clone());
    let elsewhere = client.and_then(|client| {
        let page = page.as_ref()?;
        Some(page.at_origin_from(client.origin?, &page.origin))
    });
    let case = elsewhere.as_ref().or(page.as_ref());
    // What is not asked here is not judged here.
    let case = case.filter(|_| far.is_none());
    // The question may name the sockets' own site, and the files another one for the page.
    let named = case.filter(|_| elsewhere.is_none());
    let pages = named.map_or_else(Vec::new, |case| pages(case, &front_end));
    let from = |opened: &Case<'_>| {
        let case = case.map(|case| case.at_origin_from(case.origin.clone(), &opened.origin));
        let site = Site::new(asked, Some(opened), case.as_ref(), &front_end);
        judge(case.as_ref(), &site, &front_end, &processes)
    };
    let faults = |findings: &Vec<Finding>| {
        let faults = findings
            .iter()
            .filter(|finding| finding.severity.is_fault());
        faults.count()
    };
    // Of a page with several names, one that works is enough to know it by.
    let found = pages.iter().map(from).min_by_key(faults);
    findings.extend(found.unwrap_or_else(|| {
        let site = Site::new(asked, page.as_ref(), case, &front_end);
        let own = judge(case, &site, &front_end, &processes);
        // Browsers name a page with every request to a site that has none itself; which one, nobody says.
        let named = match (case, &elsewhere, &page) {
            _ if faults(&own) == 0 => Vec::new(),
            (Some(_), Some(_), Some(page)) => page.moved().into_iter().collect(),
            (Some(case), None, _) => named_by_maps(case),
            _ => Vec::new(),
        };
        let others = named.iter().map(|origin| {
            let case = case.map(|case| case.at_origin_from(case.origin.clone(), origin));
            let site = Site::new(asked, page.as_ref(), case.as_ref(), &front_end);
            judge(case.as_ref(), &site, &front_end, &processes)
        });
        let all: Vec<_> = [own].into_iter().chain(others).collect();
        all.into_iter().min_by_key(faults).unwrap_or_default()
    }));
    let way = page.as_ref().and_then(|page| match far {
        Some((origin, blame)) => Some(Way::far(page, origin, blame)),
        None => Way::of(page, case?),
    });
    let blamed = way.iter().map(|way| &way.blame.file);
    let texts = texts(root, &findings, blamed);
    Ok(Diagnosis::of(findings, way, texts))
}

/// What is wrong with a site, by all that is known of it.
fn judge(
    case: Option<&Case<'_>>,
    site: &Site<'_>,
    front_end: &FrontEnd,
    processes: &Processes,
) -> Vec<Finding> {
    let mut findings: Vec<_> = case.into_iter().flat_map(rules::judge).collect();
    findings.extend(rules::of_front_end(front_end, site));
    findings.extend(rules::of_processes(processes, site));
    findings
}

impl Diagnosis {
    pub(crate) fn of(
        findings: Vec<Finding>,
        way: Option<Way>,
        texts: BTreeMap<PathBuf, String>,
    ) -> Self {
        let mut diagnosis = Self {
            verdict: Verdict::Healthy,
            findings: Vec::new(),
            probes: Vec::new(),
            way,
            texts,
        };
        diagnosis.add(findings);
        diagnosis
    }

    /// More findings, each of which may be known.
    pub(crate) fn add(&mut self, more: Vec<Finding>) {
        let findings = &mut self.findings;
        findings.extend(more);
        let is_other =
            |finding: &Finding| finding.severity.is_fault() && !finding.is_harmless_alone;
        let severity = match findings.iter().any(is_other) {
            true => Severity::Warning,
            false => Severity::Hint,
        };
        for finding in findings.iter_mut().filter(|it| it.is_harmless_alone) {
            finding.severity = severity;
        }
        findings.sort_by(|a, b| (a.severity, &a.place).cmp(&(b.severity, &b.place)));
        findings.dedup_by(|a, b| a.rule == b.rule && a.place == b.place);
        let is_faulty = findings.iter().any(|finding| finding.severity.is_fault());
        self.verdict = match is_faulty {
            true => Verdict::Faulty,
            false => Verdict::Healthy,
        };
    }

    /// Whether the finding is one of these, wherever its line is.
    pub(crate) fn tells(&self, finding: &Finding) -> bool {
        self.findings.iter().any(|other| other.is_told_as(finding))
    }

    /// Whether a mend did what it is for: the finding's file has one fault of the kind less than before.
    pub(crate) fn is_rid_of(&self, finding: &Finding, before: &Self) -> bool {
        let same = |other: &&Finding| other.is_told_as(finding);
        let count = |diagnosis: &Self| diagnosis.findings.iter().filter(same).count();
        count(self) < count(before)
    }

    /// The same examination with one of its findings alone.
    pub(crate) fn only(mut self, index: usize) -> Self {
        self.findings = vec![self.findings.swap_remove(index)];
        self
    }
}

/// The files that are shown: of the findings and their mends, and these.
fn texts<'f>(
    root: &Root,
    findings: &'f [Finding],
    more: impl Iterator<Item = &'f PathBuf>,
) -> BTreeMap<PathBuf, String> {
    let edits = findings.iter().flat_map(|finding| &finding.fix.edits);
    let edited = edits.map(|edit| &edit.file);
    let files = findings
        .iter()
        .filter_map(|finding| Some(&finding.place.as_ref()?.file))
        .chain(edited)
        .chain(more);
    files
        .filter_map(|file| Some((file.clone(), root.read(file).ok()?.text)))
        .collect()
}

/// The site that is asked about: the URL's, or the only one.
pub(crate) fn origin_of(question: &Question, http: &Http<'_>) -> Result<Origin, CouldNotRun> {
    if let Some(url) = &question.url {
        return Ok(url.origin.clone());
    }
    let mut sites: Vec<String> = http.servers.iter().filter_map(name_of).collect();
    sites.sort();
    sites.dedup();
    match &sites[..] {
        [] => Ok(site_origin("localhost", http)),
        [only] => Ok(site_origin(only, http)),
        _ => Err(CouldNotRun::WhichSite(sites)),
    }
}

fn name_of(server: &Server<'_>) -> Option<String> {
    server.names.iter().find_map(|name| match &name.kind {
        NameKind::Exact(name) if !name.is_empty() && name != "_" => Some(name.clone()),
        NameKind::Dotted(name) => Some(name[1..].to_owned()),
        _ => None,
    })
}

/// The site by its TLS port if it has one, else by the first port it listens on.
fn site_origin(host: &str, http: &Http<'_>) -> Origin {
    let listens: Vec<_> = http
        .servers
        .iter()
        .flat_map(|server| &server.listens)
        .collect();
    let best = listens.iter().find(|listen| listen.tls).or(listens.first());
    let (scheme, port) = best.map_or(("http", 80), |listen| {
        (if listen.tls { "https" } else { "http" }, listen.port)
    });
    Origin {
        scheme,
        host: host.to_owned(),
        port,
    }
}

/// Tells the way of a client's requests. Opens no connection.
pub fn explain_site(root: &Root, question: &Question) -> Result<Vec<Explanation>, CouldNotRun> {
    let file = question.nginx.as_ref().ok_or(CouldNotRun::NoSite)?;
    let config = Config::load(root, file)?;
    let http = Http::of(&config).ok_or(CouldNotRun::NoSite)?;
    let origin = origin_of(question, &http)?;
    let case = Case::new(&config, &http, root, question, origin);
    if case.walks.is_none() {
        return Err(CouldNotRun::NobodyListens(case.origin.to_string()));
    }
    Ok(explain(&case))
}
