//! A start that cannot succeed: exit 2, what is wrong by name, and nothing touched that a running server needs.

use std::{
    fs::{self, Permissions},
    os::unix::fs::{MetadataExt, PermissionsExt},
};

use atalaya_testbed::ports;
use tokio::net::TcpListener;

use crate::{
    witness::Witness,
    world::{PATIENCE, World, now},
};

on_both_databases!(a_second_start_on_the_same_port_names_it_and_costs_the_first_nothing);

/// The dangerous one: a start closes the rows that its dead predecessor left at this address, and this
/// predecessor is alive.
async fn a_second_start_on_the_same_port_names_it_and_costs_the_first_nothing(mut world: World) {
    world.start().await;
    let witness = Witness::join(&world).await;
    let (code, said) = world.start_in_vain().await;
    assert_eq!(code, 2, "{said}");
    assert!(said.contains(&world.address().to_string()), "{said}");
    assert!(said.contains("port is in use"), "{said}");
    assert_eq!(
        world.number("SELECT count(*) FROM nodes").await,
        1,
        "it took no lease"
    );
    witness.is_undisturbed(&world).await;
    // Its lease is still its own: it admits.
    Witness::join(&world).await.is_undisturbed(&world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_port_of_the_operations_listener_is_named_too() {
    let world = World::on_sqlite().await;
    let _holder = TcpListener::bind(world.ops_address()).await.unwrap();
    let (code, said) = world.start_in_vain().await;
    assert_eq!(code, 2, "{said}");
    assert!(
        said.contains(&format!("{} (--ops-listen)", world.ops_address())),
        "{said}"
    );
    assert_eq!(world.number("SELECT count(*) FROM nodes").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_postgres_that_is_down_is_named_by_host_and_port_without_its_password() {
    let mut world = World::on_sqlite().await;
    let port = ports::free();
    world.set_database_url(format!("postgres://ana:hunter2@127.0.0.1:{port}/alerts"));
    let started = std::time::Instant::now();
    let (code, said) = world.start_in_vain().await;
    assert!(started.elapsed() < PATIENCE);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains(&format!("127.0.0.1:{port}")), "{said}");
    assert!(
        said.contains("DATABASE_URL"),
        "it says what to look at: {said}"
    );
    assert!(!said.contains("hunter2"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_postgres_without_that_database_says_so() {
    let mut world = World::on_postgres().await;
    let missing = format!("{}_missing", world.database_url());
    world.set_database_url(missing);
    let (code, said) = world.start_in_vain().await;
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("_missing\" does not exist"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_only_postgres_is_named_as_what_it_is() {
    let world = World::on_postgres().await;
    let (_, name) = world.database_url().rsplit_once('/').unwrap();
    let set = format!("ALTER DATABASE {name} SET default_transaction_read_only = on");
    world.execute_on_postgres(set).await;
    let (code, said) = world.start_in_vain().await;
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("the database is read-only"), "{said}");
    assert!(said.contains("connect to the primary"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sqlite_that_is_asked_to_be_read_only_is_named_as_what_it_is() {
    let mut world = World::on_sqlite().await;
    let read_only = format!("{}?mode=ro", world.database_url());
    world.set_database_url(read_only);
    read_only_is_told(&world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sqlite_in_a_folder_that_this_user_may_not_write_is_named_as_what_it_is() {
    let mut world = World::on_sqlite().await;
    let folder = world.folder().join("database");
    if fs::metadata("/proc/self").unwrap().uid() == 0 {
        // Root may write what nobody may, unless that is taken from it.
        world.set_launcher(&["setpriv", "--bounding-set=-dac_override,-dac_read_search"]);
    }
    let permit = |folder_mode, file_mode| {
        for file in fs::read_dir(&folder).unwrap() {
            fs::set_permissions(file.unwrap().path(), Permissions::from_mode(file_mode)).unwrap();
        }
        fs::set_permissions(&folder, Permissions::from_mode(folder_mode)).unwrap();
    };
    permit(0o555, 0o444);
    read_only_is_told(&world).await;
    permit(0o755, 0o644);
}

async fn read_only_is_told(world: &World) {
    let (code, said) = world.start_in_vain().await;
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("the database is read-only"), "{said}");
    assert!(
        said.contains("let this user write the file and its folder"),
        "{said}"
    );
    assert_eq!(world.number("SELECT count(*) FROM nodes").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sqlite_file_that_cannot_be_there_is_named() {
    let mut world = World::on_sqlite().await;
    let file = world.folder().join("a-file");
    fs::write(&file, "").unwrap();
    let below = file.join("atalaya.db");
    for path in [
        below.as_path(),
        std::path::Path::new("/proc/atalaya/atalaya.db"),
    ] {
        world.set_database_url(format!("sqlite://{}", path.display()));
        let (code, said) = world.start_in_vain().await;
        assert_eq!(code, 2, "{said}");
        assert!(
            said.contains(&path.parent().unwrap().display().to_string()),
            "{said}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_no_database_is_called_damaged_and_left_as_it_is() {
    let mut world = World::on_sqlite().await;
    let letter = world.folder().join("letter.db");
    let text = format!("a letter of {}, no database. ", now().0).repeat(300);
    fs::write(&letter, &text).unwrap();
    world.set_database_url(format!("sqlite://{}", letter.display()));
    let (code, said) = world.start_in_vain().await;
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("the database is damaged"), "{said}");
    assert_eq!(fs::read_to_string(&letter).unwrap(), text);
}
