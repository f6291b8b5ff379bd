//! Decides whether a file in the share is complete. Pure.

use std::time::Duration;

use unbroken_config::Config;
use unbroken_config::keys::Mount;
use unbroken_probes::container::Completeness;

use crate::port::share::Gates;

/// What is to be done with a file that waits.
#[derive(Clone, Debug, PartialEq)]
pub enum Settle {
    /// It waits on, for this reason, and is worth another look after so long.
    Wait {
        /// For a person: Chinese, then English.
        why: String,
        /// When another look makes sense.
        look_again: Duration,
    },
    /// It is taken in.
    Pass {
        /// False if its structure is incomplete: it is stored and reported as
        /// truncated, and its source stays for whatever is still to come.
        complete: bool,
    },
}

/// How long a file must have been still before its gates are asked.
pub fn quiet_needed(config: &Config) -> Duration {
    match config.share.mount {
        Mount::Client => config.settle.quiet_client_s.duration(),
        Mount::Local => config.settle.quiet_s.duration(),
    }
}

/// Decides for a file that has been still for `quiet`, longer than
/// [`quiet_needed`].
pub fn decide(config: &Config, quiet: Duration, size_bytes: u64, gates: &Gates) -> Settle {
    let recheck = config
        .settle
        .recheck_max_s
        .duration()
        .min(quiet.max(Duration::from_secs(1)));
    let wait = |why: &str| Settle::Wait {
        why: why.to_owned(),
        look_again: recheck,
    };
    if gates.writer == Some(true) {
        return wait("正在写入 / still being written");
    }
    if size_bytes == 0 || gates.structure == Completeness::Empty {
        return match quiet < config.settle.empty_alert_s.duration() {
            true => wait("空文件,等待内容 / empty, waits for content"),
            false => wait(
                "长时间为空,请重新拷贝原文件 / empty for long; copy the original here once more",
            ),
        };
    }
    // Nobody can say whether it is being written: only time can.
    let unseen = config.settle.quiet_client_s.duration();
    if gates.writer.is_none() && quiet < unseen {
        return Settle::Wait {
            why: "无法得知是否仍在写入,再等一会儿 / whether it is being written cannot be known; \
                  waits a little longer"
                .to_owned(),
            look_again: unseen - quiet,
        };
    }
    let missing = match (&gates.structure, gates.sidecar) {
        (Completeness::Incomplete { why }, _) => format!("{} / {}", why.zh, why.en),
        (_, Some(false)) => "与随附的校验值不符 / differs from its sidecar digest".to_owned(),
        _ => return Settle::Pass { complete: true },
    };
    let patience = match gates.writer {
        Some(_) => config.settle.incomplete_closed_s.duration(),
        None => config.settle.incomplete_unknown_s.duration(),
    };
    if quiet >= patience {
        return Settle::Pass { complete: false };
    }
    Settle::Wait {
        why: format!("不完整:{missing}"),
        look_again: (patience - quiet).min(recheck),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use unbroken_probes::text::Text;

    fn gates(writer: Option<bool>, structure: Completeness) -> Gates {
        Gates {
            writer,
            structure,
            sidecar: None,
        }
    }

    fn incomplete() -> Completeness {
        Completeness::Incomplete {
            why: Text::new("缺少结尾", "no end"),
        }
    }

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_whole_file_without_writer_passes() {
        let config = Config::default();
        for structure in [Completeness::Complete, Completeness::NoEnd] {
            let g = gates(Some(false), structure);
            assert_eq!(
                decide(&config, s(5), 10, &g),
                Settle::Pass { complete: true }
            );
        }
    }

    #[test]
    fn a_writer_or_emptiness_waits_for_ever() {
        let config = Config::default();
        let open = gates(Some(true), Completeness::Complete);
        assert!(matches!(
            decide(&config, s(1_000_000), 10, &open),
            Settle::Wait { .. }
        ));
        let empty = gates(Some(false), Completeness::Empty);
        assert!(matches!(
            decide(&config, s(1_000_000), 0, &empty),
            Settle::Wait { .. }
        ));
    }

    /// Where no lease can be had, as on a share mounted from elsewhere.
    #[test]
    fn without_knowledge_of_writers_the_longer_quiet_time_holds() {
        let config = Config::default();
        let unseen = config.settle.quiet_client_s.duration();
        let g = gates(None, Completeness::Complete);
        assert!(matches!(
            decide(&config, unseen - s(1), 10, &g),
            Settle::Wait { look_again, .. } if look_again == s(1)
        ));
        assert_eq!(
            decide(&config, unseen, 10, &g),
            Settle::Pass { complete: true }
        );
    }

    #[test]
    fn a_file_that_stays_empty_is_pointed_out() {
        let config = Config::default();
        let alert = config.settle.empty_alert_s.duration();
        let why = |quiet| match decide(&config, quiet, 0, &gates(Some(false), Completeness::Empty))
        {
            Settle::Wait { why, .. } => why,
            Settle::Pass { .. } => panic!("an empty file passed"),
        };
        assert_eq!(why(alert - s(1)), why(s(5)));
        assert_ne!(why(alert), why(alert - s(1)));
    }

    /// At the limit and either side, with and without knowledge of writers.
    #[test]
    fn an_incomplete_file_is_taken_in_when_patience_ends() {
        let config = Config::default();
        for (writer, at) in [
            (Some(false), config.settle.incomplete_closed_s.duration()),
            (None, config.settle.incomplete_unknown_s.duration()),
        ] {
            let g = gates(writer, incomplete());
            assert!(matches!(
                decide(&config, at - s(1), 10, &g),
                Settle::Wait { .. }
            ));
            assert_eq!(
                decide(&config, at, 10, &g),
                Settle::Pass { complete: false }
            );
            assert_eq!(
                decide(&config, at + s(1), 10, &g),
                Settle::Pass { complete: false }
            );
        }
    }

    #[test]
    fn a_wrong_sidecar_counts_as_incomplete() {
        let config = Config::default();
        let mut g = gates(Some(false), Completeness::Complete);
        g.sidecar = Some(false);
        assert!(matches!(decide(&config, s(6), 10, &g), Settle::Wait { .. }));
        g.sidecar = Some(true);
        assert_eq!(
            decide(&config, s(6), 10, &g),
            Settle::Pass { complete: true }
        );
    }
}
