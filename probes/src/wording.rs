//! How durations and instants are written in findings, in both languages.

use chrono::{DateTime, FixedOffset, Utc};

use crate::text::Text;

/// `26 小时 50 分 0 秒`, `26 h 50 min 0 s`; the sign is the caller's.
pub fn duration(seconds: f64) -> Text {
    let total_s = seconds.abs();
    let (h, min, s) = (
        (total_s / 3600.0).floor(),
        (total_s % 3600.0 / 60.0).floor(),
        total_s % 60.0,
    );
    // Fractions matter only where they decide, at the very limit.
    let s = if s.fract() == 0.0 {
        format!("{s:.0}")
    } else {
        format!("{s:.3}")
    };
    if h > 0.0 {
        Text::new(
            format!("{h:.0} 小时 {min:.0} 分 {s} 秒"),
            format!("{h:.0} h {min:.0} min {s} s"),
        )
    } else if min > 0.0 {
        Text::new(format!("{min:.0} 分 {s} 秒"), format!("{min:.0} min {s} s"))
    } else {
        Text::new(format!("{s} 秒"), format!("{s} s"))
    }
}

/// `2026-04-12 09:00:00 +08:00`, in the zone in which the site reads times.
pub fn instant(at: DateTime<Utc>, offset_s: i32) -> String {
    match FixedOffset::east_opt(offset_s) {
        Some(zone) => at.with_timezone(&zone).format("%Y-%m-%d %H:%M:%S %:z"),
        None => at.format("%Y-%m-%d %H:%M:%S %:z"),
    }
    .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_naturally() {
        assert_eq!(duration(97_200.0).zh, "27 小时 0 分 0 秒");
        assert_eq!(duration(86_400.5).en, "24 h 0 min 0.500 s");
        assert_eq!(duration(-61.0).en, "1 min 1 s");
        assert_eq!(duration(0.0).zh, "0 秒");
    }

    #[test]
    fn instants_carry_their_zone() {
        let at = "2026-04-12T01:00:00Z".parse().unwrap();
        assert_eq!(instant(at, 8 * 3600), "2026-04-12 09:00:00 +08:00");
        assert_eq!(instant(at, i32::MAX), "2026-04-12 01:00:00 +00:00");
    }
}
