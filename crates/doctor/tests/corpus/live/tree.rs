//! A case's files in a temporary folder, with the addresses of this run.

use std::{collections::BTreeMap, fs, os::unix::fs::symlink, path::Path};

use atalaya_doctor::{
    apply,
    finding::Edit,
    mend::{Mending, mend},
    nginx::{
        Config,
        listen::{Address, Listen},
        tree::Directive,
    },
    root::Root,
};
use tempfile::TempDir;

use super::back_end::Ports;
use crate::case::Case;

/// A tree that nginx can run.
pub(crate) struct Placed {
    pub(crate) dir: TempDir,
    /// The ports of the files, and those that are used in their place.
    pub(crate) ports: BTreeMap<u16, u16>,
}

/// Copies the files of a case; listening ports, back ends and folders become those of this run. Lines keep their numbers.
pub(crate) fn placed(files: &Path, back_ends: Ports) -> Placed {
    let dir = tempfile::tempdir().unwrap();
    copy(files, dir.path());
    let here = dir.path().display().to_string();
    for folder in ["log", "tmp", "var/cache/nginx", "etc/nginx/html"] {
        fs::create_dir_all(dir.path().join(folder)).unwrap();
    }
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!(" {kind}_temp_path {here}/tmp/{kind};"))
        .concat();
    let http = format!("http {{ access_log off;{temporary}");
    let words = [
        ("127.0.0.1:3001", format!("127.0.0.1:{}", back_ends.first)),
        ("localhost:3001", format!("localhost:{}", back_ends.first)),
        ("127.0.0.1:3002", format!("127.0.0.1:{}", back_ends.second)),
        ("127.0.0.1:3999", format!("127.0.0.1:{}", back_ends.dead)),
        ("203.0.113.10:3001", format!("127.0.0.1:{}", back_ends.dead)),
        ("127.0.0.1:4000", format!("127.0.0.1:{}", back_ends.second)),
        ("/etc/nginx", format!("{here}/etc/nginx")),
        ("/var/www", format!("{here}/var/www")),
        ("/var/cache/nginx", format!("{here}/var/cache/nginx")),
        ("http {\n", format!("{http}\n")),
    ];
    each_file(&dir.path().join("etc"), &mut |path| {
        let mut text = fs::read_to_string(path).unwrap();
        for (from, to) in &words {
            text = text.replace(from, to);
        }
        fs::write(path, text).unwrap();
    });
    let ports = move_listeners(dir.path());
    Placed { dir, ports }
}

/// Copies the case and carries out the mends that are safe; what is left to do.
pub(crate) fn mended(case: &Case) -> (TempDir, Mending) {
    let dir = tempfile::tempdir().unwrap();
    copy(&case.dir, dir.path());
    let root = Root::new(dir.path()).unwrap();
    let mending = mend(&root, &case.question()).unwrap();
    mending.write(&root).unwrap();
    (dir, mending)
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            copy(&entry.path(), &target);
        } else if kind.is_symlink() {
            // A relative link works anywhere; an absolute one leads into the copy.
            let link = fs::read_link(entry.path()).unwrap();
            let link = match link.strip_prefix("/etc") {
                Ok(rest) => Path::new("../..").join(rest),
                Err(_) => link,
            };
            symlink(link, target).unwrap();
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn each_file(dir: &Path, change: &mut impl FnMut(&Path)) {
    for entry in fs::read_dir(dir).unwrap() {
        let entry = entry.unwrap();
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            each_file(&entry.path(), change);
        } else if kind.is_file() {
            change(&entry.path());
        }
    }
}

/// Every `listen` gets a free port of the loopback address; the same port, the same one.
fn move_listeners(dir: &Path) -> BTreeMap<u16, u16> {
    let root = Root::new("/").unwrap();
    let config = Config::load(&root, &dir.join("etc/nginx/nginx.conf")).unwrap();
    let mut ports = BTreeMap::new();
    let mut edits: BTreeMap<_, Vec<Edit>> = BTreeMap::new();
    let mut take = |directive: &Directive| {
        let listen = Listen::parse(directive).unwrap();
        assert_eq!(
            listen.address,
            Address::AnyV4,
            "the harness knows only wildcards"
        );
        let port = *ports
            .entry(listen.port)
            .or_insert_with(atalaya_testbed::ports::free);
        let source = config.source(directive.pos.file);
        let edit = Edit {
            file: source.real.clone(),
            span: directive.args[0].pos.span,
            text: format!("127.0.0.1:{port}"),
        };
        let of_file = edits.entry(source.real.clone()).or_default();
        if !of_file.contains(&edit) {
            of_file.push(edit);
        }
    };
    listens(&config.directives, &mut take);
    for (file, edits) in edits {
        let text = apply(
            &fs::read_to_string(&file).unwrap(),
            &edits.iter().collect::<Vec<_>>(),
        )
        .unwrap();
        fs::write(file, text).unwrap();
    }
    // nginx may ask itself.
    each_file(&dir.join("etc"), &mut |path| {
        let mut text = fs::read_to_string(path).unwrap();
        for (from, to) in &ports {
            for end in [';', '/'] {
                let [from, to] = [from, to].map(|port| format!("//127.0.0.1:{port}{end}"));
                text = text.replace(&from, &to);
            }
        }
        fs::write(path, text).unwrap();
    });
    ports
}

fn listens(directives: &[Directive], take: &mut impl FnMut(&Directive)) {
    for directive in directives {
        if directive.is("listen") {
            take(directive);
        }
        listens(directive.children(), take);
    }
}
