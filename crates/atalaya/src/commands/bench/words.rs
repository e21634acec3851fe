//! A report for a person: a table of what the scenarios have in common, then a line for what each has alone.

use atalaya_bench::{
    Scenario,
    report::{Latency, Outcome, Report, Usage},
};

use crate::{
    language::Language,
    output::{Paint, table},
};

pub fn of(report: &Report, paint: Paint, language: Language) -> String {
    let words = Words(language);
    let pick = |english, spanish| language.pick(english, spanish);
    let headings = [
        pick("scenario", "escenario"),
        pick("done", "hecho"),
        pick("failed", "fallos"),
        pick("per second", "por segundo"),
        "p50",
        "p99",
        "max",
        pick("CPU server", "CPU servidor"),
        pick("CPU database", "CPU base de datos"),
        pick("CPU clients", "CPU clientes"),
    ];
    let rows: Vec<_> = report
        .outcomes
        .iter()
        .map(|outcome| words.row(outcome))
        .collect();
    let mut text = format!(
        "\n{}\n\n{}",
        words.conditions(report),
        table(paint, &headings, &rows)
    );
    let notes: Vec<String> = report
        .outcomes
        .iter()
        .flat_map(|outcome| words.notes(outcome))
        .collect();
    if !notes.is_empty() {
        text.push('\n');
    }
    for note in notes {
        text.push_str(&format!("{}\n", paint.dim(note)));
    }
    text
}

struct Words(Language);

impl Words {
    fn pick(&self, english: &'static str, spanish: &'static str) -> &'static str {
        self.0.pick(english, spanish)
    }

    fn conditions(&self, report: &Report) -> String {
        let machine = &report.machine;
        let transport = match report.transport {
            atalaya_bench::Transport::Websocket => "websocket",
            atalaya_bench::Transport::Polling => "polling",
        };
        let clients = report.outcomes.first().map_or(0, |outcome| outcome.clients);
        format!(
            "Atalaya {}, {} {} ({transport})\n{}, {} {}, {} GiB, Linux {}",
            report.version,
            self.count(clients),
            self.pick("clients", "clientes"),
            machine.cpu,
            machine.cores,
            self.pick("cores", "núcleos"),
            self.decimal(machine.memory_bytes as f64 / f64::from(1 << 30)),
            machine.kernel,
        )
    }

    fn row(&self, outcome: &Outcome) -> Vec<String> {
        let at = |pick: fn(&Latency) -> u64| {
            let latency = outcome.latency.as_ref();
            latency.map_or_else(absent, |latency| self.time(pick(latency) as f64))
        };
        let each = |usage: &Option<Usage>| {
            usage.map_or_else(absent, |usage| self.time(usage.cpu_us_per_operation))
        };
        vec![
            outcome.scenario.name().to_owned(),
            self.count(outcome.succeeded),
            self.count(outcome.failed),
            self.count(outcome.rate_per_s.round() as u64),
            at(|latency| latency.p50_us),
            at(|latency| latency.p99_us),
            at(|latency| latency.max_us),
            each(&outcome.server),
            each(&outcome.database),
            self.time(outcome.client_cpu_us_per_operation),
        ]
    }

    fn notes(&self, outcome: &Outcome) -> Vec<String> {
        let mut notes = Vec::new();
        notes.extend(self.memory(outcome));
        if let Some(seconds) = outcome.rows_closed_seconds {
            let said = self.pick("every row closed after", "todas las filas cerradas tras");
            notes.push(format!("{said} {}", self.time(seconds * 1e6)));
        }
        if let Some(answers) = outcome.answer_latency {
            let said = self.pick("answered 201 after", "respuesta 201 tras");
            notes.push(format!("{said} {}", self.percentiles(answers)));
        }
        for kind in &outcome.kinds {
            let (done, failed) = (self.count(kind.succeeded), self.count(kind.failed));
            let said = self.pick("failed", "fallos");
            let times = kind.latency.map_or_else(String::new, |latency| {
                format!(", {}", self.percentiles(latency))
            });
            notes.push(format!("{}: {done} ({failed} {said}){times}", kind.name));
        }
        if let Some(rows) = outcome.rows {
            let said = self.pick(
                "rows looked up at CONNECT, missing:",
                "filas buscadas al llegar CONNECT, ausentes:",
            );
            notes.push(format!(
                "{} {said} {}",
                self.count(rows.sampled),
                self.count(rows.missing)
            ));
        }
        if let Some(why) = &outcome.first_failure {
            notes.push(format!(
                "{}: {why}",
                self.pick("the first failure", "el primer fallo")
            ));
        }
        let name = outcome.scenario.name();
        notes.iter().map(|note| format!("{name}: {note}")).collect()
    }

    fn memory(&self, outcome: &Outcome) -> Option<String> {
        let server = outcome
            .server
            .filter(|_| outcome.scenario == Scenario::Idle)?;
        let kib = |bytes: f64| format!("{} KiB", self.decimal(bytes / 1024.0));
        Some(format!(
            "{} {}, {} {}",
            kib(server.pss_per_connection_bytes?),
            self.pick(
                "of the server's memory for each connection",
                "de memoria del servidor por conexión"
            ),
            kib(server.pss_per_connection_after_broadcasts_bytes?),
            self.pick("after broadcasts", "tras las difusiones"),
        ))
    }

    fn percentiles(&self, latency: Latency) -> String {
        let (p50, p99) = (latency.p50_us as f64, latency.p99_us as f64);
        format!("p50 {}, p99 {}", self.time(p50), self.time(p99))
    }

    /// Microseconds, in the unit that suits them.
    fn time(&self, us: f64) -> String {
        match us {
            ..1e3 => format!("{} µs", self.decimal(us)),
            ..1e6 => format!("{} ms", self.decimal(us / 1e3)),
            _ => format!("{} s", self.decimal(us / 1e6)),
        }
    }

    fn decimal(&self, number: f64) -> String {
        let text = match number.abs() {
            ..100.0 => format!("{number:.1}"),
            _ => format!("{number:.0}"),
        };
        match self.0 {
            Language::English => text,
            Language::Spanish => text.replace('.', ","),
        }
    }

    /// With a mark at every third digit.
    fn count(&self, number: u64) -> String {
        let digits = number.to_string();
        let mark = self.pick(",", ".");
        let mut text = String::new();
        for (index, digit) in digits.chars().enumerate() {
            if index > 0 && (digits.len() - index).is_multiple_of(3) {
                text.push_str(mark);
            }
            text.push(digit);
        }
        text
    }
}

