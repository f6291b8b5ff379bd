//! What is known of the coded syntax of a track: facts, kept for ever.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::measure::series::Series;

/// Coded syntax of the main picture track. Times are seconds from the
/// recording's first picture.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Bitstream {
    /// Index of the track.
    pub track: u32,
    /// `h264` or `hevc`.
    pub codec: String,
    /// Pictures whose head could be read.
    pub pictures: u64,
    /// Pictures whose head could not be read.
    pub unread_pictures: u64,
    /// Groups of pictures, from one key picture to the next, the last one
    /// without: how many of each length, shortest first.
    pub groups: Vec<GroupCount>,
    /// Where each group starts that is shorter than most, at most 200.
    pub short_groups: Vec<ShortGroup>,
    /// `idr_pic_id` of each IDR picture in order, at most the first 4096
    /// (H.264).
    pub idr_ids: Vec<u32>,
    /// How the encoder numbers its IDR pictures.
    pub idr_habit: IdrHabit,
    /// Steps from one IDR picture to the next.
    pub idr_steps: u64,
    /// Steps that follow no habit but the one that most steps follow, at most
    /// 200.
    pub idr_breaks: Vec<IdrBreak>,
    /// Steps that break the habit, listed or not.
    pub idr_breaks_count: u64,
    /// Where `frame_num` leaves numbers out that the stream does not allow to
    /// be left out, at most 200 (H.264).
    pub frame_num_gaps: Vec<FrameNumGap>,
    /// Pictures of a kind that marks a splice by definition (HEVC BLA) after
    /// the first, at most 200.
    pub splice_marks_s: Vec<f64>,
    /// Where the sequence parameter set in use changes its content, at most
    /// 200.
    pub parameter_changes_s: Vec<f64>,
    /// Kinds of messages beside the pictures (SEI) in the order in which they
    /// come first, at most 32: which of them there are is a habit of the encoder.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub messages: Vec<MessageCount>,
    /// Programs' own data beside the pictures, by UUID, at most 20.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub user_data: Vec<UserData>,
    /// Texts that encoders left, in order, each once, at most 20.
    pub encoder_texts: Vec<EncoderText>,
    /// Every different parameter set in order, at most 32.
    pub parameter_sets: Vec<ParameterSet>,
    /// Mean quantiser of the slices, H.264's scale −48 to 51, over time.
    pub quantiser: Series,
}

/// Groups of pictures of one make.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GroupCount {
    /// Pictures of the group.
    pub pictures: u32,
    /// Kinds of its first pictures in the order in which they are coded, at
    /// most 16: `I`, `P`, `B`; of the first group so long.
    pub pattern: String,
    /// How many groups are so long.
    pub count: u64,
}

/// A group of pictures that is shorter than most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ShortGroup {
    /// Its first picture.
    pub start_s: f64,
    /// The key picture after it.
    pub end_s: f64,
    /// Its pictures.
    pub pictures: u32,
}

/// How an encoder numbers its IDR pictures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum IdrHabit {
    /// Too few to say, or no number at all.
    #[default]
    Unknown,
    /// Always the same: shows nothing of what may be missing.
    Constant,
    /// Two numbers in turn: shows an odd number of missing groups.
    Alternating,
    /// One more each time: shows any number of missing groups.
    Counting,
}

/// A step between IDR pictures that breaks the habit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct IdrBreak {
    /// The IDR picture after the break.
    pub at_s: f64,
    /// `idr_pic_id` before.
    pub before: u32,
    /// `idr_pic_id` after.
    pub after: u32,
}

/// Reference pictures that the numbering says were coded and that are not in
/// the stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FrameNumGap {
    /// The picture after the gap.
    pub at_s: f64,
    /// `frame_num` that was due.
    pub due: u32,
    /// `frame_num` that came.
    pub came: u32,
    /// Decoding can start at this picture: a whole group may be missing.
    pub at_key: bool,
}

/// Messages of one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MessageCount {
    /// `payloadType` (ITU-T H.264 and H.265, annex D): 0 buffering period, 1
    /// picture timing, 5 user data, 6 recovery point, 137 mastering display …
    pub kind: u32,
    /// Where one stands first.
    pub first_s: f64,
    /// How many.
    pub count: u64,
}

/// User data under one UUID.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct UserData {
    /// The UUID in hex.
    pub uuid_hex: String,
    /// Where it stands first.
    pub first_s: f64,
    /// How often.
    pub count: u64,
    /// The first 32 bytes behind it, where it stands first.
    pub content_hex: String,
}

/// A text that an encoder left in the stream.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EncoderText {
    /// Where it stands first.
    pub at_s: f64,
    /// As written, at most 300 characters.
    pub written: String,
}

/// A parameter set as it stands in the stream: what the encoder was set to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ParameterSet {
    /// `vps`, `sps` or `pps`.
    pub kind: String,
    /// Where it stands first; 0 in the file's header.
    pub at_s: f64,
    /// Length of its payload.
    pub size_bytes: u64,
    /// Its payload in hex, at most 160 bytes.
    pub content_hex: String,
}
