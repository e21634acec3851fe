//! Each case behind a real nginx, in front of a real back end, asked by a client that does what browsers do.

pub(crate) mod back_end;
pub(crate) mod client;
pub(crate) mod nginx;
pub(crate) mod tree;

use std::{collections::BTreeMap, path::Path, sync::Arc, time::Duration};

use atalaya_doctor::{
    Verdict,
    nginx::request::Origin,
    probe::{Plan, Which, examine},
    question::Question,
};

use self::{back_end::BackEnds, nginx::Nginx};
use crate::case::Case;

/// How many nginx run at once.
const AT_ONCE: usize = 16;

#[tokio::test(flavor = "multi_thread")]
async fn every_case_shows_its_symptom_or_none() {
    let back_ends = Arc::new(BackEnds::start().await);
    let queue = Arc::new(tokio::sync::Mutex::new(Case::all()));
    let workers: Vec<_> = (0..AT_ONCE)
        .map(|_| {
            let (queue, back_ends) = (Arc::clone(&queue), Arc::clone(&back_ends));
            tokio::spawn(async move {
                let mut wrong = BTreeMap::new();
                loop {
                    let next = queue.lock().await.pop();
                    let Some(case) = next else { return wrong };
                    let ports = back_ends.ports;
                    let shown = tokio::task::spawn_blocking(move || judge(&case, ports));
                    wrong.extend(shown.await.unwrap());
                }
            })
        })
        .collect();
    let mut wrong = BTreeMap::new();
    for worker in workers {
        wrong.extend(worker.await.unwrap());
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The case's name and what differs, if something does.
fn judge(case: &Case, ports: back_end::Ports) -> Option<(String, String)> {
    if !case.is_live() {
        return None;
    }
    let (seen, probed) = look_and_probe(case, ports);
    let expected = case.symptom();
    // Where chance picks the server, the step that meets it first is left out.
    let as_expected = match (&seen, expected) {
        (Some(seen), Some(expected)) => seen.ends_with(expected),
        (seen, expected) => seen.is_none() && expected.is_none(),
    };
    if !as_expected {
        let differs = format!("expected {expected:?}, saw {seen:?}");
        return Some((case.name.clone(), differs));
    }
    // The examination sees what a client sees, but for what is no part of Socket.IO.
    let is_of_socket_io = |seen: &&String| !seen.starts_with("api") && !seen.starts_with("page");
    let of_socket_io = seen.as_ref().filter(is_of_socket_io);
    let is_started = !seen.as_ref().is_some_and(|seen| seen.starts_with("nginx"));
    if is_started && of_socket_io.is_some() != probed.is_some() {
        let differs = format!("a client sees {seen:?}, the examination {probed:?}");
        return Some((case.name.clone(), differs));
    }
    still_broken(case, ports).map(|seen| (case.name.clone(), format!("mended, saw {seen:?}")))
}

/// What a client sees after all faults were mended, where every mend is safe.
fn still_broken(case: &Case, ports: back_end::Ports) -> Option<String> {
    let (tree, mending) = tree::mended(case);
    if mending.texts.is_empty() || mending.after.verdict == Verdict::Faulty {
        return None;
    }
    // Built again, the client asks where its files send it now.
    let mut question = case.of_client();
    if let (Some(_), Some(way), Some(url)) = (case.asks(), &mending.after.way, &mut question.url) {
        url.origin = way.origin.clone();
        question.path.clone_from(&way.path);
    }
    ask(case, &question, tree.path(), ports)
}

/// What a client sees, and the first step of the examination that fails.
fn look_and_probe(case: &Case, ports: back_end::Ports) -> (Option<String>, Option<String>) {
    let tree = tree::placed(&case.dir, ports);
    let nginx = match Nginx::start(&tree) {
        Err(words) => return (Some(format!("nginx: {words}")), None),
        Ok(nginx) => nginx,
    };
    let mut question = case.of_client();
    let seen = client::first_failure_in(
        case.sessions(),
        nginx.address,
        &question,
        case.page().as_ref(),
    );
    question.namespace = "/".to_owned();
    let holds = seen.as_ref().is_some_and(|seen| seen.contains("poll"));
    let plan = Plan {
        direct: None,
        proxied: question.url.as_ref().map(|url| Origin {
            scheme: "http",
            ..url.origin.clone()
        }),
        connect_to: Some(nginx.address),
        joins: true,
        token: None,
        // A session that chance leads to its own server each time is one of 4,096.
        sessions: case.sessions(),
        hold: holds.then_some(Duration::from_secs(10)),
        is_here: false,
        has_answered: false,
    };
    let runtime = tokio::runtime::Handle::current();
    let evidence = runtime.block_on(examine(&question, &plan, None, |_| {}));
    let failed = evidence.first_failure(Which::Proxied);
    (
        seen,
        failed.map(|(step, failure)| format!("{step:?}: {failure:?}")),
    )
}

/// What a client sees; `None` if all is well.
pub(crate) fn look(case: &Case, files: &Path, ports: back_end::Ports) -> Option<String> {
    ask(case, &case.of_client(), files, ports)
}

fn ask(case: &Case, question: &Question, files: &Path, ports: back_end::Ports) -> Option<String> {
    let tree = tree::placed(files, ports);
    match Nginx::start(&tree) {
        Err(words) => Some(format!("nginx: {words}")),
        Ok(nginx) => client::first_failure(nginx.address, question, case.page().as_ref()),
    }
}
