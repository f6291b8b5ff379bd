//! The daily reconciliation: everything that was ever seen is somewhere.
//! seen = stored + aliases + ignored + quarantined + disappeared + under way.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use tokio::sync::watch;

use crate::house::House;
use crate::life::State;
use crate::port::fault::Fault;
use crate::port::ledger::Counts;

/// How often the sum is made.
const EVERY: Duration = Duration::from_secs(24 * 3600);
/// Pause before another trial if the ledger did not answer.
const AGAIN: Duration = Duration::from_secs(60);

/// Where everything is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Sum {
    /// Ever seen in a share.
    pub seen: u64,
    /// Stored, each content once.
    pub stored: u64,
    /// Stored files whose bytes an earlier file had brought.
    pub aliases: u64,
    /// System and temporary files, left in the share.
    pub ignored: u64,
    /// Links and devices, refused and left in the share.
    pub quarantined: u64,
    /// Vanished before they were taken in.
    pub disappeared: u64,
    /// Waiting, under way, or held.
    pub under_way: u64,
}

impl Sum {
    /// The sum of these counts.
    pub fn of(counts: &Counts) -> Self {
        let count = |wanted: &dyn Fn(State) -> bool| {
            counts
                .by_state
                .iter()
                .filter(|(state, _)| wanted(*state))
                .map(|(_, n)| n)
                .sum::<u64>()
        };
        Self {
            seen: count(&|_| true),
            stored: count(&State::is_stored).saturating_sub(counts.aliases),
            aliases: counts.aliases,
            ignored: count(&|s| s == State::Ignored),
            quarantined: count(&|s| s == State::Refused),
            disappeared: count(&|s| s == State::Gone),
            under_way: count(&|s| s == State::Seen || (s.is_working() && !s.is_stored())),
        }
    }

    /// True if the parts make the whole.
    pub fn holds(&self) -> bool {
        let parts = [
            self.stored,
            self.aliases,
            self.ignored,
            self.quarantined,
            self.disappeared,
            self.under_way,
        ];
        parts.iter().sum::<u64>() == self.seen
    }
}

/// Makes the sum at the start and once a day, and enters it into the chain.
pub async fn daily(house: Arc<House>, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        let pause = match once(&house).await {
            Ok(()) => EVERY,
            Err(error) => {
                tracing::error!(%error, "the reconciliation could not be made; trying again");
                AGAIN
            }
        };
        tokio::select! {
            () = house.clock.sleep(pause) => {}
            _ = stop.changed() => {}
        }
    }
}

async fn once(house: &House) -> Result<(), Fault> {
    let sum = Sum::of(&house.ledger.counts().await?);
    let detail = serde_json::to_value(sum)
        .map_err(|e| Fault::Final(format!("the reconciliation cannot be written: {e}")))?;
    house
        .ledger
        .note(house.clock.now(), None, "reconciled", detail)
        .await?;
    if sum.holds() {
        tracing::info!(
            ?sum,
            "reconciled: everything that was seen is accounted for"
        );
    } else {
        tracing::error!(
            ?sum,
            "the reconciliation does not add up; this is a fault of the program"
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_is_counted_exactly_once() {
        for state in State::ALL {
            let counts = Counts {
                by_state: vec![(state, 3)],
                ..Counts::default()
            };
            let sum = Sum::of(&counts);
            assert_eq!(sum.seen, 3);
            assert!(sum.holds(), "{state}: {sum:?}");
        }
    }

    #[test]
    fn aliases_are_told_apart_from_what_is_stored() {
        let counts = Counts {
            by_state: vec![(State::Released, 5)],
            aliases: 2,
            ..Counts::default()
        };
        let sum = Sum::of(&counts);
        assert_eq!((sum.stored, sum.aliases), (3, 2));
        assert!(sum.holds());
    }
}
