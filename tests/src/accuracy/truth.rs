//! What was done to a case, and which checks ought to say so.

use unbroken_probes::measurements::Span;

/// How far a finding may lie from its truth, in seconds: a person who is sent to
/// a place must see there what is meant.
pub const TOLERANCE_S: f64 = 0.2;

/// One kind of fault that a recipe makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Another scene from one picture to the next.
    HardCut,
    /// A stretch of one shot left out, and encoded anew.
    JumpCut,
    /// The same where the scene stands so still that there is hardly anything
    /// to see.
    StillJump,
    /// A stretch left out of the sound, and the rest encoded anew.
    SoundCut,
    /// A stretch left out between two codings, of which the first was in groups of
    /// fixed length.
    OffBeat,
    /// A stretch from another camera.
    Inserted,
    /// The picture stands still while time runs.
    Frozen,
    /// Single pictures shown twice.
    Repeated,
    /// Black pictures.
    Black,
    /// A covered lens: no shapes, but grain.
    Covered,
    /// Pictures out of focus.
    Blurred,
    /// Coded so coarsely that blocks take the place of the picture.
    Blocky,
    /// A part of the picture reduced to the means of its blocks.
    LooseBlocks,
    /// Time passes and nothing was recorded.
    Gap,
    /// Packets that never arrived.
    Dropped,
    /// A part of a recording, its packets copied.
    Trimmed,
    /// Two recordings in one file, their packets copied.
    Joined,
    /// Whole groups of pictures left out, the rest copied.
    GroupsDeleted,
    /// Decoded and encoded anew.
    Reencoded,
    /// Packets copied into another container.
    Remuxed,
    /// The end of the file is missing.
    Truncated,
}

impl Fault {
    /// The checks of which any one is right to speak of this fault.
    pub fn codes(self) -> &'static [&'static str] {
        match self {
            Self::HardCut | Self::JumpCut | Self::StillJump => &["video_cut"],
            Self::SoundCut => &["audio_splice"],
            Self::OffBeat => &["gop_phase_shift"],
            Self::Inserted => &["video_inserted", "video_cut"],
            Self::Frozen => &["video_frozen"],
            Self::Repeated => &["video_stutter"],
            Self::Black | Self::Covered => &["video_black"],
            Self::Blurred => &["video_blurred"],
            Self::Blocky | Self::LooseBlocks => &["video_blocky"],
            Self::Gap => &["timestamp_gap"],
            Self::Dropped => &[
                "decode_errors",
                "timestamp_gap",
                "video_stutter",
                "gop_pattern_broken",
            ],
            Self::Trimmed => &[
                "video_trimmed",
                "hidden_by_edit_list",
                "structure_contradicts_metadata",
                "editor_trace",
            ],
            Self::Joined => &[
                "join_mark",
                "stream_changed",
                "gop_pattern_broken",
                "audio_gap",
                "structure_contradicts_metadata",
                "editor_trace",
            ],
            Self::GroupsDeleted => &[
                "gop_pattern_broken",
                "join_mark",
                "audio_gap",
                "structure_contradicts_metadata",
                "editor_trace",
            ],
            Self::Reencoded => &["video_reencoded", "editor_trace"],
            Self::Remuxed => &["structure_contradicts_metadata", "editor_trace"],
            Self::Truncated => &["truncated"],
        }
    }

    /// Checks that may speak up because of this fault without being wrong, and
    /// without having found it: what is black has no sharp edges.
    pub fn consequences(self) -> &'static [&'static str] {
        match self {
            Self::Frozen | Self::Gap => {
                &["video_cut", "video_stutter", "av_drift", "gop_phase_shift"]
            }
            Self::Black | Self::Covered => &["video_cut", "video_frozen", "video_blurred"],
            Self::Blurred => &["video_cut"],
            // Coarse coding repeats pictures, and leaves nothing sharp.
            Self::Blocky => &[
                "video_blurred",
                "video_frozen",
                "video_stutter",
                "video_cut",
            ],
            Self::LooseBlocks => &["video_cut"],
            Self::Dropped => &[
                "video_frozen",
                "video_cut",
                "video_blurred",
                "av_drift",
                "audio_gap",
                "editor_trace",
                "structure_contradicts_metadata",
            ],
            Self::Truncated => &["decode_errors", "av_drift", "unreadable", "audio_gap"],
            Self::Trimmed | Self::Joined | Self::GroupsDeleted => {
                &["timestamp_gap", "decode_errors", "video_cut", "av_drift"]
            }
            Self::Remuxed => &["video_trimmed", "hidden_by_edit_list"],
            // What was coded in groups before it came here was coded twice.
            Self::HardCut | Self::JumpCut | Self::StillJump | Self::SoundCut | Self::Inserted => {
                &["structure_contradicts_metadata", "gop_phase_shift"]
            }
            Self::OffBeat => &["structure_contradicts_metadata", "video_cut"],
            Self::Repeated | Self::Reencoded => &["structure_contradicts_metadata"],
        }
    }
}

/// One fault of a case.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Truth {
    /// What was done.
    pub fault: Fault,
    /// Where, in seconds from the first picture; `None`: to the whole file.
    pub place: Option<Span>,
}

impl Truth {
    /// A fault of the whole file.
    pub fn whole(fault: Fault) -> Self {
        Self { fault, place: None }
    }

    /// A fault of a stretch.
    pub fn at(fault: Fault, start_s: f64, end_s: f64) -> Self {
        Self {
            fault,
            place: Some(Span { start_s, end_s }),
        }
    }

    /// True if a finding with these spans speaks of this place. A finding
    /// without a place speaks of the whole file.
    pub fn agrees(&self, spans: &[Span]) -> bool {
        let Some(place) = self.place else {
            return true;
        };
        spans.is_empty() || spans.iter().any(|span| touches(&place, span))
    }

    /// True if a check that says `code` of these spans is not wrong here.
    pub fn excuses(&self, code: &str, spans: &[Span]) -> bool {
        let is_named =
            self.fault.codes().contains(&code) || self.fault.consequences().contains(&code);
        is_named && self.agrees(spans)
    }
}

/// True if the two are within the tolerance of each other.
pub fn touches(a: &Span, b: &Span) -> bool {
    a.start_s - TOLERANCE_S <= b.end_s && b.start_s - TOLERANCE_S <= a.end_s
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_met_within_a_fifth_of_a_second() {
        let truth = Truth::at(Fault::HardCut, 3.0, 3.0);
        let at = |s: f64| {
            [Span {
                start_s: s,
                end_s: s,
            }]
        };
        assert!(truth.agrees(&at(3.2)) && truth.agrees(&at(2.8)));
        assert!(!truth.agrees(&at(3.21)) && !truth.agrees(&at(2.79)));
        assert!(truth.excuses("video_cut", &at(3.0)));
        assert!(!truth.excuses("video_black", &at(3.0)));
    }

    #[test]
    fn a_fault_of_the_whole_file_has_no_place_to_miss() {
        let truth = Truth::whole(Fault::Reencoded);
        let far = Span {
            start_s: 99.0,
            end_s: 99.0,
        };
        assert!(truth.excuses("editor_trace", &[far]));
    }
}
