//! Words that somebody may have meant to be another.

/// As many letters may be wrong, missing or too many.
const MISTAKES: usize = 2;

/// Whether they are not the same, and so alike that one may be the other misspelt.
pub(super) fn is_near(written: &str, meant: &str) -> bool {
    let written = written.to_ascii_lowercase();
    let meant = meant.to_ascii_lowercase();
    let short = meant.len() <= 2 * MISTAKES;
    // A number is another one, and not the same misspelt.
    let letters = |word: &str| word.replace(|c: char| c.is_ascii_digit(), "");
    letters(&written) != letters(&meant)
        && !short
        && strsim::levenshtein(&written, &meant) <= MISTAKES
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
}
