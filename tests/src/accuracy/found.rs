//! What our own checks say of a file.

use std::fs::{self, File};
use std::path::Path;

use serde::{Deserialize, Serialize};
use unbroken_probes::check::{Aspect, Context, Level};
use unbroken_probes::judge::{Integrity, Rules, judge};
use unbroken_probes::measurements::Span;
use unbroken_probes::probe::{Wants, probe};

use super::kitchen::Kitchen;

/// The judgement of one file, as far as it is scored.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Found {
    /// Everything that was found.
    pub findings: Vec<Said>,
    /// The outcome on integrity.
    pub integrity: Integrity,
}

/// One finding.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Said {
    /// The check.
    pub code: String,
    /// Attention or worse; otherwise it is told for information.
    pub is_alarm: bool,
    /// Where.
    pub spans: Vec<Span>,
}

impl Found {
    /// What this very program said of the file before, or says now. The answer
    /// is kept, so that a run that was ended goes on where it was.
    pub fn kept(kitchen: &Kitchen, program: &str, path: &Path) -> Result<Self, String> {
        let name = path.to_string_lossy();
        let kept = kitchen.made(&["found", program, &name], "json", |to| {
            let found = Self::in_file(path)?;
            let text = serde_json::to_string(&found).map_err(|e| e.to_string())?;
            fs::write(to, text).map_err(|e| e.to_string())
        })?;
        let text = fs::read_to_string(&kept).map_err(|e| e.to_string())?;
        serde_json::from_str(&text).map_err(|e| format!("{}: {e}", kept.display()))
    }

    /// Probes and judges with the shipped limits.
    pub fn in_file(path: &Path) -> Result<Self, String> {
        let name = path
            .file_name()
            .map_or_else(String::new, |n| n.to_string_lossy().into_owned());
        let mut file = File::open(path).map_err(|e| format!("{}: {e}", path.display()))?;
        let wants = Wants {
            name,
            still_long_side_px: 0,
            stills_count: 0,
            depth: unbroken_probes::probe::Depth::Full,
        };
        let measured = probe(&mut file, &wants).measurements;
        let judged = judge(&measured, &Rules::default(), &Context::default());
        Ok(Self {
            findings: judged
                .findings
                .iter()
                .filter(|f| f.aspect != Aspect::Timeliness)
                .map(|f| Said {
                    code: f.code.clone(),
                    is_alarm: f.level >= Level::Attention,
                    spans: f.spans.clone(),
                })
                .collect(),
            integrity: judged.outcome.integrity,
        })
    }

    /// True if `code` raises an alarm anywhere.
    pub fn alarms(&self, code: &str) -> bool {
        self.findings.iter().any(|f| f.is_alarm && f.code == code)
    }
}
