//! `atalaya doctor`: what is wrong with a site's way to Socket.IO, and `doctor explain`: what that way is.
//!
//! It needs no settings, no database and no server: it runs on somebody else's machine.

mod user_sessions;
mod watch;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use anyhow::Result;
use atalaya_doctor::{
    CouldNotRun, Diagnosis, Verdict, diagnose,
    explain::{Explanation, as_json, in_words},
    explain_site, language,
    live::{self, Asked},
    mend::{Mending, mend},
    probe::{self, Plan, Seen},
    question::{DEFAULT_NGINX, DEFAULT_PATH, Question},
    report,
    root::Root,
    url::Url,
};

use self::user_sessions::Database;
use crate::{
    cli::{DoctorArgs, DoctorCommand, ExplainArgs, Files, Format, Lang},
    language::Language,
    output::{self, Exit, Failure, Style},
};

const DOING: &str = "examining the deployment";

/// 0 if the site is healthy, 1 if it is faulty.
pub fn run(args: DoctorArgs, config: Option<PathBuf>, style: Style) -> Result<ExitCode> {
    if let Some(DoctorCommand::Explain(explain)) = args.command {
        return tell_the_way(explain, style).map(|()| ExitCode::SUCCESS);
    }
    let question = Question {
        env: args.env,
        bundles: args.bundle,
        pm2: args.pm2,
        systemd: args.systemd,
        config,
        ..question(&args.files, args.url)
    };
    let root = root(&args.files)?;
    let format = match style {
        Style::Person => args.format,
        Style::Json => Format::Json,
    };
    let show = Show {
        format,
        language: language(args.lang, format),
        coloured: output::colours_suit(&std::io::stdout()),
    };
    if args.fix {
        let mending = mend(&root, &question).map_err(|error| failure(error, &args.files))?;
        show.mending(&mending, &root)?;
        return Ok(exit(mending.after.verdict));
    }
    let is_here = args.files.root == Path::new("/");
    let mut examination = Examination {
        root,
        question,
        asked: (!args.offline).then(|| Asked {
            token: args.token,
            hold: args.hold.map(Duration::from_secs),
            connect_to: args.connect_to,
            looks_for_the_row: args.database.is_some(),
            is_here,
            has_answered: false,
        }),
        database: Database::of(args.database),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let verdict = runtime.block_on(async {
        if let Some(seconds) = args.watch {
            let every = Duration::from_secs(seconds);
            return watch::run(&mut examination, every, &show, &args.files).await;
        }
        let told = |seen: &Seen, plan: &Plan| show.step(seen, plan);
        let diagnosis = examination.round(told).await?;
        let diagnosis = diagnosis.map_err(|error| failure(error, &args.files))?;
        output::print(&show.diagnosis(&diagnosis))?;
        Ok(diagnosis.verdict)
    });
    verdict.map(exit)
}

fn exit(verdict: Verdict) -> ExitCode {
    match verdict {
        Verdict::Healthy => ExitCode::SUCCESS,
        Verdict::Faulty => ExitCode::from(Exit::No as u8),
    }
}

/// What is examined, once or again and again.
struct Examination {
    root: Root,
    question: Question,
    /// `None` if nobody is to be asked.
    asked: Option<Asked>,
    database: Database,
}

impl Examination {
    /// Reads the files, takes the steps of a client and judges both. Each step is told as it is taken, or, of a copy
    /// of files, once it is known that anything of it runs here.
    async fn round(
        &mut self,
        told: impl Fn(&Seen, &Plan) + Send + Sync,
    ) -> Result<Result<Diagnosis, CouldNotRun>> {
        let (root, question) = (&self.root, &self.question);
        let files = match diagnose(root, question) {
            Ok(files) => files,
            Err(error) => return Ok(Err(error)),
        };
        let asked = self.asked.clone();
        let Some(plan) = asked.and_then(|asked| live::plan(&files, question, asked)) else {
            return Ok(Ok(files));
        };
        let table = self.database.table().await?;
        let asked = live::as_client(&files, question);
        let evidence = probe::examine(&asked, &plan, table, |seen| {
            if plan.is_here {
                told(seen, &plan);
            }
        });
        let evidence = evidence.await;
        if !live::is_telling(&plan, &evidence) {
            return Ok(Ok(files));
        }
        if let Some(asked) = &mut self.asked {
            asked.has_answered |= evidence.has_answers();
        }
        if !plan.is_here {
            evidence.seen.iter().for_each(|seen| told(seen, &plan));
        }
        let known = question;
        let question = live::informed(known, &evidence);
        let has_settings =
            known.config.is_some() || !known.pm2.is_empty() || !known.systemd.is_empty();
        let is_news = has_settings
            || question.heartbeat() != known.heartbeat()
            || question.max_payload() != known.max_payload()
            || question.known.socket_path != known.known.socket_path;
        // The server has said more than was known when its files were read.
        let files = match is_news {
            true => diagnose(root, &question),
            false => Ok(files),
        };
        Ok(files.map(|mut diagnosis| {
            live::add(&mut diagnosis, &question, &plan, &evidence);
            diagnosis
        }))
    }
}

/// How results are shown.
struct Show {
    format: Format,
    language: language::Language,
    coloured: bool,
}

impl Show {
    /// What cannot be shown now is in the report all the same.
    fn step(&self, seen: &Seen, plan: &Plan) {
        if self.format == Format::Text {
            let line = report::step(&seen.probe(plan), self.language, self.coloured);
            output::print(&line).ok();
        }
    }

    fn diagnosis(&self, diagnosis: &Diagnosis) -> String {
        match self.format {
            Format::Text => {
                // The steps stand above it.
                let gap = if diagnosis.probes.is_empty() {
                    ""
                } else {
                    "\n"
                };
                let text = report::text(diagnosis, self.language, self.coloured);
                format!("{gap}{text}")
            }
            Format::Json => format!("{}\n", report::json(diagnosis, self.language)),
            Format::Sarif => format!("{}\n", report::sarif(diagnosis, self.language)),
            Format::Markdown => report::markdown(diagnosis, self.language),
        }
    }

    /// Shows what is mended, and only then writes it.
    fn mending(&self, mending: &Mending, root: &Root) -> Result<()> {
        if self.format == Format::Text {
            output::print(&report::mends(mending, self.language, self.coloured))?;
        }
        let written = mending.write(root).map_err(|error| {
            Failure::could_not_run("mending", error)
                .try_this("run this as a user who may write there")
        })?;
        let text = match self.format {
            Format::Text => report::mended(mending, &written, self.language, self.coloured),
            Format::Json => format!(
                "{}\n",
                report::mended_json(mending, &written, self.language)
            ),
            Format::Sarif => format!("{}\n", report::sarif(&mending.after, self.language)),
            Format::Markdown => report::mended_markdown(mending, &written, self.language),
        };
        Ok(output::print(&text)?)
    }
}

/// What was asked for, or what the terminal's user reads; programs are told in English unless they ask.
fn language(asked: Option<Lang>, format: Format) -> language::Language {
    let is_spanish = match (asked, format) {
        (Some(lang), _) => lang == Lang::Es,
        (None, Format::Json | Format::Sarif) => false,
        (None, Format::Text | Format::Markdown) => Language::of_environment() == Language::Spanish,
    };
    match is_spanish {
        true => language::Language::Spanish,
        false => language::Language::English,
    }
}

fn tell_the_way(args: ExplainArgs, style: Style) -> Result<()> {
    let question = question(&args.files, Some(args.url));
    let format = match style {
        Style::Person => Format::Text,
        Style::Json => Format::Json,
    };
    let root = root(&args.files)?;
    let way = explain_site(&root, &question).map_err(|error| failure(error, &args.files))?;
    let language = language(args.lang, format);
    style.print(&as_json(&way, language), |_| {
        way.iter()
            .map(|explanation: &Explanation| format!("{}\n", in_words(explanation, language)))
            .collect()
    })?;
    Ok(())
}

fn question(files: &Files, url: Option<Url>) -> Question {
    Question {
        nginx: main_file(files, url.is_some() || files.direct.is_some()),
        url,
        direct: files.direct.clone(),
        path: files
            .path
            .clone()
            .unwrap_or_else(|| DEFAULT_PATH.to_owned()),
        is_path_given: files.path.is_some(),
        namespace: files.namespace.clone(),
        ..Question::default()
    }
}

/// The one that is named; or where Debian has it, unless it is not there and there is something else to go by.
fn main_file(files: &Files, may_be_missing: bool) -> Option<PathBuf> {
    let usual = PathBuf::from(DEFAULT_NGINX);
    let below = usual.strip_prefix("/").unwrap_or(&usual);
    let is_there = files.root.join(below).exists();
    match &files.nginx {
        Some(named) => Some(named.clone()),
        None => (is_there || !may_be_missing).then_some(usual),
    }
}

fn root(files: &Files) -> Result<Root> {
    let root = Root::new(&files.root).map_err(|error| {
        Failure::could_not_run(DOING, format!("{}: {error}", files.root.display()))
            .try_this("give --root a folder that holds a copy of /etc, or leave it out")
    })?;
    Ok(root)
}

fn failure(error: CouldNotRun, files: &Files) -> Failure {
    let failure = Failure::could_not_run(DOING, &error);
    match error {
        CouldNotRun::Unreadable(_) if files.root.as_os_str() == "/" => failure
            .try_this("name the main file: atalaya doctor --nginx /usr/local/nginx/conf/nginx.conf")
            .try_this("if it is there and may not be read, run this as root"),
        CouldNotRun::Unreadable(_) => failure.try_this(format!(
            "the file is looked for below {}: --root is the folder that holds etc/nginx, not etc/nginx itself",
            files.root.display()
        )),
        CouldNotRun::Other(_) => failure.try_this(format!(
            "the file is looked for below {}, as if that were /",
            files.root.display()
        )),
        CouldNotRun::WhichSite(_) => failure.try_this("say which is meant: atalaya doctor --url http://apps.example.com/"),
        CouldNotRun::NoSite => failure.try_this("name nginx's main file with --nginx"),
        CouldNotRun::NobodyListens(_) => failure.try_this("correct the port of the URL, or ask atalaya doctor --url"),
        CouldNotRun::Root(_) => failure,
    }
}
