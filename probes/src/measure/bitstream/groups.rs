//! Groups of pictures and the numbers of their IDR pictures.

use std::collections::BTreeMap;

use super::{Bitstream, GroupCount, IDR_LISTED_MAX, IdrBreak, IdrHabit, LISTED_MAX, ShortGroup};

/// Kinds of pictures kept of a group.
const PATTERN_MAX: usize = 16;
/// Different lengths of group that are counted.
const LENGTHS_MAX: usize = 1000;
/// Groups remembered with their place, one a second for three days.
const GROUPS_MAX: usize = 1 << 18;
/// IDR pictures remembered with their place, likewise.
const IDRS_MAX: usize = 1 << 18;

/// Sums over the groups of one track.
#[derive(Debug, Default)]
pub(super) struct Groups {
    counts: BTreeMap<u32, GroupCount>,
    places: Vec<(f64, u32)>,
    current: Option<(f64, u32, String)>,
    last_start_s: f64,
    idrs: Vec<(f64, u32)>,
}

impl Groups {
    pub(super) fn picture(&mut self, letter: char, key: bool, at_s: f64) {
        if key {
            self.last_start_s = at_s;
            let ended = self.current.replace((at_s, 0, String::new()));
            if let Some((start_s, pictures, pattern)) = ended {
                self.count(start_s, pictures, pattern);
            }
        }
        // Pictures before the first key picture belong to no group.
        if let Some((_, pictures, pattern)) = &mut self.current {
            *pictures = pictures.saturating_add(1);
            if pattern.len() < PATTERN_MAX {
                pattern.push(letter);
            }
        }
    }

    fn count(&mut self, start_s: f64, pictures: u32, pattern: String) {
        if self.places.len() < GROUPS_MAX {
            self.places.push((start_s, pictures));
        }
        if self.counts.len() < LENGTHS_MAX || self.counts.contains_key(&pictures) {
            let entry = self.counts.entry(pictures).or_insert(GroupCount {
                pictures,
                pattern,
                count: 0,
            });
            entry.count += 1;
        }
    }

    pub(super) fn idr(&mut self, id: u32, at_s: f64) {
        if self.idrs.len() < IDRS_MAX {
            self.idrs.push((at_s, id));
        }
    }

    pub(super) fn finish(self, b: &mut Bitstream) {
        let usual = self.counts.values().max_by_key(|g| (g.count, g.pictures));
        let usual = usual.map_or(0, |g| g.pictures);
        let ends = self.places.iter().skip(1).map(|(start_s, _)| *start_s);
        let ends = ends.chain([self.last_start_s]);
        b.short_groups = self
            .places
            .iter()
            .zip(ends)
            .filter(|((_, pictures), _)| *pictures < usual)
            .map(|((start_s, pictures), end_s)| ShortGroup {
                start_s: *start_s,
                end_s,
                pictures: *pictures,
            })
            .take(LISTED_MAX)
            .collect();
        b.groups = self.counts.into_values().collect();
        numbers(&self.idrs, b);
    }
}

/// The habit that most steps follow, and the steps that do not.
fn numbers(idrs: &[(f64, u32)], b: &mut Bitstream) {
    b.idr_ids = idrs
        .iter()
        .take(IDR_LISTED_MAX)
        .map(|(_, id)| *id)
        .collect();
    b.idr_steps = idrs.len().saturating_sub(1) as u64;
    let highest = idrs.iter().map(|(_, id)| *id).max().unwrap_or(0);
    // Two numbers in turn are the lowest two that an encoder can take, and a
    // count that never got beyond them looks the same.
    let mut values: Vec<u32> = idrs.iter().map(|(_, id)| *id).collect();
    values.sort_unstable();
    values.dedup();
    let follows = |habit: IdrHabit, before: u32, after: u32| match habit {
        IdrHabit::Unknown => true,
        IdrHabit::Constant => before == after,
        IdrHabit::Alternating => before != after,
        // A count that is full starts anew.
        IdrHabit::Counting => {
            after == before.wrapping_add(1)
                || after == 0 && before == highest && (before + 1).is_power_of_two()
        }
    };
    let turns: &[IdrHabit] = if values.len() == 2 {
        &[IdrHabit::Constant, IdrHabit::Alternating]
    } else {
        &[IdrHabit::Constant, IdrHabit::Counting]
    };
    let steps = || {
        idrs.windows(2)
            .filter_map(|w| Some((w.first()?, w.last()?)))
    };
    let held = |habit: IdrHabit| steps().filter(|(x, y)| follows(habit, x.1, y.1)).count();
    let best = turns.iter().copied().max_by_key(|habit| held(*habit));
    // Half the steps follow some habit by chance.
    let best = best.filter(|habit| held(*habit) as u64 * 2 > b.idr_steps);
    b.idr_habit = best.unwrap_or_default();
    let broken = || steps().filter(|(x, y)| !follows(b.idr_habit, x.1, y.1));
    b.idr_breaks_count = broken().count() as u64;
    b.idr_breaks = broken()
        .take(LISTED_MAX)
        .map(|(before, after)| IdrBreak {
            at_s: after.0,
            before: before.1,
            after: after.1,
        })
        .collect();
}
