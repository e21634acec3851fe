//! What it costs to examine one site on a machine that has 500 of them: read, follow the requests, judge.

#![allow(
    clippy::unwrap_used,
    reason = "a failure in a helper is a failed bench"
)]

#[path = "../tests/many_sites/mod.rs"]
mod many_sites;

use std::{hint::black_box, path::Path};

use atalaya_doctor::{diagnose, nginx::Config, root::Root};
use criterion::{Criterion, criterion_group, criterion_main};
use many_sites::{question, tree};

const SITES: usize = 500;

fn sites(c: &mut Criterion) {
    let tree = tree(SITES, Some(SITES / 2));
    let root = Root::new(tree.path()).unwrap();
    let mut group = c.benchmark_group("500 sites");
    group.sample_size(30);
    group.bench_function("read", |b| {
        b.iter(|| Config::load(black_box(&root), Path::new("/etc/nginx/nginx.conf")).unwrap());
    });
    for (title, site) in [("a healthy one", SITES - 1), ("a broken one", SITES / 2)] {
        let question = question(site);
        group.bench_function(title, |b| {
            b.iter(|| diagnose(&root, black_box(&question)).unwrap())
        });
    }
    group.finish();
}

criterion_group!(benches, sites);
criterion_main!(benches);
