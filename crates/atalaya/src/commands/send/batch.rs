//! `atalaya send --batch`: a file of notifications, in requests of up to a thousand lines each.
//!
//! Lines are counted over the whole file. A line that fails stops no other; a request that is refused as a whole, or
//! breaks off, ends the command, and it says which lines were sent and of which nothing is known.

use std::time::{Duration, Instant};

use anyhow::Result;
use atalaya_client::http::{self, HttpError};
use serde_json::Value;

use super::{
    Api,
    input::{Input, Part},
    refusal, unreachable_server,
};
use crate::{
    language::Language,
    output::{Failure, Style, print, stderr_is_terminal, tell},
};

const PATH: &str = "/api/notifications/batch";

/// Goes back and clears the line.
const AGAIN: &str = "\r\x1b[2K";

/// How often a person sees the numbers change.
const SHOWN_EVERY: Duration = Duration::from_millis(100);

pub async fn run(mut input: Input, server: &Api, style: Style) -> Result<()> {
    let language = Language::of_environment();
    let mut tally = Tally::new(&input);
    let ended = loop {
        let sent = tokio::select! {
            sent = send_part(&mut input, server, &mut tally) => sent,
            _ = tokio::signal::ctrl_c() => Err(tally.interrupted().into()),
        };
        tally.hide();
        print(&tally.lines(style, language))?;
        match sent {
            Ok(true) => {}
            Ok(false) => break Ok(()),
            Err(error) => break Err(error),
        }
    };
    if style == Style::Person {
        print(&format!("{}\n", tally.in_words(language)))?;
    }
    ended?;
    tally.is_good(&input.name)
}

/// Whether there was one.
async fn send_part(input: &mut Input, server: &Api, tally: &mut Tally) -> Result<bool> {
    let Some(part) = input.part().await? else {
        return Ok(false);
    };
    let lines = tally.begin(part);
    let url = server.url_of(PATH);
    let answer = http::post_lines(&url, Some(&server.token), lines, |line| tally.take(line)).await;
    match answer {
        Ok(answer) if !answer.status.is_success() => {
            let failure = refusal(&answer);
            Err(tally.explain(failure, Doubt::NotSent).into())
        }
        Ok(_) if tally.answered < tally.part.filled => {
            let wrong = "the server did not read all lines";
            let failure = Failure::could_not_run(super::DOING, wrong);
            Err(tally.explain(failure, Doubt::NotSent).into())
        }
        Ok(_) => Ok(true),
        Err(error) => {
            let failure = unreachable_server(&server.url, &error);
            let doubt = match error {
                HttpError::InvalidUrl(_)
                | HttpError::InvalidToken
                | HttpError::Unreachable { .. } => Doubt::NotSent,
                _ => Doubt::Unknown,
            };
            Err(tally.explain(failure, doubt).into())
        }
    }
}

/// What is known of the lines that were not answered.
enum Doubt {
    NotSent,
    Unknown,
}

/// What has become of the lines so far.
struct Tally {
    sent: u64,
    failed: u64,
    /// The results of this part that are not printed yet.
    results: Vec<Value>,
    /// What is under way, without its bytes.
    part: Part,
    part_bytes: u64,
    /// How many lines of it are answered, and the number of the last.
    answered: u64,
    last_answered: u64,
    /// Bytes of the parts before, and of the whole file.
    bytes_before: u64,
    size: Option<u64>,
    shown: Option<Instant>,
}

impl Tally {
    fn new(input: &Input) -> Self {
        Self {
            sent: 0,
            failed: 0,
            results: Vec::new(),
            part: Part::default(),
            part_bytes: 0,
            answered: 0,
            last_answered: 0,
            bytes_before: 0,
            size: input.size,
            shown: None,
        }
    }

    /// Gives the bytes that are to be sent.
    fn begin(&mut self, mut part: Part) -> Vec<u8> {
        let bytes = std::mem::take(&mut part.bytes);
        self.bytes_before += self.part_bytes;
        self.part_bytes = bytes.len() as u64;
        self.answered = 0;
        self.last_answered = part.first - 1;
        self.part = part;
        self.show();
        bytes
    }

