//! What is kept of parameter sets and of messages beside the pictures: each
//! different one once, and how often it comes.

use super::{MessageCount, ParameterSet, UserData};
use crate::bitstream::sei;

/// Kinds of messages that are counted; the standards have 60 and 80, real
/// streams use up to ten.
const MESSAGE_KINDS_MAX: usize = 32;
/// UUIDs that are counted, and bytes kept of what stands behind each.
const UUIDS_MAX: usize = 20;
const USER_DATA_KEPT_BYTES: usize = 32;
/// Different parameter sets that are kept, and bytes of each; cameras' take
/// under 100, x265's 1 200 with its note.
const PARAMETER_SETS_MAX: usize = 32;
const PARAMETER_SET_KEPT_BYTES: usize = 160;

/// Counts a message by its kind.
pub(super) fn note_message(kinds: &mut Vec<MessageCount>, kind: u32, at_s: f64) {
    if let Some(known) = kinds.iter_mut().find(|k| k.kind == kind) {
        known.count += 1;
    } else if kinds.len() < MESSAGE_KINDS_MAX {
        kinds.push(MessageCount {
            kind,
            first_s: at_s,
            count: 1,
        });
    }
}

/// Counts user data by their UUID.
pub(super) fn note_user_data(known: &mut Vec<UserData>, data: &[u8], at_s: f64) {
    let Some(uuid) = data.get(..sei::UUID_BYTES) else {
        return;
    };
    let uuid_hex: String = uuid.iter().map(|b| format!("{b:02x}")).collect();
    if let Some(known) = known.iter_mut().find(|u| u.uuid_hex == uuid_hex) {
        known.count += 1;
    } else if known.len() < UUIDS_MAX {
        let behind = data.iter().skip(sei::UUID_BYTES).take(USER_DATA_KEPT_BYTES);
        known.push(UserData {
            uuid_hex,
            first_s: at_s,
            count: 1,
            content_hex: behind.map(|b| format!("{b:02x}")).collect(),
        });
    }
}

/// Keeps a parameter set that was not met before.
pub(super) fn note_set(sets: &mut Vec<ParameterSet>, kind: &str, payload: &[u8], at_s: f64) {
    if sets.len() >= PARAMETER_SETS_MAX {
        return;
    }
    let kept = payload.iter().take(PARAMETER_SET_KEPT_BYTES);
    let content_hex: String = kept.map(|b| format!("{b:02x}")).collect();
    let size_bytes = payload.len() as u64;
    let is_known = |s: &ParameterSet| {
        s.kind == kind && s.size_bytes == size_bytes && s.content_hex == content_hex
    };
    if !sets.iter().any(is_known) {
        sets.push(ParameterSet {
            kind: kind.to_owned(),
            at_s,
            size_bytes,
            content_hex,
        });
    }
}
