//! What retention costs, and what it costs others meanwhile.

use std::{error::Error, time::Duration, time::Instant};

use atalaya_store::{
    Audience, Keep, NewNotification, Position, PublishError, Severity, Store, StoreError,
};
use tokio::time::sleep;

use crate::{BUSY, NOW, median_and_most, ms_since};

const STEPS: usize = 500;
/// As the server pauses.
const PAUSE: Duration = Duration::from_millis(50);
const PUBLISHES: usize = 500;

pub(crate) async fn measure(store: &Store) -> Result<(), Box<dyn Error>> {
    println!("\n| retention | median ms | 99 of 100 ms |\n|---|---|---|");
    let mut alone = Vec::new();
    for _ in 0..PUBLISHES {
        alone.push(publish(store).await?);
        sleep(PAUSE / 10).await;
    }
    show("a publish, with nothing beside it", alone);
    let mut beside = Vec::new();
    let walk = walk(store);
    tokio::pin!(walk);
    let (steps, gone) = loop {
        let one = async {
            sleep(PAUSE / 10).await;
            publish(store).await
        };
        tokio::select! {
            walked = &mut walk => break walked?,
            took = one => beside.push(took?),
        }
    };
    show("a publish, while it takes away", beside);
    show("a step of it", steps);
    println!("\n{gone} notifications were taken away in {STEPS} steps.");
    Ok(())
}

fn show(name: &str, times: Vec<f64>) {
    let [median, most] = median_and_most(times);
    println!("| {name} | {median:.2} | {most:.2} |");
}

/// How long each step took, and how many notifications went.
async fn walk(store: &Store) -> Result<(Vec<f64>, u64), StoreError> {
    let keep = Keep {
        since: NOW,
        groups_since: None,
    };
    let (mut at, mut gone, mut times) = (Position::START, 0, Vec::new());
    for _ in 0..STEPS {
        let began = Instant::now();
        let step = store.prune(at, keep).await?;
        times.push(ms_since(began));
        gone += step.notifications;
        match step.next {
            Some(next) => at = next,
            None => break,
        }
        sleep(PAUSE).await;
    }
    Ok((times, gone))
}

async fn publish(store: &Store) -> Result<f64, PublishError> {
    let new = NewNotification {
        to: Audience::users([BUSY]),
        title: "Pump 3 has stopped".to_owned(),
        body: None,
        severity: Severity::Warning,
        kind: None,
        event: None,
        link: None,
        data: None,
        expires_at: None,
        requires_ack: false,
        collapse_key: None,
        idempotency_key: None,
        publisher: None,
        only_by: None,
    };
    let began = Instant::now();
    store.publish(new, NOW).await?;
    Ok(ms_since(began))
}
