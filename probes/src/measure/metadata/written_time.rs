//! Dates and times as EXIF writes them.

use chrono::{NaiveDate, NaiveDateTime, TimeDelta};

use crate::measurements::Zone;

/// `2026:04:12 09:00:00`, the EXIF form, and its neighbours: other marks, and
/// padding around it. A date without a time is no time.
pub fn exif_time(text: &str) -> Option<NaiveDateTime> {
    let text = text.trim_matches(|c: char| c == '\0' || c.is_whitespace());
    let numbers = numbers(text.get(..19)?, &[4, 2, 2, 2, 2, 2])?;
    date_time(&numbers)
}

/// The fraction of a second as SubSecTime writes it: decimal digits.
pub fn sub_seconds(text: &str) -> Option<TimeDelta> {
    let digits = text.trim_matches(|c: char| c == '\0' || c.is_whitespace());
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let nanos: String = digits.chars().chain("000000000".chars()).take(9).collect();
    Some(TimeDelta::nanoseconds(nanos.parse().ok()?))
}

/// `+08:00`, `-03:30`, `+0800` or `Z`.
pub fn zone(text: &str) -> Option<Zone> {
    let text = text.trim_matches(|c: char| c == '\0' || c.is_whitespace());
    if text == "Z" {
        return Some(Zone::Offset(0));
    }
    let (sign, rest) = if let Some(rest) = text.strip_prefix('+') {
        (1, rest)
    } else {
        (-1, text.strip_prefix('-')?)
    };
    let digits: String = rest.chars().filter(|c| *c != ':').collect();
    if digits.len() != 4 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let hours: i32 = digits.get(..2)?.parse().ok()?;
    let minutes: i32 = digits.get(2..)?.parse().ok()?;
    // -12:00 to +14:00 are in use.
    (hours <= 14 && minutes < 60).then_some(Zone::Offset(sign * (hours * 3600 + minutes * 60)))
}

/// Numbers of the given widths with one mark between them, to the end.
fn numbers(text: &str, widths: &[usize]) -> Option<Vec<u32>> {
    let mut numbers = Vec::new();
    let mut rest = text;
    for (i, width) in widths.iter().enumerate() {
        if i > 0 {
            rest = rest.strip_prefix([':', '-', '/', '.', ' ', 'T'])?;
        }
        let (digits, tail) = rest.split_at_checked(*width)?;
        if !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        numbers.push(digits.parse().ok()?);
        rest = tail;
    }
    rest.is_empty().then_some(numbers)
}

fn date_time(numbers: &[u32]) -> Option<NaiveDateTime> {
    let &[year, month, day, hour, minute, second] = numbers else {
        return None;
    };
    NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)?
        .and_hms_opt(hour, minute, second)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exif_forms() {
        let right = "2026-04-12T09:00:07".parse().ok();
        for text in [
            "2026:04:12 09:00:07",
            "2026:04:12 09:00:07\0",
            " 2026-04-12 09:00:07",
            "2026/04/12 09:00:07",
            "2026:04:12 09:00:07+08:00",
        ] {
            assert_eq!(exif_time(text), right, "{text:?}");
        }
        for text in [
            "",
            "2026:04:12",
            "    :  :     :  :  ",
            "0000:00:00 00:00:00",
            "2026:13:12 09:00:07",
            "2026:04:12 24:00:00",
            "2026:04:12 09:00:0七",
            "+026:04:12 09:00:07",
        ] {
            assert_eq!(exif_time(text), None, "{text:?}");
        }
    }

    #[test]
    fn fractions_are_decimal_digits_of_any_length() {
        assert_eq!(sub_seconds("5"), Some(TimeDelta::milliseconds(500)));
        assert_eq!(sub_seconds("050 "), Some(TimeDelta::milliseconds(50)));
        assert_eq!(
            sub_seconds("1234567899"),
            Some(TimeDelta::nanoseconds(123_456_789))
        );
        assert_eq!(sub_seconds("  "), None);
        assert_eq!(sub_seconds("-1"), None);
    }

    #[test]
    fn zones() {
        assert_eq!(zone("+08:00"), Some(Zone::Offset(28_800)));
        assert_eq!(zone("-0330\0"), Some(Zone::Offset(-12_600)));
        assert_eq!(zone("Z"), Some(Zone::Offset(0)));
        for text in ["", "   :  ", "08:00", "+15:00", "+08:60", "+8:00"] {
            assert_eq!(zone(text), None, "{text:?}");
        }
    }
}
