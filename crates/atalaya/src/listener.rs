//! Who listens on a port, as far as `/proc` tells this user: the name in "the port is in use".

use std::{fs, path::Path};

/// Who listens on a port.
#[derive(Debug, PartialEq, Eq)]
pub enum Listener {
    Process {
        pid: u32,
        name: String,
    },
    /// Perhaps somebody whose open files this user may not see.
    Hidden,
    None,
}

/// Who listens on this TCP port, whatever the address.
pub fn of_port(port: u16) -> Listener {
    let tables: Vec<String> = ["/proc/net/tcp", "/proc/net/tcp6"]
        .into_iter()
        .filter_map(|table| fs::read_to_string(table).ok())
        .collect();
    if tables.is_empty() {
        return Listener::Hidden;
    }
    let inodes: Vec<String> = tables
        .iter()
        .flat_map(|table| listening_inodes(table, port))
        .collect();
    if inodes.is_empty() {
        return Listener::None;
    }
    let links: Vec<String> = inodes
        .iter()
        .map(|inode| format!("socket:[{inode}]"))
        .collect();
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    processes
        .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok())
        .find(|pid| holds(*pid, &links))
        .map_or(Listener::Hidden, |pid| Listener::Process {
            pid,
            name: name_of(pid),
        })
}

/// The inodes of the sockets that listen on the port, from a table as in proc(5).
fn listening_inodes(table: &str, port: u16) -> Vec<String> {
    const LISTEN: &str = "0A";
    let port = format!(":{port:04X}");
    let row = |line: &str| {
        let columns: Vec<&str> = line.split_whitespace().collect();
        let matches = columns.get(1)?.ends_with(&port) && *columns.get(3)? == LISTEN;
        matches.then(|| columns.get(9).map(|inode| (*inode).to_owned()))?
    };
    table.lines().skip(1).filter_map(row).collect()
}

fn holds(pid: u32, links: &[String]) -> bool {
    let Ok(open_files) = fs::read_dir(format!("/proc/{pid}/fd")) else {
        return false;
    };
    open_files.flatten().any(|file| {
        let target = fs::read_link(file.path()).unwrap_or_default();
        links.iter().any(|link| target == Path::new(link))
    })
}

fn name_of(pid: u32) -> String {
    let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    name.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_holder_of_a_port_is_found() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        assert!(
            matches!(of_port(port), Listener::Process { pid, .. } if pid == std::process::id())
        );
        drop(listener);
        assert_eq!(of_port(port), Listener::None);
    }
}
