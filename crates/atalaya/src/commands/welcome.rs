//! What `serve` prints once it listens: where to open it and, on the first start, the administrator's
//! one-time password. It goes to standard output only, never to the log.

use std::net::SocketAddr;

use atalaya_server::{Config, Server};
use serde_json::json;

use super::database;
use crate::{
    language::Language,
    output::{self, OutputClosed, Paint, Style},
};

const ADMIN: &str = "admin";

pub fn greet(server: &Server, config: &Config, style: Style) -> Result<(), OutputClosed> {
    let url = page_url(server.local_addr());
    let password = server.first_admin_password();
    let admin = password.map(|password| json!({"username": ADMIN, "password": password}));
    let value = json!({
        "listening": server.local_addr().to_string(),
        "ops_listening": server.ops_addr().to_string(),
        "url": url,
        "first_admin": admin,
    });
    let worth_it = style == Style::Json || password.is_some() || output::stdout_is_terminal();
    if !worth_it {
        return Ok(());
    }
    let database = database::shown(&config.database_url);
    style.print(&value, |paint| {
        block(&url, &database, password, paint, Language::of_environment())
    })
}

/// Where a person on this machine opens the page.
fn page_url(address: SocketAddr) -> String {
    let ip = address.ip();
    if ip.is_loopback() || ip.is_unspecified() {
        format!("http://localhost:{}", address.port())
    } else {
        format!("http://{address}")
    }
}

fn block(
    url: &str,
    database: &str,
    password: Option<&str>,
    paint: Paint,
    language: Language,
) -> String {
    let pick = |english, spanish| language.pick(english, spanish);
    let version = env!("CARGO_PKG_VERSION");
    let line =
        |label: &str, value: &str| format!("    {}  {value}\n", paint.dim(format!("{label:<10}")));
    let mut text = format!("\n  {} {}\n\n", paint.bold("Atalaya"), paint.dim(version));
    text += &line(pick("Open", "Abrir"), &paint.good(url));
    text += &line(pick("Database", "Datos"), database);
    text += &line(pick("Stop", "Parar"), "Ctrl-C");
    if let Some(password) = password {
        let once = pick(
            "shown this once; to set another:",
            "solo se muestra esta vez; para poner otra:",
        );
        text += "\n";
        text += &line(pick("User", "Usuario"), &paint.bold(ADMIN));
        text += &line(pick("Password", "Contraseña"), &paint.bold(password));
        text += &line("", &paint.dim(once));
        text += &line("", &paint.dim("atalaya user passwd admin"));
    }
    text + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first_start(language: Language) -> String {
        let paint = Paint::none();
        block(
            "http://localhost:3001",
            "sqlite://data/atalaya.db",
            Some("kq7mp-x2"),
            paint,
            language,
        )
    }

    #[test]
    fn the_first_start_shows_the_password() {
        insta::assert_snapshot!(first_start(Language::English), @r"

          Atalaya 0.1.0

            Open        http://localhost:3001
            Database    sqlite://data/atalaya.db
            Stop        Ctrl-C

            User        admin
            Password    kq7mp-x2
                        shown this once; to set another:
                        atalaya user passwd admin
        ");
    }

    #[test]
    fn in_spanish_too() {
        insta::assert_snapshot!(first_start(Language::Spanish), @r"

          Atalaya 0.1.0

            Abrir       http://localhost:3001
            Datos       sqlite://data/atalaya.db
            Parar       Ctrl-C

            Usuario     admin
            Contraseña  kq7mp-x2
                        solo se muestra esta vez; para poner otra:
                        atalaya user passwd admin
        ");
    }

    #[test]
    fn a_page_is_opened_where_a_browser_can() {
        let url = |address: &str| page_url(address.parse().unwrap());
        assert_eq!(url("127.0.0.1:3001"), "http://localhost:3001");
        assert_eq!(url("0.0.0.0:80"), "http://localhost:80");
        assert_eq!(url("[2001:db8::1]:3001"), "http://[2001:db8::1]:3001");
    }
}
