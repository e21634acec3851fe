//! `atalaya doctor` as a person, or a script, meets it.

use std::fs;

use crate::place::{Outcome, Place};

const MAIN: &str = "events {}\nhttp {\n    include sites-enabled/*;\n}\n";

const STORY: &str = "\
server {
    listen 80;
    server_name apps.example.com;
    location /api/ {
        proxy_pass http://127.0.0.1:3001;
    }
    location / {
        root /var/www/app;
        try_files $uri /index.html;
    }
}
";

const HEALTHY: &str = "\
server {
    listen 80;
    server_name apps.example.com;
    location / {
        proxy_pass http://127.0.0.1:3001;
        proxy_http_version 1.1;
        proxy_set_header Host $host;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection \"upgrade\";
        proxy_set_header X-Forwarded-For $remote_addr;
        proxy_set_header X-Forwarded-Proto $scheme;
    }
}
";

/// A folder `web1` with a copy of somebody's /etc/nginx.
fn with_site(site: &str) -> Place {
    let place = Place::new();
    fs::create_dir_all(place.path("web1/etc/nginx/sites-enabled")).unwrap();
    place.write("web1/etc/nginx/nginx.conf", MAIN);
    place.write("web1/etc/nginx/sites-enabled/apps", site);
    place
}

/// Reads and reasons only: nobody is behind the names of these sites.
fn doctor(place: &Place, more: &[&str]) -> Outcome {
    let mut arguments = vec!["doctor", "--root", "web1", "--offline"];
    arguments.extend(more);
    place.run(&arguments)
}

/// The object of a faulty site, whose exit code is not 0.
fn report(outcome: &Outcome) -> serde_json::Value {
    serde_json::from_str(&outcome.stdout).unwrap()
}