fn absent() -> String {
    "-".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        serde_json::from_str(
            r#"{"version": "0.1.0", "url": "http://127.0.0.1:3001", "transport": "websocket",
                "machine": {"cpu": "A processor", "cores": 2, "kernel": "6.1", "memory_bytes": 8589934592},
                "outcomes": [
                  {"scenario": "connect", "clients": 5000, "seconds": 0.5, "succeeded": 4999, "failed": 1,
                   "rate_per_s": 9998.4, "client_cpu_us_per_operation": 41.2,
                   "latency": {"p50_us": 850, "p90_us": 9000, "p99_us": 12345, "p999_us": 20000, "max_us": 1500000},
                   "server": {"cpu_us": 250000, "cpu_us_per_operation": 50.0, "pss_before_bytes": 1, "pss_after_bytes": 2},
                   "rows": {"sampled": 100, "missing": 0}, "first_failure": "no CONNECT came in time"},
                  {"scenario": "leave", "clients": 5000, "seconds": 0.15, "succeeded": 5000, "failed": 0,
                   "rate_per_s": 33333.0, "client_cpu_us_per_operation": 3.0, "rows_closed_seconds": 0.15}]}"#,
        )
        .unwrap()
    }

    #[test]
    fn a_report_is_a_table_and_what_is_left_over() {
        insta::assert_snapshot!(of(&report(), Paint::none(), Language::English), @r"

        Atalaya 0.1.0, 5,000 clients (websocket)
        A processor, 2 cores, 8.0 GiB, Linux 6.1

        scenario  done   failed  per second  p50     p99      max    CPU server  CPU database  CPU clients
        connect   4,999  1       9,998       850 µs  12.3 ms  1.5 s  50.0 µs     -             41.2 µs
        leave     5,000  0       33,333      -       -        -      -           -             3.0 µs

        connect: 100 rows looked up at CONNECT, missing: 0
        connect: the first failure: no CONNECT came in time
        leave: every row closed after 150 ms
        ");
    }

    #[test]
    fn in_spanish_too() {
        insta::assert_snapshot!(of(&report(), Paint::none(), Language::Spanish), @r"

        Atalaya 0.1.0, 5.000 clientes (websocket)
        A processor, 2 núcleos, 8,0 GiB, Linux 6.1

        escenario  hecho  fallos  por segundo  p50     p99      max    CPU servidor  CPU base de datos  CPU clientes
        connect    4.999  1       9.998        850 µs  12,3 ms  1,5 s  50,0 µs       -                  41,2 µs
        leave      5.000  0       33.333       -       -        -      -             -                  3,0 µs

        connect: 100 filas buscadas al llegar CONNECT, ausentes: 0
        connect: el primer fallo: no CONNECT came in time
        leave: todas las filas cerradas tras 150 ms
        ");
    }
}
