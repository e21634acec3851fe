//! Who listens on a port, as far as `/proc` tells this user: the name in "the port is in use".

use std::{fs, path::Path};

/// A process that holds a port.
#[derive(Debug, PartialEq, Eq)]
pub struct Holder {
    pub pid: u32,
    pub name: String,
}

/// The process that listens on this TCP port. None when there is none, or when it belongs to another user
/// whose files we may not see.
pub fn of_port(port: u16) -> Option<Holder> {
    let inodes: Vec<String> = ["/proc/net/tcp", "/proc/net/tcp6"]
        .into_iter()
        .filter_map(|table| fs::read_to_string(table).ok())
        .flat_map(|table| listening_inodes(&table, port))
        .collect();
    let links: Vec<String> = inodes.iter().map(|inode| format!("socket:[{inode}]")).collect();
    let processes = fs::read_dir("/proc").ok()?.flatten();
    processes
        .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok())
        .find(|pid| holds(*pid, &links))
        .map(|pid| Holder { pid, name: name_of(pid) })
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
    let Ok(open_files) = fs::read_dir(format!("/proc/{pid}/fd")) else { return false };
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
        assert_eq!(of_port(port).unwrap().pid, std::process::id());
        drop(listener);
        assert_eq!(of_port(port), None);
    }
}
