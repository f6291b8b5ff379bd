//! Canon's CR3 keeps EXIF's directories in boxes of their own, each a small
//! TIFF: `CMT1` the first directory, `CMT2` Exif, `CMT4` GPS (layout as in
//! ExifTool's Canon.pm). Joined they are a block as other formats have it.

use std::io::Cursor;

use exif::experimental::Writer;
use exif::{Context, Field, In, Tag, Value};

use super::{find, reader};

/// Longest directory that is read.
const DIRECTORY_MAX_BYTES: usize = 64 << 10;
/// Tags that point to directories: the writer makes its own.
const POINTERS: [u16; 3] = [0x8769, 0x8825, 0xA005];
/// The maker's notes: megabytes of settings, read by nobody here.
const MAKER_NOTE: u16 = 0x927C;

/// The block of a CR3 file whose front is `head`; `None` for other files and
/// where there is none.
pub(super) fn block(head: &[u8]) -> Option<Vec<u8>> {
    if head.get(4..12)? != b"ftypcrx " {
        return None;
    }
    let parts = [
        (b"CMT1", Context::Tiff),
        (b"CMT2", Context::Exif),
        (b"CMT4", Context::Gps),
    ];
    let fields: Vec<Field> = parts
        .iter()
        .filter_map(|(kind, context)| directory(head, kind, *context))
        .flatten()
        .collect();
    let mut writer = Writer::new();
    fields.iter().for_each(|field| writer.push_field(field));
    let mut block = Cursor::new(Vec::new());
    writer.write(&mut block, true).ok()?;
    (!fields.is_empty()).then(|| block.into_inner())
}

/// The fields of one box, as fields of the directory that it stands for.
fn directory(head: &[u8], kind: &[u8; 4], context: Context) -> Option<Vec<Field>> {
    let at = find(head, kind)?;
    let size = head.get(at.checked_sub(4)?..at)?;
    let size = usize::try_from(u32::from_be_bytes(size.try_into().ok()?)).ok()?;
    let end = at.checked_add(size.checked_sub(4)?)?;
    let body = head.get(at + 4..end.min(at + 4 + DIRECTORY_MAX_BYTES))?;
    let read = reader().read_raw(body.to_vec());
    let exif = read
        .or_else(|error| error.distill_partial_result(|_| ()))
        .ok()?;
    let own = exif.fields().filter(|field| {
        let number = field.tag.number();
        field.ifd_num == In::PRIMARY && !POINTERS.contains(&number) && number != MAKER_NOTE
    });
    let fields = own.filter(|field| !matches!(field.value, Value::Unknown(..)));
    Some(
        fields
            .map(|field| Field {
                tag: Tag(context, field.tag.number()),
                ifd_num: In::PRIMARY,
                value: field.value.clone(),
            })
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(kind: &[u8; 4], fields: &[(Tag, &str)]) -> Vec<u8> {
        let fields: Vec<Field> = fields
            .iter()
            .map(|(tag, text)| Field {
                tag: Tag(Context::Tiff, tag.number()),
                ifd_num: In::PRIMARY,
                value: Value::Ascii(vec![text.as_bytes().to_vec()]),
            })
            .collect();
        let mut writer = Writer::new();
        fields.iter().for_each(|field| writer.push_field(field));
        let mut body = Cursor::new(Vec::new());
        writer.write(&mut body, true).unwrap();
        let body = body.into_inner();
        let size = u32::try_from(body.len() + 8).unwrap().to_be_bytes();
        [size.as_slice(), kind, &body].concat()
    }

    #[test]
    fn the_parts_are_joined_to_one_block() {
        let file = [
            b"\0\0\0\x18ftypcrx \0\0\0\x01crx isom".as_slice(),
            &part(b"CMT1", &[(Tag::Model, "Canon EOS R5")]),
            &part(b"CMT2", &[(Tag::DateTimeOriginal, "2024:05:01 10:00:00")]),
        ]
        .concat();
        let exif = reader().read_raw(block(&file).unwrap()).unwrap();
        let text = |tag| {
            exif.get_field(tag, In::PRIMARY)
                .unwrap()
                .display_value()
                .to_string()
        };
        assert_eq!(text(Tag::Model), "\"Canon EOS R5\"");
        assert_eq!(text(Tag::DateTimeOriginal), "2024-05-01 10:00:00");
        assert_eq!(block(&file[4..]), None);
        assert_eq!(block(&file[..24]), None);
        for end in 0..file.len() {
            let _ = block(&file[..end]);
        }
    }
}
