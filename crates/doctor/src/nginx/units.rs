//! nginx's notations for times and sizes.

use std::time::Duration;

/// `60`, `60s`, `1m`, `1h 30m`, `500ms`: a time without a unit is in seconds.
pub fn time(text: &str) -> Option<Duration> {
    let mut total = Duration::ZERO;
    let mut rest = text.trim();
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(rest.len());
        let number: u64 = rest[..digits].parse().ok()?;
        let after = &rest[digits..];
        let (unit, length) = unit_of(after)?;
        total = total.checked_add(unit.checked_mul(u32::try_from(number).ok()?)?)?;
        rest = after[length..].trim_start();
    }
    Some(total)
}

fn unit_of(text: &str) -> Option<(Duration, usize)> {
    const UNITS: [(&str, u64); 8] = [
        ("ms", 1),
        ("s", 1_000),
        ("m", 60_000),
        ("h", 3_600_000),
        ("d", 86_400_000),
        ("w", 604_800_000),
        ("M", 2_592_000_000),
        ("y", 31_536_000_000),
    ];
    if text.is_empty() || text.starts_with(' ') {
        return Some((Duration::from_secs(1), 0));
    }
    let (unit, milliseconds) = UNITS.iter().find(|(unit, _)| text.starts_with(unit))?;
    Some((Duration::from_millis(*milliseconds), unit.len()))
}

/// `1024`, `8k`, `1m`, `2G`, in bytes.
pub fn size(text: &str) -> Option<u64> {
    let text = text.trim();
    let (number, factor) = match text.chars().last()? {
        'k' | 'K' => (&text[..text.len() - 1], 1 << 10),
        'm' | 'M' => (&text[..text.len() - 1], 1 << 20),
        'g' | 'G' => (&text[..text.len() - 1], 1 << 30),
        _ => (text, 1),
    };
    number.parse::<u64>().ok()?.checked_mul(factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        let seconds = |text| time(text).map(|time| time.as_secs_f64());
        assert_eq!(seconds("60"), Some(60.0));
        assert_eq!(seconds("1h 30m"), Some(5400.0));
        assert_eq!(seconds("500ms"), Some(0.5));
        assert_eq!(seconds("1d"), Some(86400.0));
        assert_eq!(seconds("soon"), None);
        assert_eq!(seconds(""), None);
    }

    #[test]
    fn sizes() {
        assert_eq!(size("0"), Some(0));
        assert_eq!(size("100k"), Some(102_400));
        assert_eq!(size("1M"), Some(1_048_576));
        assert_eq!(size("x"), None);
    }
}
