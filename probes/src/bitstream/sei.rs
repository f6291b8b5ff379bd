//! Supplemental enhancement information (ITU-T H.264 annex D, H.265 annex D):
//! the notes that encoders leave beside the pictures.

/// Messages read of one unit at most. Named guess: real ones hold fewer than
/// ten.
const MESSAGES_MAX: usize = 64;
/// User data under a UUID.
const UNREGISTERED: u32 = 5;
/// Bytes of a UUID.
pub const UUID_BYTES: usize = 16;
/// Shortest text that counts as one: by chance, eight bytes in a row read as
/// text once in two thousand messages.
const TEXT_MIN: usize = 8;
/// Longest text kept.
const TEXT_MAX: usize = 300;

/// One message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message<'a> {
    /// `payloadType`.
    pub kind: u32,
    /// Its bytes.
    pub bytes: &'a [u8],
}

/// The messages of a unit whose payload, without its header, is `payload`. A
/// message that is said to reach beyond the unit ends with it.
pub fn messages(payload: &[u8]) -> Vec<Message<'_>> {
    let mut found = Vec::new();
    let mut rest = payload;
    // A stop bit alone is no message.
    while found.len() < MESSAGES_MAX && rest.len() > 1 {
        let Some((kind, after)) = long_number(rest) else {
            break;
        };
        let Some((length, after)) = long_number(after) else {
            break;
        };
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let (bytes, after) = after.split_at(length.min(after.len()));
        found.push(Message { kind, bytes });
        rest = after;
    }
    found
}

/// Bytes of 255 and one more, summed.
fn long_number(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let full = bytes.iter().take_while(|b| **b == 255).count();
    let last = u32::from(*bytes.get(full)?);
    let sum = u32::try_from(full)
        .ok()?
        .checked_mul(255)?
        .checked_add(last)?;
    Some((sum, bytes.get(full + 1..)?))
}

/// The bytes of a message of user data, UUID first; `None` for other messages.
pub fn user_data(message: Message<'_>) -> Option<&[u8]> {
    (message.kind == UNREGISTERED).then_some(message.bytes)
}

/// The text that an encoder wrote under its UUID, as x264 and x265 do: the
/// printable start, at most 300 characters. `None` for other messages and for
/// data that are not text.
pub fn encoder_text(message: Message<'_>) -> Option<String> {
    let text = user_data(message)?.get(UUID_BYTES..)?;
    let text: String = text
        .iter()
        .take_while(|b| matches!(b, 0x20..=0x7e))
        .take(TEXT_MAX)
        .map(|b| char::from(*b))
        .collect();
    (text.len() >= TEXT_MIN).then_some(text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_encoders_text_is_read_behind_other_messages() {
        let mut unit = vec![1, 2, 9, 9, 5, 255, 45];
        unit.extend([7; 16]);
        unit.extend(b"x264 - core 164 r3095");
        unit.push(0);
        unit.extend(std::iter::repeat_n(b'z', 300 - 16 - 22));
        unit.extend([6, 1, 0x80, 0x80]);
        let read = messages(&unit);
        let kinds: Vec<u32> = read.iter().map(|m| m.kind).collect();
        assert_eq!(kinds, [1, 5, 6]);
        assert_eq!(encoder_text(read[0]), None);
        assert_eq!(
            encoder_text(read[1]).as_deref(),
            Some("x264 - core 164 r3095")
        );
    }

    #[test]
    fn bytes_that_are_no_text_are_none() {
        for bytes in [&[0u8; 40][..], &[b'a'; 16], &[b'a'; 23]] {
            assert_eq!(encoder_text(Message { kind: 5, bytes }), None);
        }
        let long = Message {
            kind: 5,
            bytes: &[b'a'; 1000],
        };
        assert_eq!(encoder_text(long).map(|t| t.len()), Some(TEXT_MAX));
    }

    proptest! {
        #[test]
        fn any_bytes_end(bytes in proptest::collection::vec(prop_oneof![Just(255u8), any::<u8>()], 0..400)) {
            let read = messages(&bytes);
            prop_assert!(read.len() <= MESSAGES_MAX);
            prop_assert!(read.iter().map(|m| m.bytes.len()).sum::<usize>() <= bytes.len());
            let _ = read.into_iter().filter_map(encoder_text).count();
        }
    }
}
