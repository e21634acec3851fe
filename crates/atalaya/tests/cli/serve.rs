//! The server's life as seen from the shell: what it prints, how it starts and stops.

use std::{fs, os::unix::net::UnixDatagram, time::Duration};

use crate::place::{Place, read};

#[test]
fn the_first_start_shows_the_administrators_password_once_and_only_on_standard_output() {
    let place = Place::new();
    let server = place.serve(&["--log-file", "atalaya.log"]);
    let password = server.welcome["first_admin"]["password"]
        .as_str()
        .unwrap()
        .to_owned();
    let stopped = server.stop();
    assert_eq!(stopped.code, Some(0));
    assert!(!stopped.stderr.contains(&password));
    assert!(!read(&place.path("atalaya.log")).contains(&password));

    let again = place.serve(&[]);
    assert!(again.welcome["first_admin"].is_null());
}

#[test]
fn a_person_sees_where_to_open_it() {
    let place = Place::new();
    let mut child = place
        .command(&["serve", "--listen=127.0.0.1:0", "--ops-listen=127.0.0.1:0"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(child.stdout.take().unwrap()));
    let open = lines
        .find(|line| line.as_ref().unwrap().contains("Open"))
        .unwrap()
        .unwrap();
    assert!(
        open.starts_with("    Open        http://localhost:"),
        "{open}"
    );
    let password = lines
        .find(|line| line.as_ref().unwrap().contains("Password"))
        .unwrap()
        .unwrap();
    assert_eq!(password.split_whitespace().count(), 2, "{password}");
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_port_in_use_names_who_holds_it() {
    let place = Place::new();
    let first = place.serve(&[]);
    let (address, pid) = (first.address(), first.pid().to_string());
    let outcome = place.run(&[
        "serve",
        "--listen",
        &address,
        "--ops-listen=127.0.0.1:0",
        "--log",
        "off",
    ]);
    let port: u16 = address.rsplit(':').next().unwrap().parse().unwrap();
    let shown = outcome
        .shown()
        .replace(&format!("process {pid}"), "process PID")
        .replace(&port.to_string(), "PORT")
        .replace(&(port + 1).to_string(), "NEXT");
    insta::assert_snapshot!(shown, @r"
    exit 2
    --- stderr
    error: listening on 127.0.0.1:PORT (--listen)
      what went wrong  the port is in use: atalaya (process PID) listens there
      what to try      see who it is: ss -tanp 'sport = :PORT'
                       take another port: atalaya serve --listen 127.0.0.1:NEXT
    ");
}

#[test]
fn an_address_that_is_not_this_machines_is_told() {
    let outcome = Place::new().run(&[
        "serve",
        "--listen",
        "192.0.2.1:3001",
        "--ops-listen=127.0.0.1:0",
        "--log",
        "off",
    ]);
    insta::assert_snapshot!(outcome.shown(), @r"
    exit 2
    --- stderr
    error: listening on 192.0.2.1:3001 (--listen)
      what went wrong  this machine has no such address
      what to try      see its addresses: ip addr; or take all of them: --listen 0.0.0.0:3001
    ");
}

#[test]
fn a_database_that_cannot_be_opened_is_told() {
    let place = Place::new().with("DATABASE_URL", "sqlite://folder");
    fs::create_dir(place.path("folder")).unwrap();
    insta::assert_snapshot!(place.run(&["serve", "--log", "off"]).shown(), @r"
    exit 2
    --- stderr
    error: starting with the database sqlite://folder
      what went wrong  the database cannot be reached: error returned from database: (code: 14) unable to open database file
      what to try      see that this user may write there: ls -ld .
                       see that no other program holds the file: fuser folder
    ");
}

#[test]
fn the_service_manager_is_told() {
    let place = Place::new();
    let socket = UnixDatagram::bind(place.path("notify")).unwrap();
    socket
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    let path = place.path("notify").display().to_string();
    let place = place.with("NOTIFY_SOCKET", &path);
    let server = place.serve(&[]);
    let told = || {
        let mut buffer = [0; 64];
        let length = socket.recv(&mut buffer).unwrap();
        String::from_utf8(buffer[..length].to_vec()).unwrap()
    };
    assert_eq!(told(), "READY=1");
    server.stop();
    assert_eq!(told(), "STOPPING=1");
}
