//! Where and when, in which versions, and how much of everything.

use anyhow::Result;

use crate::{results::Results, spread::whole};

pub(super) fn text(results: &Results) -> Result<String> {
    let conditions = results.conditions()?;
    let (machine, sizes) = (&conditions.machine, &conditions.sizes);
    let memory_gib = machine.memory_bytes as f64 / f64::from(1 << 30);
    let versions: Vec<_> = conditions
        .versions
        .iter()
        .map(|(name, version)| format!("{name} {version}"))
        .collect();
    Ok(format!(
        "Measured on {date}: {cpu}, {cores} cores, {memory_gib:.0} GiB, Linux {kernel}, at most {files} open files for a\n\
         process, load {load:.1} in the minute before.\n\n{versions}.\n\n\
         Rounds: {rounds}. A storm is {storm} clients, {at_once} at once; a crowd is {crowd} connections; {broadcasts} broadcasts, \
         each when all have the last;\n{rate} notifications a second to one user each for {seconds} s; 200 bytes each.\n",
        date = conditions.date,
        cpu = machine.cpu,
        cores = machine.cores,
        kernel = machine.kernel,
        files = whole(conditions.open_files),
        load = conditions.load_before,
        versions = versions.join(", "),
        rounds = conditions.rounds,
        storm = whole(sizes.storm),
        at_once = sizes.at_once,
        crowd = whole(sizes.crowd),
        broadcasts = sizes.broadcasts,
        rate = whole(sizes.rate),
        seconds = sizes.rate_seconds,
    ))
}