    /// Takes one line of the answer; the server counts from the beginning of the part.
    fn take(&mut self, line: &[u8]) {
        let Ok(mut result) = serde_json::from_slice::<Value>(line) else {
            return;
        };
        let Some(number) = result["line"].as_u64() else {
            return;
        };
        let number = self.part.first - 1 + number;
        result["line"] = number.into();
        self.answered += 1;
        self.last_answered = number;
        match is_committed(&result) {
            true => self.sent += 1,
            false => self.failed += 1,
        }
        self.results.push(result);
        if self.shown.is_none_or(|at| at.elapsed() >= SHOWN_EVERY) {
            self.show();
        }
    }

    /// The results since the last time: all of them for a program, those that failed for a person.
    fn lines(&mut self, style: Style, language: Language) -> String {
        let line = |result: &Value| match style {
            Style::Json => Some(format!("{result}\n")),
            Style::Person => (!is_committed(result)).then(|| failed_line(result, language)),
        };
        let text = self.results.iter().filter_map(line).collect();
        self.results.clear();
        text
    }

    fn in_words(&self, language: Language) -> String {
        let number = |n| grouped(n, language);
        let sent = language.pick("sent", "enviadas");
        let mut text = format!("{} {sent}", number(self.sent));
        if self.failed > 0 {
            let failed = language.pick("failed", "fallidas");
            text.push_str(&format!(", {} {failed}", number(self.failed)));
        }
        text
    }

    fn is_good(&self, name: &str) -> Result<()> {
        if self.failed == 0 {
            return Ok(());
        }
        let lines = self.sent + self.failed;
        let wrong = format!(
            "{} of {lines} lines failed; the others are sent",
            self.failed
        );
        Err(Failure::no(format!("sending {name}"), wrong)
            .try_this("mend those lines, and send them alone")
            .into())
    }

    /// Says of a failure what it means for the lines of this part.
    fn explain(&self, mut failure: Failure, doubt: Doubt) -> Failure {
        let (from, to) = (self.last_answered + 1, self.part.last());
        let more = match doubt {
            Doubt::NotSent if from == 1 => return failure,
            Doubt::NotSent => format!("from line {from} on nothing was sent"),
            Doubt::Unknown => format!(
                "whether lines {from} to {to} were sent is not known; what comes after was not sent"
            ),
        };
        failure.wrong.push_str(&format!("\n{more}"));
        failure
    }

    fn interrupted(&self) -> Failure {
        let failure = Failure::could_not_run(super::DOING, "it was interrupted");
        match self.answered < self.part.filled {
            true => self.explain(failure, Doubt::Unknown),
            false => self.explain(failure, Doubt::NotSent),
        }
    }

    fn show(&mut self) {
        if stderr_is_terminal() {
            let language = Language::of_environment();
            let percent = self.percent().map(|percent| format!("  {percent} %"));
            let words = self.in_words(language);
            tell(&format!("{AGAIN}  {words}{}", percent.unwrap_or_default()));
            self.shown = Some(Instant::now());
        }
    }

    fn hide(&mut self) {
        if self.shown.take().is_some() {
            tell(AGAIN);
        }
    }

    fn percent(&self) -> Option<u64> {
        let size = self.size.filter(|size| *size > 0)?;
        let of_part = self.part_bytes * self.answered / self.part.filled.max(1);
        Some(((self.bytes_before + of_part) * 100 / size).min(100))
    }
}

/// Published, or to be published later.
fn is_committed(result: &Value) -> bool {
    result["status"] == 201 || result["status"] == 202
}

fn failed_line(result: &Value, language: Language) -> String {
    let text = |name: &str| result[name].as_str().unwrap_or_default();
    format!(
        "{} {}: {} ({} {})\n",
        language.pick("line", "línea"),
        result["line"],
        text("message"),
        result["status"],
        text("code")
    )
}

/// Digits in groups of three.
fn grouped(number: u64, language: Language) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n).is_multiple_of(3) {
            text.push_str(language.pick(",", "."));
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_numbers_are_readable() {
        let english = |number| grouped(number, Language::English);
        assert_eq!(english(7), "7");
        assert_eq!(english(999), "999");
        assert_eq!(english(10_000), "10,000");
        assert_eq!(english(1_234_567), "1,234,567");
        assert_eq!(grouped(10_000, Language::Spanish), "10.000");
    }
}
