//! A file that tests of checks can dress: a photo or clip with one written
//! time, received and stored when they say.

use chrono::{DateTime, TimeDelta, Utc};

use crate::anchors::Anchors;
use crate::capture::capture_end;
use crate::check::{Case, Check, Context, Limits, Ruling};
use crate::deadline::saved;
use crate::exemplar::Exemplars;
use crate::measurements::{Container, Custody, Kind, Measurements, Moment, TimeReading, Zone};
use crate::writers::Writers;

/// Beijing.
const OFFSET_S: i32 = 8 * 3600;

/// Facts and surroundings of one file.
pub(crate) struct Trial {
    /// The facts.
    pub m: Measurements,
    /// The surroundings.
    pub context: Context,
    /// What is known of its model.
    pub exemplars: Exemplars,
    /// Whom the admin trusts.
    pub anchors: Anchors,
}

/// An instant.
pub(crate) fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

impl Trial {
    /// A photo taken at `taken` by a clock that may be `drift_s` off.
    pub(crate) fn photo(taken: DateTime<Utc>, drift_s: f64) -> Self {
        Self {
            m: Measurements {
                kind: Kind::Photo,
                ..Measurements::default()
            },
            context: Context {
                default_offset_s: OFFSET_S,
                clock_drift_s: drift_s,
                save_limit_s: 86_400.0,
                ..Context::default()
            },
            exemplars: Exemplars::default(),
            anchors: Anchors::default(),
        }
        .time("exif.DateTimeOriginal", taken, Zone::Local, Moment::Capture)
    }

    /// A clip of `duration_s` without any time.
    pub(crate) fn video(duration_s: f64) -> Self {
        let mut trial = Self::photo(DateTime::UNIX_EPOCH, 0.0);
        trial.m.times.clear();
        trial.m.kind = Kind::Video;
        trial.m.container = Some(Container {
            duration_s: Some(duration_s),
            ..Container::default()
        });
        trial
    }

    /// One more written time; `true_time` is what a right clock would show.
    pub(crate) fn time(
        mut self,
        field: &str,
        true_time: DateTime<Utc>,
        zone: Zone,
        moment: Moment,
    ) -> Self {
        let offset_s = match zone {
            Zone::Offset(offset_s) => offset_s,
            Zone::Utc | Zone::NominallyUtc => 0,
            Zone::Local => OFFSET_S,
        };
        let local = true_time.naive_utc() + TimeDelta::seconds(i64::from(offset_s));
        self.m.times.push(TimeReading {
            field: field.to_owned(),
            written: local.to_string(),
            local,
            zone,
            moment,
        });
        self
    }

    /// Stored at `stored`, received just then.
    pub(crate) fn stored(mut self, stored: DateTime<Utc>) -> Self {
        self.context.custody = Some(Custody {
            seen: stored,
            received: stored,
            stored,
        });
        self
    }

    /// The check's ruling with its default thresholds.
    pub(crate) fn judge(&self, check: &Check) -> Ruling {
        let capture = capture_end(&self.m, &self.context);
        let saved = saved(&capture, &self.context);
        (check.judge)(&Case {
            m: &self.m,
            context: &self.context,
            capture: &capture,
            saved: saved.as_ref(),
            limits: &Limits::defaults(check),
            exemplars: &self.exemplars,
            anchors: &self.anchors,
            writers: &Writers::default(),
        })
    }
}
