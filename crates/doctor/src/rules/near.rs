//! Words that somebody may have meant to be another.

/// As many letters may be wrong, missing or too many.
const MISTAKES: usize = 2;

/// Whether they are not the same, and so alike that one may be the other misspelt.
pub(crate) fn is_near(written: &str, meant: &str) -> bool {
    let written = written.to_ascii_lowercase();
    let meant = meant.to_ascii_lowercase();
    let short = meant.len() <= 2 * MISTAKES;
    letters(&written) != letters(&meant)
        && !short
        && strsim::levenshtein(&written, &meant) <= MISTAKES
}

/// A number is another one, and not the same misspelt.
pub(super) fn letters(word: &str) -> String {
    word.replace(|c: char| c.is_ascii_digit(), "")
}

/// Whether one of two names of hosts may be the other misspelt: a single label differs, and only by a slip. Short labels
/// are often different words (`api` and `app`).
pub(super) fn is_near_host(written: &str, meant: &str) -> bool {
    let labels = |host: &'_ str| host.split('.').map(str::to_owned).collect::<Vec<_>>();
    let (written, meant) = (labels(written), labels(meant));
    let mut different = written
        .iter()
        .zip(&meant)
        .filter(|(one, other)| one != other);
    let (Some((one, other)), None) = (different.next(), different.next()) else {
        return false;
    };
    let slips = strsim::osa_distance(one, other);
    written.len() == meant.len()
        && letters(one) != letters(other)
        && match other.len() {
            0..5 => false,
            5..9 => slips == 1,
            _ => slips <= MISTAKES,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_near_and_another_word_is_not() {
        assert!(is_near("Conection", "Connection"));
        assert!(is_near("socketio", "socket.io"));
        assert!(!is_near("connection", "Connection"));
        assert!(!is_near("server1", "server2"));
        assert!(!is_near("Origin", "Upgrade"));
        assert!(!is_near("sockets", "socket.io"));
    }

    #[test]
    fn a_host_is_near_by_one_label() {
        let is_near = |written| is_near_host(written, "alerts.example.com");
        assert!(is_near("alerts.exmaple.com") && is_near("alert.example.com"));
        assert!(!is_near("alerts.example.org") && !is_near("alerts.example.com"));
        assert!(!is_near("alerts1.example.com") && !is_near("alerts.eu.example.com"));
        assert!(!is_near_host("api.example.com", "app.example.com"));
    }
}
