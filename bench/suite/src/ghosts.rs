//! What `kill -9` leaves in the ledger: rows that say "connected" of sockets that are gone, and whether anybody
//! ever corrects them. All contenders wait out the lease at the same time; nothing else happens meanwhile.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use tokio::time::sleep;

use crate::{
    contender::Contender, database::Postgres, load, results::Ghosts, sizes::Sizes, stage::Stage,
};

/// The lease of 30 s, and a little.
const WAIT: Duration = Duration::from_secs(35);
const CONNECT_LIMIT: Duration = Duration::from_secs(30);

pub async fn run(
    contenders: &[Contender],
    postgres: &Postgres,
    sizes: &Sizes,
) -> Result<Vec<Ghosts>> {
    let mut killed = Vec::new();
    for contender in contenders {
        eprintln!("ghosts: {} is killed", contender.title().trim_matches('*'));
        killed.push(kill_with_clients(*contender, postgres, sizes).await?);
    }
    for (stage, _) in &mut killed {
        stage.restart().await?;
    }
    eprintln!("ghosts: all run again; waiting {} s", WAIT.as_secs());
    watch(&mut killed).await?;
    Ok(killed.into_iter().map(|(_, ghosts)| ghosts).collect())
}

async fn kill_with_clients(
    contender: Contender,
    postgres: &Postgres,
    sizes: &Sizes,
) -> Result<(Stage, Ghosts)> {
    let mut stage = Stage::set(contender, postgres, sizes.ghosts + 1, true).await?;
    let clients = load::hold(&stage, sizes.ghosts, sizes)?;
    let end = Instant::now() + CONNECT_LIMIT;
    while stage.store.active_rows().await? < sizes.ghosts {
        ensure!(
            Instant::now() < end,
            "not everybody could connect: {}",
            stage.log()
        );
        sleep(Duration::from_millis(100)).await;
    }
    stage.kill().await?;
    drop(clients);
    let active_after_kill = stage.store.active_rows().await?;
    let ghosts = Ghosts {
        contender,
        connected: sizes.ghosts,
        active_after_kill,
        active_for_ever: active_after_kill,
        seconds_until_none: None,
    };
    Ok((stage, ghosts))
}

async fn watch(killed: &mut [(Stage, Ghosts)]) -> Result<()> {
    let begun = Instant::now();
    while begun.elapsed() < WAIT {
        for (stage, ghosts) in &mut *killed {
            if ghosts.active_for_ever > 0 {
                ghosts.active_for_ever = stage.store.active_rows().await?;
                if ghosts.active_for_ever == 0 {
                    ghosts.seconds_until_none = Some(begun.elapsed().as_secs_f64());
                }
            }
        }
        sleep(Duration::from_millis(250)).await;
    }
    Ok(())
}
