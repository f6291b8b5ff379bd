//! What clusters of Matroska say of the ones before them.

use super::{has_habit, places};
use crate::check::{Case, Level, Seen, Strength};
use crate::measurements::Counter;
use crate::text::Text;

/// Clusters whose note on the one before does not fit what stands before.
pub(super) fn broken(counter: &Counter, case: &Case<'_>) -> Option<Seen> {
    let first = counter.breaks.first()?;
    let breaks = counter.breaks.len() as u64 + counter.breaks_left_out;
    let text = Text::new(
        format!(
            "Matroska 数据簇(第 {} 字节)写明前一簇长 {} 字节,实际为 {} 字节;共 {breaks} 处,其余 {} 处相符。",
            first.offset_bytes, first.found, first.expected, counter.regular_steps
        ),
        format!(
            "The Matroska cluster at byte {} says that the one before it has {} bytes; it has {}. {breaks} such              places, {} others agree.",
            first.offset_bytes, first.found, first.expected, counter.regular_steps
        ),
    );
    let (level, strength) = if has_habit(counter, case) {
        (Level::Attention, Strength::Supporting)
    } else {
        (Level::Info, Strength::Information)
    };
    let seen = Seen {
        spans: places(&counter.breaks),
        measured: Some(breaks as f64),
        limit: Some(0.0),
        unit: "count",
        ..Seen::new(level, strength, text)
    };
    Some(if strength == Strength::Supporting {
        seen.asking_alone()
    } else {
        seen
    })
}

#[cfg(test)]
mod tests {
    use crate::check::trial::Trial;
    use crate::check::{Alone, Ruling, Strength};
    use crate::measurements::{Counter, CounterBreak};

    fn judged(regular_steps: u64, breaks: usize) -> Option<(Strength, Alone)> {
        let mut trial = Trial::video(60.0);
        trial.m.container.as_mut().unwrap().counters = vec![Counter {
            name: "mkv.PrevSize".to_owned(),
            steps: regular_steps + breaks as u64,
            regular_steps,
            breaks: vec![
                CounterBreak {
                    at_s: Some(10.0),
                    offset_bytes: 5000,
                    expected: 4000,
                    found: 3000,
                };
                breaks
            ],
            ..Counter::default()
        }];
        match trial.judge(&super::super::CHECK) {
            Ruling::Found(seen) => Some((seen[0].strength, seen[0].alone)),
            _ => None,
        }
    }

    #[test]
    fn a_lone_break_asks_for_a_person_and_a_habit_does_not() {
        assert_eq!(judged(10, 0), None);
        let asks = Some((Strength::Supporting, Alone::AsksForAPerson));
        assert_eq!(judged(10, 1), asks);
        assert_eq!(judged(18, 2), asks);
        assert_eq!(judged(17, 2), Some((Strength::Information, Alone::Told)));
        // Too few that agree to call it a habit.
        assert_eq!(judged(2, 1), Some((Strength::Information, Alone::Told)));
    }
}
