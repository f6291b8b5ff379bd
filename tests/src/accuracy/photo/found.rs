//! What our own checks say of a photo.

use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;

use unbroken_probes::check::unsharpness::Unsharpness;
use unbroken_probes::check::{Aspect, Context, Level, Limits, photo_blurred};
use unbroken_probes::exemplar::Exemplars;
use unbroken_probes::judge::{Integrity, Rules, judge};
use unbroken_probes::measure::photo::Photo;
use unbroken_probes::measure::sharpness::BlurKind;
use unbroken_probes::measurements::Measurements;
use unbroken_probes::probe::{Depth, Wants, probe};

use super::Case;
use crate::accuracy::kitchen::Kitchen;

/// The judgement of one photo, as far as it is scored.
#[derive(Clone, Debug)]
pub struct PhotoFound {
    /// Everything that was found.
    pub findings: Vec<Said>,
    /// The outcome on integrity.
    pub integrity: Integrity,
    /// One number for how sharp it is, larger for sharper; `None` if there is too
    /// little detail to say.
    pub sharpness: Option<f64>,
    /// What kind of unsharpness it shows, if it is unsharp.
    pub kind: Option<Unsharpness>,
    /// True if fine texture between its edges is called smoothed away.
    pub is_smoothed: bool,
    /// The share of its resolution that is said to hold detail.
    pub effective_ratio: Option<f64>,
}

/// One finding.
#[derive(Clone, Debug)]
pub struct Said {
    /// The check.
    pub code: String,
    /// Which outcome it contributes to.
    pub aspect: Aspect,
    /// What it says.
    pub level: Level,
}

impl Said {
    /// Attention or worse; otherwise it is told, or nothing could be said.
    pub fn is_alarm(&self) -> bool {
        self.level >= Level::Attention
    }
}

/// Measures the case's file, or takes what this very program measured before, so
/// that a run that was ended goes on where it was.
pub fn measured(kitchen: &Kitchen, program: &str, case: &Case) -> Result<Measurements, String> {
    let path = case.file.to_string_lossy();
    let of = ["measured", program, &path, &case.name];
    let kept = kitchen.made(&of, "json", |to| {
        let m = measure(&case.file, &case.name)?;
        let text = serde_json::to_string(&m).map_err(|e| e.to_string())?;
        fs::write(to, text).map_err(|e| e.to_string())
    })?;
    let text = fs::read_to_string(&kept).map_err(|e| e.to_string())?;
    serde_json::from_str(&text).map_err(|e| format!("{}: {e}", kept.display()))
}

fn measure(path: &Path, name: &str) -> Result<Measurements, String> {
    let mut file = File::open(path).map_err(|e| format!("{}: {e}", path.display()))?;
    let wants = Wants {
        name: name.to_owned(),
        still_long_side_px: 0,
        stills_count: 0,
        depth: Depth::Full,
    };
    Ok(probe(&mut file, &wants).measurements)
}

impl PhotoFound {
    /// Judges with the shipped limits and these exemplars.
    pub fn of(m: &Measurements, name: &str, exemplars: &Arc<Exemplars>) -> Self {
        let rules = Rules {
            exemplars: exemplars.clone(),
            ..Rules::default()
        };
        let context = Context {
            name: name.to_owned(),
            ..Context::default()
        };
        let judged = judge(m, &rules, &context);
        let photo = m.photo.as_ref();
        let limits = Limits::defaults(&photo_blurred::CHECK);
        let resolution = photo.and_then(|photo| photo.resolution.as_ref());
        Self {
            findings: judged
                .findings
                .iter()
                .map(|f| Said {
                    code: f.code.clone(),
                    aspect: f.aspect,
                    level: f.level,
                })
                .collect(),
            integrity: judged.outcome.integrity,
            sharpness: photo.and_then(Photo::clarity_db),
            kind: photo.and_then(|photo| Unsharpness::of(photo, &limits, BlurKind::Unclear)),
            is_smoothed: photo.is_some_and(|photo| Unsharpness::is_smoothed(photo, &limits)),
            effective_ratio: resolution.and_then(|r| r.effective_ratio).map(f64::from),
        }
    }

    /// The direction of a blur by motion, if it is one.
    pub fn shaken_deg(&self) -> Option<f32> {
        match self.kind {
            Some(Unsharpness::Motion { angle_deg, .. }) => Some(angle_deg),
            _ => None,
        }
    }

    /// True if `code` raises an alarm.
    pub fn alarms(&self, code: &str) -> bool {
        self.findings.iter().any(|f| f.is_alarm() && f.code == code)
    }

    /// True if `code` says anything at all.
    pub fn tells(&self, code: &str) -> bool {
        self.findings.iter().any(|f| f.code == code)
    }

    /// What `code` says, the worst of it.
    pub fn level(&self, code: &str) -> Option<Level> {
        let levels = self.findings.iter().filter(|f| f.code == code);
        levels.map(|f| f.level).max()
    }
}
