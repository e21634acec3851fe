//! A figure of several rounds: its median, with the smallest and the largest.

use std::fmt;

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    pub median: f64,
    pub min: f64,
    pub max: f64,
}

impl Spread {
    /// None of no values.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        let middle = values.len() / 2;
        let median = match values.len() {
            0 => return None,
            odd if odd % 2 == 1 => values[middle],
            _ => (values[middle - 1] + values[middle]) / 2.0,
        };
        Some(Self {
            median,
            min: values[0],
            max: values[values.len() - 1],
        })
    }
}

/// `1,217 (1,190–1,240)`.
impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (median, min, max) = (number(self.median), number(self.min), number(self.max));
        if min == max {
            return f.write_str(&median);
        }
        write!(f, "{median} ({min}–{max})")
    }
}

/// With as many digits as say something: 12,264 and 58 and 4.03 and 0.15.
pub fn number(value: f64) -> String {
    let digits = match value.abs() {
        size if size >= 100.0 => 0,
        size if size >= 10.0 => 1,
        _ => 2,
    };
    let text = format!("{value:.digits$}");
    let (whole, rest) = text.split_once('.').unwrap_or((&text, ""));
    let whole = with_commas(whole);
    if rest.is_empty() {
        whole
    } else {
        format!("{whole}.{rest}")
    }
}

/// A count, as it is.
pub fn whole(count: u64) -> String {
    with_commas(&count.to_string())
}

fn with_commas(whole: &str) -> String {
    let mut text = String::new();
    for (at, digit) in whole.chars().enumerate() {
        let left = whole.len() - at;
        if at > 0 && left.is_multiple_of(3) && !text.ends_with('-') {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_has_the_middle_and_both_ends() {
        let spread = Spread::of([3.0, 1.0, 2.0]).unwrap();
        assert_eq!((spread.median, spread.min, spread.max), (2.0, 1.0, 3.0));
        assert_eq!(Spread::of([1.0, 2.0]).unwrap().median, 1.5);
        assert_eq!(Spread::of([]), None);
    }

    #[test]
    fn a_number_has_three_digits_or_its_whole_part() {
        let cases = [
            (12_264.4, "12,264"),
            (1_000_000.0, "1,000,000"),
            (999.6, "1,000"),
            (58.04, "58.0"),
            (4.0349, "4.03"),
            (0.0, "0.00"),
            (-1234.0, "-1,234"),
        ];
        for (value, text) in cases {
            assert_eq!(number(value), text);
        }
    }

    #[test]
    fn rounds_that_agree_are_told_once() {
        assert_eq!(Spread::of([7.001, 7.0]).unwrap().to_string(), "7.00");
        let spread = Spread::of([1190.0, 1240.0, 1217.0]).unwrap();
        assert_eq!(spread.to_string(), "1,217 (1,190–1,240)");
    }
}
