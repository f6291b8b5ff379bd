//! What our own checks say of a file.

use std::fs::File;
use std::path::Path;

use unbroken_probes::check::{Aspect, Context, Level};
use unbroken_probes::judge::{Integrity, Rules, Verdict, judge};
use unbroken_probes::measurements::Span;
use unbroken_probes::probe::{Wants, probe};

/// The judgement of one file, as far as it is scored.
#[derive(Clone, Debug)]
pub struct Found {
    /// Everything that was found.
    pub findings: Vec<Said>,
    /// Quality, apart from timeliness.
    pub quality: Verdict,
    /// The outcome on integrity.
    pub integrity: Integrity,
}

/// One finding.
#[derive(Clone, Debug)]
pub struct Said {
    /// The check.
    pub code: String,
    /// Attention or worse; otherwise it is told for information.
    pub is_alarm: bool,
    /// Where.
    pub spans: Vec<Span>,
}

impl Found {
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
            quality: judged.outcome.quality,
            integrity: judged.outcome.integrity,
        })
    }

    /// True if `code` raises an alarm anywhere.
    pub fn alarms(&self, code: &str) -> bool {
        self.findings.iter().any(|f| f.is_alarm && f.code == code)
    }
}
