//! One clock against the recording's time.
//!
//! A reading `c` at `t` of a clock that shows steps of `r` says that the clock
//! is between `c − t` and `c − t + r` ahead of the recording. As long as
//! nothing leaps, all these intervals have an instant in common, so that a
//! clock of whole seconds is soon known to a fraction of one. A reading apart
//! from the others is a leap once the next one agrees with it, and a stray one
//! else.

use super::{ClockJump, ClockReading, MetadataClock, Shown, reading};
use crate::measurements::{Moment, TimeReading, Zone};

/// Jumps that are listed.
const JUMPS_MAX: usize = 100;
/// How far intervals may lie apart and still agree: satellite time of an
/// untouched GoPro MAX wanders by 0.07 s from sample to sample; three times that
/// and something over.
const SLACK_S: f64 = 0.25;
/// How fast two clocks of quartz run apart at most: 50 parts in a million each.
const DRIFT: f64 = 1e-4;
/// Readings in agreement that make a clock settled; a receiver's first may be
/// coarse (an untouched GoPro MAX: 1.5 s off).
const SETTLED: u64 = 2;
/// Readings from the start of a run that tell its lead at the start.
const EARLY_S: f64 = 30.0;
/// A timecode starts again at midnight.
const DAY_S: f64 = 86_400.0;

/// How far ahead of the recording a clock is.
#[derive(Clone, Copy, Debug)]
struct Lead {
    low_s: f64,
    high_s: f64,
}

impl Lead {
    fn middle_s(self) -> f64 {
        f64::midpoint(self.low_s, self.high_s)
    }

    fn half_s(self) -> f64 {
        (self.high_s - self.low_s) / 2.0
    }

    fn widened(self, by_s: f64) -> Self {
        Self {
            low_s: self.low_s - by_s,
            high_s: self.high_s + by_s,
        }
    }

    fn agrees(self, other: Self) -> bool {
        self.low_s <= other.high_s + SLACK_S && other.low_s <= self.high_s + SLACK_S
    }

    /// What both say; the nearer end of the newer one if they only nearly agree.
    fn and(self, newer: Self) -> Self {
        Self {
            low_s: self.low_s.clamp(newer.low_s, newer.high_s),
            high_s: self.high_s.clamp(newer.low_s, newer.high_s),
        }
    }
}

/// Readings that agree with each other.
#[derive(Clone, Copy, Debug)]
struct Run {
    lead: Lead,
    /// The same after the first seconds, before two clocks can run apart.
    early: Lead,
    readings: u64,
    began_s: f64,
    last_s: f64,
}

impl Run {
    fn add(&mut self, lead: Lead, at_s: f64) {
        self.lead = lead;
        if at_s - self.began_s <= EARLY_S {
            self.early = lead;
        }
        self.readings += 1;
        self.last_s = at_s;
    }
}

/// A reading that does not agree with those before it.
#[derive(Clone, Copy, Debug)]
struct Apart {
    lead: Lead,
    /// The reading before it.
    after_s: f64,
    at_s: f64,
}

/// Follows one clock.
#[derive(Debug)]
pub(super) struct Watch {
    c: MetadataClock,
    /// `None` for a clock that names no date.
    zone: Option<Zone>,
    run: Option<Run>,
    apart: Option<Apart>,
    /// Lead in the first run that was settled, and readings in all of them.
    first_lead_s: Option<f64>,
    agreeing: u64,
    jumped_s: f64,
}

impl Watch {
    pub(super) fn new(track: u32, shown: &Shown) -> Self {
        Self {
            c: MetadataClock {
                field: shown.field.to_owned(),
                track,
                resolution_s: shown.resolution_s,
                ..MetadataClock::default()
            },
            zone: shown.zone,
            run: None,
            apart: None,
            first_lead_s: None,
            agreeing: 0,
            jumped_s: 0.0,
        }
    }

    pub(super) fn is(&self, track: u32, field: &str) -> bool {
        self.c.track == track && self.c.field == field
    }

