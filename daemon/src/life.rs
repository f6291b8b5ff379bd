//! The life of a file: states, events, effects, and the one [`TABLE`].
//!
//! A state says what has been done, an event what has just happened, an effect
//! what is to be done next. Nothing else in the program decides a state. The
//! ledger commits a state before its effect starts, so after a crash the effect
//! is simply done again: every effect can be repeated without harm.
//!
//! `Held` is no state: a file that we cannot get further keeps the state that
//! it reached (a fact) and carries a mark with the reason, until a person
//! resumes it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What has been done with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Noticed in the share; waits until it is complete.
    Seen,
    /// Complete and stable: received.
    Settled,
    /// Copied into private staging and hashed.
    Staged,
    /// Measured.
    Probed,
    /// Judged for the first time.
    Judged,
    /// Case, node and official name are settled.
    Named,
    /// A durable copy exists and was read back.
    Stored,
    /// The report is stored and the receipt written.
    Reported,
    /// The source was removed from the share: the end of the normal road.
    Released,
    /// Stored and reported, the source stays in the share.
    Kept,
    /// The source vanished before it was staged.
    Gone,
    /// No regular file of its own: link, device, socket. Left alone.
    Refused,
    /// A name on the ignore list. Counted, left alone.
    Ignored,
}

/// What has just happened to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// All gates of completeness hold.
    Passed,
    /// The type gate refused it.
    Declined,
    /// It is on the ignore list.
    Skipped,
    /// It changed since it was last looked at.
    Changed,
    /// It is no longer in the share.
    Vanished,
    /// A private copy exists, is durable and hashed.
    Copied,
    /// The private copy is missing or does not match its digests.
    StagingLost,
    /// Measurements are in the ledger.
    Measured,
    /// The first judgement is in the ledger.
    Ruled,
    /// Case, node and official name are in the ledger.
    Titled,
    /// The stored copy was read back and equals the source.
    Saved,
    /// Report and receipt are written.
    Published,
    /// The source was removed.
    SourceRemoved,
    /// The source was left where it is, for a reason in the event's detail.
    SourceKept,
}

/// What is to be done next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Look again at the next scan.
    Wait,
    /// Copy into staging.
    Stage,
    /// Measure.
    Probe,
    /// Judge.
    Judge,
    /// Find case, node and official name.
    Name,
    /// Store and read back.
    Store,
    /// Write report and receipt.
    Report,
    /// Remove the source.
    Release,
    /// Nothing more.
    Rest,
}

use Effect as Do;
use Event as On;
use State as Is;

/// The one table: from, on, to, effect.
pub const TABLE: &[(State, Event, State, Effect)] = &[
    (Is::Seen, On::Changed, Is::Seen, Do::Wait),
    (Is::Seen, On::Declined, Is::Refused, Do::Rest),
    (Is::Seen, On::Skipped, Is::Ignored, Do::Rest),
    (Is::Seen, On::Vanished, Is::Gone, Do::Rest),
    (Is::Seen, On::Passed, Is::Settled, Do::Stage),
    (Is::Settled, On::Changed, Is::Seen, Do::Wait),
    (Is::Settled, On::Declined, Is::Refused, Do::Rest),
    (Is::Settled, On::Vanished, Is::Gone, Do::Rest),
    (Is::Settled, On::Copied, Is::Staged, Do::Probe),
    (Is::Staged, On::StagingLost, Is::Seen, Do::Wait),
    (Is::Staged, On::Measured, Is::Probed, Do::Judge),
    (Is::Probed, On::Ruled, Is::Judged, Do::Name),
    (Is::Judged, On::Titled, Is::Named, Do::Store),
    (Is::Named, On::StagingLost, Is::Seen, Do::Wait),
    (Is::Named, On::Saved, Is::Stored, Do::Report),
    (Is::Stored, On::Published, Is::Reported, Do::Release),
    (Is::Reported, On::SourceRemoved, Is::Released, Do::Rest),
    (Is::Reported, On::SourceKept, Is::Kept, Do::Rest),
];

/// A pair that is not in the table: a fault of the program, never of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "state {from} has no row for event {on:?}; this is a fault of the program, please report it"
)]
pub struct NoSuchRow {
    /// The state.
    pub from: State,
    /// The event.
    pub on: Event,
}

/// The only way from one state to the next.
pub fn next(from: State, on: Event) -> Result<(State, Effect), NoSuchRow> {
    TABLE
        .iter()
        .find(|(f, e, _, _)| *f == from && *e == on)
        .map(|(_, _, to, effect)| (*to, *effect))
        .ok_or(NoSuchRow { from, on })
}

impl State {
    /// Every state, in the order of the road.
    pub const ALL: [State; 13] = [
        Is::Seen,
        Is::Settled,
        Is::Staged,
        Is::Probed,
        Is::Judged,
        Is::Named,
        Is::Stored,
        Is::Reported,
        Is::Released,
        Is::Kept,
        Is::Gone,
        Is::Refused,
        Is::Ignored,
    ];

