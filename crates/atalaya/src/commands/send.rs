//! `atalaya send`: publish a notification through the running server, as any program would over HTTP; or, in `batch`, a
//! file of them.

mod batch;
mod input;

use std::time::Duration;

use ::http::Method;
use anyhow::Result;
use atalaya_client::http::{self, HttpError, Response};
use atalaya_server::config::reachable;
use atalaya_store::Role;
use serde_json::{Map, Value, json};

use super::{
    database::{explain, open_existing},
    token,
};
use crate::{
    cli::{Recipient, SendArgs, Severity},
    config::Settings,
    output::{Failure, Paint, Style},
};

const DOING: &str = "sending the notification";

/// Longer than one request takes.
const LIFE_FOR_ONE: Duration = Duration::from_secs(60);
/// Longer than a file takes, and a day of what a program says on standard input.
const LIFE_FOR_MANY: Duration = Duration::from_secs(24 * 60 * 60);

pub async fn run(args: SendArgs, settings: &Settings, style: Style) -> Result<()> {
    if let Some(file) = &args.batch {
        let input = input::Input::open(file).await?;
        let server = Api::of(&args, settings, LIFE_FOR_MANY).await?;
        return batch::run(input, &server, style).await;
    }
    let server = Api::of(&args, settings, LIFE_FOR_ONE).await?;
    let to = server.audience(&args.to).await?;
    let answer = server
        .call(
            Method::POST,
            "/api/notifications",
            Some(&notification(args, to)),
        )
        .await?;
    style.print(&answer, |paint| in_words(&answer, paint))?;
    Ok(())
}

/// The server, and who we are to it.
struct Api {
    url: String,
    token: String,
}

impl Api {
    async fn of(args: &SendArgs, settings: &Settings, token_lives: Duration) -> Result<Self> {
        let url = args.url.clone();
        Ok(Self {
            url: url.unwrap_or_else(|| format!("http://{}", reachable(settings.listen()))),
            token: match &args.token {
                Some(token) => token.clone(),
                None => administrator_token(settings, token_lives).await?,
            },
        })
    }

    fn url_of(&self, path: &str) -> String {
        format!("{}{path}", self.url.trim_end_matches('/'))
    }

    /// Makes one request; an answer that is an error becomes a failure in words.
    async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value> {
        let response = http::request(method, &self.url_of(path), Some(&self.token), body)
            .await
            .map_err(|error| unreachable_server(&self.url, &error))?;
        if !response.status.is_success() {
            return Err(refusal(&response).into());
        }
        response
            .json()
            .map_err(|error| unreachable_server(&self.url, &error).into())
    }

    /// What `to` is in the request. Names are looked up, since the API knows users by their ids.
    async fn audience(&self, recipients: &[Recipient]) -> Result<Value> {
        let (mut users, mut roles, mut topics, mut all) =
            (Vec::new(), Vec::new(), Vec::new(), false);
        for recipient in recipients {
            match recipient {
                Recipient::Id(id) => users.push(*id),
                Recipient::Name(name) => users.push(self.user_id(name).await?),
                Recipient::Role(role) => roles.push(role),
                Recipient::Topic(topic) => topics.push(topic),
                Recipient::All => all = true,
            }
        }
        match (&users[..], &roles[..], &topics[..], all) {
            ([_, ..], [], [], false) => Ok(json!({"users": users})),
            ([], [_, ..], [], false) => Ok(json!({"roles": roles})),
            ([], [], [topic], false) => Ok(json!({"topic": topic})),
            ([], [], [], true) => Ok(json!({"all": true})),
            _ => Err(Failure::could_not_run(
                DOING,
                "one notification goes to users, to roles, to one topic or to all, not to a mixture",
            )
            .try_this("send it once for each kind")
            .into()),
        }
    }

    async fn user_id(&self, name: &str) -> Result<i64> {
        let query = percent_encoded(name);
        let mut cursor = String::new();
        loop {
            let path = format!("/api/users?limit=200&q={query}{cursor}");
            let page = self.call(Method::GET, &path, None).await?;
            let items = page["items"]
                .as_array()
                .map(Vec::as_slice)
                .unwrap_or_default();
            let found = items.iter().find(|user| user["username"] == name);
            if let Some(id) = found.and_then(|user| user["id"].as_i64()) {
                return Ok(id);
            }
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={}", percent_encoded(next)),
                None => {
                    return Err(Failure::no(DOING, format!("there is no user {name:?}"))
                        .try_this("see who there is: atalaya user list")
                        .into());
                }
            }
        }
    }
}

