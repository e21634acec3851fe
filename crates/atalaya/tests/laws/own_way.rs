//! The server walks a client's way to itself: with the row, for an administrator; quietly, for itself.

use atalaya_store::model::Role;
use atalaya_testbed::ports;
use http::Method;
use serde_json::Value;

use crate::world::World;

on_both_databases!(
    an_administrator_has_the_way_walked_down_to_the_row,
    what_people_open_is_walked_too,
);

fn steps(way: &Value) -> Vec<String> {
    let probes = way["probes"].as_array().unwrap().iter();
    probes
        .map(|probe| {
            let word = if probe["ok"] == true { "ok" } else { "fails" };
            format!("{} {word}", probe["step"].as_str().unwrap())
        })
        .collect()
}

async fn an_administrator_has_the_way_walked_down_to_the_row(mut world: World) {
    let admin = world.user(Role::Admin).await;
    world.start().await;
    let path = "/api/health/way?lang=es";
    let way = world.call(Method::POST, admin, path, None).await;
    assert_eq!(way.status, 200, "{}", way.text());
    let way: Value = way.json().unwrap();
    assert_eq!(way["verdict"], "healthy", "{way}");
    let expected = [
        "direct polling ok",
        "direct post ok",
        "direct poll ok",
        "direct large-message ok",
        "direct websocket ok",
        "direct namespace ok",
        "direct row ok",
        "direct row-closed ok",
        "direct upgrade ok",
    ];
    assert_eq!(steps(&way), expected);
    assert!(
        way["probes"][0]["detail"]
            .as_str()
            .unwrap()
            .starts_with("sesión abierta")
    );
    // Nothing is left behind, and the last result is shown.
    world.until_nobody_is_active().await;
    world.assert_closed_rows_are_whole().await;
    let health = world
        .get(admin, path.trim_end_matches("/way?lang=es"))
        .await;
    assert_eq!(health["way"]["at"], way["at"]);
    assert_eq!(
        world
            .number("SELECT count(*) FROM refused_connections")
            .await,
        0
    );
}

async fn what_people_open_is_walked_too(mut world: World) {
    let admin = world.user(Role::Admin).await;
    let nobody = format!("http://127.0.0.1:{}", ports::free());
    world.set("ATALAYA_PUBLIC_URL", nobody);
    world.start().await;
    let way = world
        .call(Method::POST, admin, "/api/health/way", None)
        .await;
    let way: Value = way.json().unwrap();
    assert_eq!(way["verdict"], "faulty");
    assert_eq!(way["findings"][0]["rule"], "site-unreachable");
    let mend = way["findings"][0]["mend"].as_str().unwrap();
    assert!(mend.starts_with("Start nginx"), "{mend}");
}