    /// The effect that a file in this state is owed.
    pub fn owed(self) -> Effect {
        match self {
            Is::Seen => Do::Wait,
            Is::Settled => Do::Stage,
            Is::Staged => Do::Probe,
            Is::Probed => Do::Judge,
            Is::Judged => Do::Name,
            Is::Named => Do::Store,
            Is::Stored => Do::Report,
            Is::Reported => Do::Release,
            Is::Released | Is::Kept | Is::Gone | Is::Refused | Is::Ignored => Do::Rest,
        }
    }

    /// The stable word used in the ledger, in metrics and in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Is::Seen => "seen",
            Is::Settled => "settled",
            Is::Staged => "staged",
            Is::Probed => "probed",
            Is::Judged => "judged",
            Is::Named => "named",
            Is::Stored => "stored",
            Is::Reported => "reported",
            Is::Released => "released",
            Is::Kept => "kept",
            Is::Gone => "gone",
            Is::Refused => "refused",
            Is::Ignored => "ignored",
        }
    }

    /// The word on screens: Chinese, English.
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            Is::Seen => ("等待收齐", "waiting to be complete"),
            Is::Settled => ("已收到", "received"),
            Is::Staged => ("已暂存", "staged"),
            Is::Probed => ("已检测", "measured"),
            Is::Judged => ("已判定", "judged"),
            Is::Named => ("已命名", "named"),
            Is::Stored => ("已保存", "stored"),
            Is::Reported => ("已出报告", "reported"),
            Is::Released => ("已完成", "done"),
            Is::Kept => ("已保存,原件留在投递箱", "stored, source kept"),
            Is::Gone => ("收到前已消失", "disappeared"),
            Is::Refused => ("不接收", "refused"),
            Is::Ignored => ("系统文件,未收", "ignored"),
        }
    }

    /// The state named by [`State::as_str`].
    pub fn parse(word: &str) -> Option<State> {
        Self::ALL.into_iter().find(|s| s.as_str() == word)
    }

    /// True while an effect other than waiting is owed.
    pub fn is_working(self) -> bool {
        !matches!(self.owed(), Do::Wait | Do::Rest)
    }

    /// True once a durable, verified copy exists.
    pub fn is_stored(self) -> bool {
        matches!(self, Is::Stored | Is::Reported | Is::Released | Is::Kept)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Effect {
    /// The stable word used in the ledger, in metrics and in logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Do::Wait => "wait",
            Do::Stage => "stage",
            Do::Probe => "probe",
            Do::Judge => "judge",
            Do::Name => "name",
            Do::Store => "store",
            Do::Report => "report",
            Do::Release => "release",
            Do::Rest => "rest",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every row leads where the target state says its work lies: a file that
    /// wakes up after a crash is owed exactly what the row would have started.
    #[test]
    fn a_row_starts_the_effect_that_its_target_owes() {
        for (from, on, to, effect) in TABLE {
            assert_eq!(to.owed(), *effect, "{from} on {on:?}");
        }
    }

    #[test]
    fn no_pair_stands_twice() {
        for (i, a) in TABLE.iter().enumerate() {
            for b in &TABLE[i + 1..] {
                assert!(
                    (a.0, a.1) != (b.0, b.1),
                    "{} on {:?} stands twice",
                    a.0,
                    a.1
                );
            }
        }
    }

    /// Walks the table from the start: every state is reached, and every state
    /// can still come to rest.
    #[test]
    fn every_state_is_reached_and_every_road_ends() {
        let mut reached = vec![State::Seen];
        let mut at = 0;
        while let Some(from) = reached.get(at).copied() {
            for (_, _, to, _) in TABLE.iter().filter(|row| row.0 == from) {
                if !reached.contains(to) {
                    reached.push(*to);
                }
            }
            at += 1;
        }
        for state in State::ALL {
            assert!(reached.contains(&state), "{state} is never reached");
            let rests = state.owed() == Effect::Rest;
            let leaves = TABLE.iter().any(|row| row.0 == state && row.2 != state);
            assert!(rests != leaves, "{state} must either rest or lead on");
        }
    }

    /// A source can be removed only by a file that was stored and reported.
    #[test]
    fn only_a_reported_file_is_released() {
        let rows: Vec<_> = TABLE
            .iter()
            .filter(|row| row.2 == State::Released)
            .collect();
        assert_eq!(
            rows,
            [&(Is::Reported, On::SourceRemoved, Is::Released, Do::Rest)]
        );
        let into_reported: Vec<_> = TABLE
            .iter()
            .filter(|row| row.2 == State::Reported)
            .collect();
        assert!(into_reported.iter().all(|row| row.0 == State::Stored));
        let into_stored: Vec<_> = TABLE.iter().filter(|row| row.2 == State::Stored).collect();
        assert!(into_stored.iter().all(|row| row.1 == Event::Saved));
    }

    #[test]
    fn words_come_back_as_states() {
        for state in State::ALL {
            assert_eq!(State::parse(state.as_str()), Some(state));
        }
        assert_eq!(State::parse("held"), None);
    }
}