    /// The clock as it was shown at an instant. Coded order is not the order of
    /// showing: an instant before the last one is left out.
    pub(super) fn show(&mut self, shown: Shown, at_s: f64) {
        let Some(clock_s) = shown.clock_s.filter(|s| s.is_finite()) else {
            self.c.unset_readings += 1;
            return;
        };
        if self.c.last.as_ref().is_some_and(|last| at_s < last.at_s) {
            return;
        }
        self.zone = self.zone.or(shown.zone);
        self.c.readings += 1;
        let lead = Lead {
            low_s: clock_s - at_s,
            high_s: clock_s - at_s + self.c.resolution_s,
        };
        self.weigh(lead, at_s);
        let now = ClockReading {
            at_s,
            written: shown.written,
        };
        if self.c.first.is_none() {
            self.c.first = Some(now.clone());
        }
        self.c.last = Some(now);
    }

    fn weigh(&mut self, lead: Lead, at_s: f64) {
        let Some(run) = &mut self.run else {
            self.begin(lead, at_s, 1);
            return;
        };
        let due = run.lead.widened(DRIFT * (at_s - run.last_s));
        if due.agrees(lead) {
            run.add(due.and(lead), at_s);
            self.c.stray_readings += u64::from(self.apart.take().is_some());
            return;
        }
        let run = *run;
        let apart = Apart {
            lead,
            after_s: self.apart.map_or(run.last_s, |before| before.at_s),
            at_s,
        };
        // A timecode is exact and is written where it changes.
        if self.is_timecode() {
            self.leap(run, apart);
            self.begin(lead, at_s, 1);
            return;
        }
        match self.apart.take() {
            Some(first) if first.lead.agrees(lead) => {
                self.leap(run, first);
                self.begin(first.lead.and(lead), at_s, 2);
            }
            stray => {
                self.c.stray_readings += u64::from(stray.is_some());
                self.apart = Some(apart);
            }
        }
    }

    fn is_timecode(&self) -> bool {
        self.zone.is_none()
    }

    fn begin(&mut self, lead: Lead, at_s: f64, readings: u64) {
        self.run = Some(Run {
            lead,
            early: lead,
            readings,
            began_s: at_s,
            last_s: at_s,
        });
    }

    fn leap(&mut self, run: Run, apart: Apart) {
        if run.readings < SETTLED && !self.is_timecode() {
            self.c.stray_readings += run.readings;
            return;
        }
        self.agreeing += run.readings;
        self.first_lead_s
            .get_or_insert_with(|| run.early.middle_s());
        let mut length_s = apart.lead.middle_s() - run.lead.middle_s();
        if self.is_timecode() {
            length_s -= (length_s / DAY_S).round() * DAY_S;
        }
        if length_s.abs() <= SLACK_S {
            return;
        }
        self.jumped_s += length_s;
        self.c.jumps_count += 1;
        if self.c.jumps.len() < JUMPS_MAX {
            self.c.jumps.push(ClockJump {
                after_s: apart.after_s,
                at_s: apart.at_s,
                length_s,
                uncertainty_s: apart.lead.half_s() + run.lead.half_s() + SLACK_S,
            });
        }
    }

    /// Start and end of the recording by this clock, if it names dates and most
    /// of its readings agree with each other.
    pub(super) fn times(&self, duration_s: Option<f64>) -> Vec<TimeReading> {
        let (Some(zone), Some(run)) = (self.zone, self.run) else {
            return Vec::new();
        };
        if 2 * (self.agreeing + run.readings) <= self.c.readings {
            return Vec::new();
        }
        let last_lead_s = run.lead.middle_s();
        let first_lead_s = self.first_lead_s.unwrap_or_else(|| run.early.middle_s());
        let start = self
            .c
            .first
            .as_ref()
            .and_then(|first| reading(&self.c.field, first, first_lead_s, zone, Moment::Start));
        let end =
            self.c.last.as_ref().zip(duration_s).and_then(|(last, s)| {
                reading(&self.c.field, last, last_lead_s + s, zone, Moment::End)
            });
        start.into_iter().chain(end).collect()
    }

    pub(super) fn finish(mut self) -> MetadataClock {
        self.c.stray_readings += u64::from(self.apart.is_some());
        if let Some(run) = self.run.filter(|run| run.readings >= SETTLED) {
            let first_lead_s = self.first_lead_s.unwrap_or_else(|| run.early.middle_s());
            self.c.drift_s = Some(run.lead.middle_s() - first_lead_s - self.jumped_s);
        }
        self.c
    }
}