/// Whoever can read the database and the secret could make any token; so they need not.
async fn administrator_token(settings: &Settings, lives: Duration) -> Result<String> {
    let store = open_existing(settings).await?;
    let found = store.enabled_user_with(Role::Admin).await;
    store.close().await;
    let admin = found.map_err(|error| explain(DOING, &error, settings.database_url()))?;
    let admin = admin.ok_or_else(|| {
        Failure::no(DOING, "the database has no administrator to act as")
            .try_this("add one: atalaya user add NAME --role admin")
            .try_this("or give a token: --token, ATALAYA_TOKEN")
    })?;
    Ok(token::mint(settings, &admin, Some(lives))?.token)
}

fn notification(args: SendArgs, to: Value) -> Value {
    let severity = args.severity.map(|severity| match severity {
        Severity::Info => "info",
        Severity::Success => "success",
        Severity::Warning => "warning",
        Severity::Critical => "critical",
    });
    let mut body = Map::from_iter([
        ("to".to_owned(), to),
        ("title".to_owned(), args.title.unwrap_or_default().into()),
    ]);
    let optional = [
        ("body", args.body.map(Value::from)),
        ("severity", severity.map(Value::from)),
        ("type", args.kind.map(Value::from)),
        ("event", args.event.map(Value::from)),
        ("link", args.link.map(Value::from)),
        ("data", args.data),
        ("expires_at", args.expires_at.map(Value::from)),
        (
            "requires_ack",
            args.requires_ack.then_some(Value::Bool(true)),
        ),
        ("deliver_at", args.deliver_at.map(Value::from)),
        ("collapse_key", args.collapse_key.map(Value::from)),
        ("idempotency_key", args.idempotency_key.map(Value::from)),
    ];
    for (name, value) in optional {
        if let Some(value) = value {
            body.insert(name.to_owned(), value);
        }
    }
    Value::Object(body)
}

fn in_words(answer: &Value, paint: Paint) -> String {
    if let Some(deliver_at) = answer["deliver_at"].as_str() {
        let id = &answer["scheduled_id"];
        return format!("notification {id} of those scheduled is published at {deliver_at}\n");
    }
    let recipients = match answer["recipients"].as_u64() {
        Some(1) => "1 recipient".to_owned(),
        Some(many) => format!("{many} recipients"),
        None => "its recipients".to_owned(),
    };
    let created_at = answer["created_at"].as_str().unwrap_or_default();
    format!(
        "notification {} is kept for {recipients}  {}\n",
        answer["id"],
        paint.dim(created_at)
    )
}

fn unreachable_server(url: &str, error: &HttpError) -> Failure {
    let causes = std::iter::successors(std::error::Error::source(error), |cause| cause.source());
    let wrong = causes.fold(error.to_string(), |said, cause| format!("{said}: {cause}"));
    let failure = Failure::could_not_run(format!("{DOING} through {url}"), wrong);
    match error {
        HttpError::Unreachable { .. } => failure
            .try_this("start the server: atalaya serve")
            .try_this("or say where it is: --url, or ATALAYA_LISTEN as the server has it"),
        HttpError::InvalidUrl(_) => {
            failure.try_this("give the server's own address: --url http://127.0.0.1:3001")
        }
        HttpError::InvalidJson(_) => {
            failure.try_this("see that the URL is Atalaya's and not another program's")
        }
        _ => failure,
    }
}

/// Problem details (RFC 9457) in words; another kind of answer is quoted.
fn refusal(response: &Response) -> Failure {
    let status = response.status.as_u16();
    let Ok(problem) = response.json::<Value>() else {
        let quoted: String = response.text().chars().take(200).collect();
        return Failure::no(DOING, format!("the server answered {status}: {quoted}"));
    };
    let text = |name: &str| problem[name].as_str().unwrap_or_default();
    let mut wrong = format!("{} ({status} {})", text("title"), text("code"));
    let fields: Vec<String> = problem["errors"]
        .as_array()
        .into_iter()
        .flatten()
        .map(field_error)
        .collect();
    // The detail of a problem with fields says no more than the fields do.
    if fields.is_empty() && !text("detail").is_empty() {
        wrong.push_str(&format!("\n{}", text("detail")));
    }
    for field in fields {
        wrong.push_str(&format!("\n{field}"));
    }
    let failure = Failure::no(DOING, wrong);
    match text("remedy") {
        "" => failure,
        remedy => failure.try_this(remedy),
    }
}

fn field_error(error: &Value) -> String {
    let part = |name: &str| error[name].as_str().unwrap_or_default();
    format!("{}: {}", part("field"), part("message"))
}

/// What may stand in a query as it is (RFC 3986, 2.3); all else by its bytes.
fn percent_encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                char::from(byte).to_string()
            }
            other => format!("%{other:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_encoded() {
        assert_eq!(percent_encoded("ana ruiz&ñ"), "ana%20ruiz%26%C3%B1");
    }
}