#[test]
fn a_fault_is_shown_at_its_line_with_its_mend() {
    let outcome = doctor(&with_site(STORY), &["--url", "http://apps.example.com/"]);
    insta::assert_snapshot!(outcome.shown(), @r#"
    exit 1
    --- stdout
    error[no-location]: No location is meant for /socket.io/: its requests end in this try_files.
      --> /etc/nginx/sites-enabled/apps:9:9
       |
     9 |         try_files $uri /index.html;
       |         ^^^^^^^^^^^^^^^^^^^^^^^^^^
       |
       = effect: The client gets 200 with the page /index.html in place of `0{"sid":…`, or 404 or 500 if it is missing, and never a session.
       = see: docs/checks.md#no-location
    mend: Give /socket.io/ a location of its own, proxied to the back end.
       |
     4 ~     location /socket.io/ {
     5 +         proxy_pass http://127.0.0.1:3001;
     6 +         proxy_http_version 1.1;
     7 +         proxy_set_header Host $http_host;
     8 +         proxy_set_header Upgrade $http_upgrade;
     9 +         proxy_set_header Connection "upgrade";
    10 +         proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    11 +         proxy_set_header X-Forwarded-Proto $scheme;
    12 +     }
    13 ~     location /api/ {
       |

    faulty: 1 fault, 0 hints
    "#);
}

#[test]
fn a_healthy_site_exits_with_0() {
    let outcome = doctor(&with_site(HEALTHY), &[]);
    insta::assert_snapshot!(outcome.shown(), @r"
    exit 0
    --- stdout
    healthy: 0 faults, 0 hints
    ");
}

#[test]
fn a_program_gets_the_promised_object() {
    let place = with_site(STORY);
    let outcome = doctor(
        &place,
        &["--url", "http://apps.example.com", "--format", "json"],
    );
    assert_eq!(outcome.code, Some(1));
    let report = report(&outcome);
    assert_eq!(report["verdict"], "faulty");
    let finding = &report["findings"][0];
    assert_eq!(finding["rule"], "no-location");
    assert_eq!(finding["severity"], "error");
    assert_eq!(finding["file"], "/etc/nginx/sites-enabled/apps");
    assert_eq!(
        (&finding["line"], &finding["column"]),
        (&9.into(), &9.into())
    );
    assert!(finding["message"].is_string() && finding["effect"].is_string());
    assert_eq!(finding["fix"]["safe"], true);
    assert_eq!(report["probes"], serde_json::json!([]));
    let short = doctor(&place, &["--url", "http://apps.example.com", "--json"]);
    assert_eq!(short.stdout, outcome.stdout, "--json says the same");
}

#[test]
fn the_back_ends_address_is_compared() {
    let outcome = doctor(
        &with_site(HEALTHY),
        &["--direct", "http://127.0.0.1:4001", "--json"],
    );
    assert_eq!(outcome.code, Some(1));
    assert_eq!(report(&outcome)["findings"][0]["rule"], "wrong-address");
}

#[test]
fn the_way_of_a_request_is_told() {
    let place = with_site(HEALTHY);
    let outcome = place.run(&[
        "doctor",
        "explain",
        "http://apps.example.com/",
        "--root",
        "web1",
    ]);
    insta::assert_snapshot!(outcome.shown(), @r"
    exit 0
    --- stdout
    GET http://apps.example.com/socket.io/?EIO=4&transport=polling&t=a1
      → server block (listen 80) because server_name apps.example.com fits  [/etc/nginx/sites-enabled/apps:1]
      → location / because it is the longest prefix of /socket.io/, and no regular expression fits  [/etc/nginx/sites-enabled/apps:4]
      → proxy_pass http://127.0.0.1:3001 to 127.0.0.1:3001  [/etc/nginx/sites-enabled/apps:5]
      → back end is asked: GET /socket.io/?EIO=4&transport=polling&t=a1 HTTP/1.1
      → header host: apps.example.com  [/etc/nginx/sites-enabled/apps:7]
      → header upgrade is not sent  [/etc/nginx/sites-enabled/apps:8]
      → header connection: upgrade  [/etc/nginx/sites-enabled/apps:9]
      → header x-forwarded-for: ${remote_addr}  [/etc/nginx/sites-enabled/apps:10]
      → header x-forwarded-proto: http  [/etc/nginx/sites-enabled/apps:11]
      → proxy_http_version 1.1  [/etc/nginx/sites-enabled/apps:6]

    GET http://apps.example.com/socket.io/?EIO=4&transport=websocket (websocket)
      → server block (listen 80) because server_name apps.example.com fits  [/etc/nginx/sites-enabled/apps:1]
      → location / because it is the longest prefix of /socket.io/, and no regular expression fits  [/etc/nginx/sites-enabled/apps:4]
      → proxy_pass http://127.0.0.1:3001 to 127.0.0.1:3001  [/etc/nginx/sites-enabled/apps:5]
      → back end is asked: GET /socket.io/?EIO=4&transport=websocket HTTP/1.1
      → header host: apps.example.com  [/etc/nginx/sites-enabled/apps:7]
      → header upgrade: websocket  [/etc/nginx/sites-enabled/apps:8]
      → header connection: upgrade  [/etc/nginx/sites-enabled/apps:9]
      → header x-forwarded-for: ${remote_addr}  [/etc/nginx/sites-enabled/apps:10]
      → header x-forwarded-proto: http  [/etc/nginx/sites-enabled/apps:11]
      → proxy_http_version 1.1  [/etc/nginx/sites-enabled/apps:6]
    ");
}

#[test]
fn what_cannot_be_examined_exits_with_2() {
    let place = with_site(HEALTHY);
    let nowhere = place.run(&["doctor", "--root", "web2"]);
    assert_eq!(nowhere.code, Some(2), "{}", nowhere.stderr);
    insta::assert_snapshot!(place.run(&["doctor", "--root", "web1/etc/nginx"]).shown(), @r"
    exit 2
    --- stderr
    error: examining the deployment
      what went wrong  /etc/nginx/nginx.conf cannot be read: No such file or directory (os error 2)
      what to try      the file is looked for below web1/etc/nginx: --root is the folder that holds etc/nginx, not etc/nginx itself
    ");
}

#[test]
fn one_of_several_sites_must_be_named() {
    let place = with_site(HEALTHY);
    place.write(
        "web1/etc/nginx/sites-enabled/other",
        "server { listen 80; server_name other.example.com; }\n",
    );
    insta::assert_snapshot!(doctor(&place, &[]).shown(), @r"
    exit 2
    --- stderr
    error: examining the deployment
      what went wrong  the configuration has several sites: apps.example.com, other.example.com
      what to try      say which is meant: atalaya doctor --url http://apps.example.com/
    ");
}

#[test]
fn a_wrong_address_or_path_is_refused() {
    for wrong in [
        ["--url", "apps.example.com"],
        ["--path", "socket.io"],
        ["--format", "xml"],
    ] {
        let outcome = doctor(&with_site(HEALTHY), &wrong);
        assert_eq!(outcome.code, Some(2), "{wrong:?}: {}", outcome.stderr);
    }
}

#[test]
fn what_is_safe_is_shown_mended_and_kept() {
    let place = with_site(STORY);
    let site = place.path("web1/etc/nginx/sites-enabled/apps");
    let outcome = doctor(&place, &["--fix"]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.shown());
    let at = |text: &str| outcome.stdout.find(text).unwrap();
    assert!(at("error[no-location]") < at("mended: /etc/nginx/sites-enabled/apps"));
    assert!(at("/etc/nginx/sites-enabled/.apps.1.bak") < at("healthy: 0 faults"));
    let kept = place.path("web1/etc/nginx/sites-enabled/.apps.1.bak");
    assert_eq!(fs::read_to_string(kept).unwrap(), STORY);
    let mended = fs::read_to_string(&site).unwrap();
    assert!(mended.contains("location /socket.io/ {"), "{mended}");

    let again = doctor(&place, &["--fix", "--format", "json"]);
    let report = report(&again);
    assert_eq!(again.code, Some(0));
    assert!(report["written"].as_array().unwrap().is_empty());
    assert_eq!(fs::read_to_string(&site).unwrap(), mended);
}

#[test]
fn the_front_ends_addresses_are_compared_and_mended() {
    let place = with_site(HEALTHY);
    fs::create_dir_all(place.path("web1/srv/app/dist")).unwrap();
    place.write(
        "web1/srv/app/.env",
        "VITE_API_URL=http://apps.example.com:3001/api\n",
    );
    place.write(
        "web1/srv/app/dist/index.js",
        "const a=\"http://apps.example.com:3001\";\n",
    );
    let files = [
        "--env",
        "/srv/app/.env",
        "--bundle",
        "/srv/app/dist",
        "--fix",
        "--json",
    ];
    let outcome = doctor(&place, &files);
    assert_eq!(outcome.code, Some(1), "{}", outcome.shown());
    let report = report(&outcome);
    assert_eq!(report["mended"][0]["file"], "/srv/app/.env");
    assert_eq!(report["findings"][0]["file"], "/srv/app/dist/index.js");
    assert_eq!(report["findings"][0]["column"], 10);
    let env = fs::read_to_string(place.path("web1/srv/app/.env")).unwrap();
    assert_eq!(env, "VITE_API_URL=http://apps.example.com/api\n");
    let missing = doctor(&place, &["--env", "/srv/app/.env.production"]);
    assert_eq!(missing.code, Some(2), "{}", missing.stderr);
}

#[test]
fn how_the_server_is_run_is_judged_and_mended() {
    let place = with_site(HEALTHY);
    fs::create_dir_all(place.path("web1/srv/app")).unwrap();
    let file = "module.exports = {\n  apps: [{\n    script: 'dist/main.js',\n    watch: true,\n    \
                out_file: '/dev/null',\n    env: { NODE_ENV: 'development', PORT: 3001 },\n  }],\n};\n";
    place.write("web1/srv/app/ecosystem.config.js", file);
    let pm2 = ["--pm2", "/srv/app/ecosystem.config.js"];
    let outcome = doctor(&place, &pm2);
    insta::assert_snapshot!(outcome.shown(), @r"
    exit 1
    --- stdout
    warning[watch-mode]: dist/main.js starts anew when a file changes.
     --> /srv/app/ecosystem.config.js:4:12
      |
    4 |     watch: true,
      |            ^^^^
      |
      = effect: Every write to its folder drops all sockets at once: an upload, a log, a database. Clients reconnect together, and what was not kept is lost.
      = see: docs/checks.md#watch-mode
    mend: Do not watch files where people are served; restart it when it is deployed.
      |
    4 -     watch: true,
    4 +     watch: false,
      |

    warning[logs-discarded]: out_file throws away what dist/main.js says.
     --> /srv/app/ecosystem.config.js:5:16
      |
    5 |     out_file: '/dev/null',
      |                ^^^^^^^^^
      |
      = effect: Clients see connect_error or a lost connection, and nothing on the server says why.
      = see: docs/checks.md#logs-discarded
    mend: Without this line the process manager keeps it.
      |
    5 -     out_file: '/dev/null',
      |

    warning[development-mode]: dist/main.js runs with NODE_ENV=development.
     --> /srv/app/ecosystem.config.js:6:23
      |
    6 |     env: { NODE_ENV: 'development', PORT: 3001 },
      |                       ^^^^^^^^^^^
      |
      = effect: Errors are shown to clients, every change of a file may restart the server and drop its sockets, and it is slower; what works here is not what was tested.
      = see: docs/checks.md#development-mode
    mend: Run it in production mode: NODE_ENV=production.
      |
    6 -     env: { NODE_ENV: 'development', PORT: 3001 },
    6 +     env: { NODE_ENV: 'production', PORT: 3001 },
      |

    faulty: 3 faults, 0 hints
    ");
    let folder = doctor(&place, &["--pm2", "/srv/app"]);
    assert_eq!(
        folder.stdout, outcome.stdout,
        "a folder is as good as its file"
    );
    let outcome = doctor(&place, &[pm2[0], pm2[1], "--fix"]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.shown());
    let mended = fs::read_to_string(place.path("web1/srv/app/ecosystem.config.js")).unwrap();
    let right = file.replace("    out_file: '/dev/null',\n", "");
    let right = right
        .replace("watch: true", "watch: false")
        .replace("development", "production");
    assert_eq!(mended, right);
}

#[test]
fn a_file_of_pm2_that_is_not_read_is_an_error_of_its_own() {
    let place = with_site(HEALTHY);
    place.write("web1/process.toml", "apps = []\n");
    insta::assert_snapshot!(doctor(&place, &["--pm2", "process.toml"]).shown(), @r"
    exit 2
    --- stderr
    error: examining the deployment
      what went wrong  /process.toml cannot be read: PM2's file is read as .js, .cjs, .mjs, .json, .yml or .yaml only
      what to try      the file is looked for below web1, as if that were /
    ");
}

#[test]
fn the_report_goes_into_an_issue_or_beside_the_lines() {
    let place = with_site(STORY);
    let url = ["--url", "http://apps.example.com"];
    let page = doctor(&place, &[&url[..], &["--format", "markdown"]].concat());
    insta::assert_snapshot!(page.shown(), @r#"
    exit 1
    --- stdout
    # faulty: 1 fault, 0 hints

    ## error: no-location

    No location is meant for /socket.io/: its requests end in this try\_files.

    `/etc/nginx/sites-enabled/apps:9:9`

    ```
            try_files $uri /index.html;
    ```

    **What the client sees.** The client gets 200 with the page /index.html in place of `0{"sid":…`, or 404 or 500 if it is missing, and never a session.

    **Mend.** Give /socket.io/ a location of its own, proxied to the back end.

    ```diff
    --- /etc/nginx/sites-enabled/apps
    +++ /etc/nginx/sites-enabled/apps
    @@ -1,6 +1,15 @@
     server {
         listen 80;
         server_name apps.example.com;
    +    location /socket.io/ {
    +        proxy_pass http://127.0.0.1:3001;
    +        proxy_http_version 1.1;
    +        proxy_set_header Host $http_host;
    +        proxy_set_header Upgrade $http_upgrade;
    +        proxy_set_header Connection "upgrade";
    +        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    +        proxy_set_header X-Forwarded-Proto $scheme;
    +    }
         location /api/ {
             proxy_pass http://127.0.0.1:3001;
         }
    ```

    See `docs/checks.md#no-location`.
    "#);
    let log = doctor(&place, &[&url[..], &["--format", "sarif"]].concat());
    assert_eq!(log.code, Some(1));
    let result = &report(&log)["runs"][0]["results"][0];
    assert_eq!(result["ruleId"], "no-location");
    let mended = doctor(
        &place,
        &[&url[..], &["--format", "markdown", "--fix"]].concat(),
    );
    assert_eq!(mended.code, Some(0));
    assert!(
        mended
            .stdout
            .starts_with("# Mended\n\n## error: no-location\n")
    );
    assert!(
        mended.stdout.ends_with("\n# healthy: 0 faults, 0 hints\n"),
        "{}",
        mended.stdout
    );
}

#[test]
fn the_findings_are_told_in_spanish() {
    let place = with_site(STORY);
    let url = ["--url", "http://apps.example.com", "--lang", "es"];
    insta::assert_snapshot!(doctor(&place, &url).shown(), @r#"
    exit 1
    --- stdout
    error[no-location]: Ninguna location es para /socket.io/: sus peticiones acaban en este try_files.
      --> /etc/nginx/sites-enabled/apps:9:9
       |
     9 |         try_files $uri /index.html;
       |         ^^^^^^^^^^^^^^^^^^^^^^^^^^
       |
       = efecto: El cliente recibe 200 con la página /index.html en lugar de `0{"sid":…`, o 404 o 500 si falta, y nunca una sesión.
       = ver: docs/checks.md#no-location
    remedio: Dé a /socket.io/ una location propia que lleve al back end.
       |
     4 ~     location /socket.io/ {
     5 +         proxy_pass http://127.0.0.1:3001;
     6 +         proxy_http_version 1.1;
     7 +         proxy_set_header Host $http_host;
     8 +         proxy_set_header Upgrade $http_upgrade;
     9 +         proxy_set_header Connection "upgrade";
    10 +         proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    11 +         proxy_set_header X-Forwarded-Proto $scheme;
    12 +     }
    13 ~     location /api/ {
       |

    con fallos: 1 fallo, 0 sugerencias
    "#);
    let mended = doctor(&place, &[&url[..], &["--fix"]].concat());
    assert!(
        mended
            .stdout
            .contains("corregido: /etc/nginx/sites-enabled/apps (lo que había: ")
    );
    assert!(
        mended.stdout.ends_with("\nsano: 0 fallos, 0 sugerencias\n"),
        "{}",
        mended.stdout
    );
}

#[test]
fn the_way_is_told_in_spanish_and_to_programs() {
    let place = with_site(HEALTHY);
    let explain = [
        "doctor",
        "explain",
        "http://apps.example.com/",
        "--root",
        "web1",
    ];
    let spanish = place.run(&[&explain[..], &["--lang", "es"]].concat());
    let line = "→ location / porque es el prefijo más largo de /socket.io/, y ninguna expresión regular encaja";
    assert!(spanish.stdout.contains(line), "{}", spanish.stdout);
    let told = report(&place.run(&[&explain[..], &["--json"]].concat()));
    assert_eq!(told[0]["steps"][0]["at"], "/etc/nginx/sites-enabled/apps:1");
    assert_eq!(
        told[0]["steps"][0]["what"],
        "server block (listen 80) because server_name apps.example.com fits"
    );
}
