//! Before anybody is measured: that each peer does the job, as the public client sees it.

use std::process::Stdio;

use anyhow::{Context, Result, ensure};
use tokio::process::Command;

use crate::{
    contender::{Contender, JWT_SECRET},
    database::Postgres,
    stage::Stage,
};

/// The test has users 1 to 100.
const USERS: u64 = 100;

pub async fn run(contenders: &[Contender], postgres: &Postgres) -> Result<()> {
    for contender in contenders
        .iter()
        .filter(|contender| !contender.is_atalaya())
    {
        check(*contender, postgres).await?;
        eprintln!("{} does the job", contender.title());
    }
    Ok(())
}

async fn check(contender: Contender, postgres: &Postgres) -> Result<()> {
    let stage = Stage::set(contender, postgres, USERS, true).await?;
    let row = if contender.awaits_the_row() {
        "before"
    } else {
        "after"
    };
    let output = Command::new("node")
        .args([
            "--test",
            "--test-reporter=spec",
            "bench/peers/check.test.mjs",
        ])
        .env("URL", stage.url())
        .env("DATABASE_URL", &stage.store.url)
        .env("JWT_SECRET", JWT_SECRET)
        .env("ROW", row)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .context("running node")?;
    ensure!(
        output.status.success(),
        "{} does not do the job:\n{}\nits log ends: {}",
        contender.title(),
        String::from_utf8_lossy(&output.stdout),
        stage.log()
    );
    Ok(())
}
