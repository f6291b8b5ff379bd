//! Whole files, made here, with the block written by the crate's own writer.

use std::io::Cursor;

use exif::experimental::Writer;
use exif::{Field, In, Rational, Tag, Value};

use super::*;
use crate::measurements::{Moment, TimeReading, Zone};

fn ascii(tag: Tag, text: &str) -> Field {
    Field {
        tag,
        ifd_num: In::PRIMARY,
        value: Value::Ascii(vec![text.as_bytes().to_vec()]),
    }
}

fn clock(hour: u32, minute: u32, second: (u32, u32)) -> Field {
    let rational = |(num, denom)| Rational { num, denom };
    Field {
        tag: Tag::GPSTimeStamp,
        ifd_num: In::PRIMARY,
        value: Value::Rational([(hour, 1), (minute, 1), second].map(rational).to_vec()),
    }
}

/// A TIFF block of these fields, with a thumbnail of `thumbnail_bytes`.
fn block(fields: &[Field], thumbnail_bytes: usize) -> Vec<u8> {
    let thumbnail = vec![0xd8; thumbnail_bytes];
    let mut writer = Writer::new();
    for field in fields {
        writer.push_field(field);
    }
    if thumbnail_bytes > 0 {
        writer.set_jpeg(&thumbnail, In::THUMBNAIL);
    }
    let mut block = Cursor::new(Vec::new());
    writer.write(&mut block, false).unwrap();
    block.into_inner()
}

fn segment(name: &[u8], body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(2 + name.len() + body.len()).unwrap();
    [&[0xff, 0xe1], &length.to_be_bytes()[..], name, body].concat()
}

fn jpeg(segments: &[Vec<u8>]) -> Vec<u8> {
    [
        b"\xff\xd8".to_vec(),
        segments.concat(),
        b"\xff\xda\0\x02\0\xff\xd9".to_vec(),
    ]
    .concat()
}

fn measure(bytes: &[u8]) -> Measurements {
    let mut m = Measurements::default();
    read_exif(&mut Cursor::new(bytes), bytes.len() as u64, &mut m);
    m
}

fn time<'a>(m: &'a Measurements, field: &str) -> Option<&'a TimeReading> {
    m.times.iter().find(|t| t.field == field)
}

#[test]
fn reads_times_device_traces_and_structure() {
    let fields = [
        ascii(Tag::Make, "Acme"),
        ascii(Tag::Model, "One "),
        ascii(Tag::Software, "Editor 1.0"),
        ascii(Tag::DateTime, "2026:04:12 10:00:00"),
        ascii(Tag::DateTimeOriginal, "2026:04:12 09:00:00"),
        ascii(Tag::SubSecTimeOriginal, "25"),
        ascii(Tag::OffsetTimeOriginal, "+08:00"),
        ascii(Tag::BodySerialNumber, "007"),
        ascii(Tag::GPSDateStamp, "2026:04:12"),
        clock(1, 0, (305, 10)),
        Field {
            tag: Tag::MakerNote,
            ifd_num: In::PRIMARY,
            value: Value::Undefined(vec![9; 33], 0),
        },
        Field {
            tag: Tag::Orientation,
            ifd_num: In::PRIMARY,
            value: Value::Short(vec![6]),
        },
        Field {
            tag: Tag::PixelXDimension,
            ifd_num: In::PRIMARY,
            value: Value::Long(vec![4000]),
        },
    ];
    let block = block(&fields, 50);
    let file = jpeg(&[segment(b"Exif\0\0", &block)]);
    let m = measure(&file);

    let original = time(&m, "exif.DateTimeOriginal").unwrap();
    assert_eq!(original.local, "2026-04-12T09:00:00.250".parse().unwrap());
    assert_eq!(
        (original.zone, original.moment),
        (Zone::Offset(28_800), Moment::Capture)
    );
    let written = time(&m, "exif.DateTime").unwrap();
    assert_eq!(
        (written.zone, written.moment),
        (Zone::Local, Moment::Written)
    );
    let gps = time(&m, "gps").unwrap();
    assert_eq!(
        (gps.local, gps.zone),
        ("2026-04-12T01:00:30".parse().unwrap(), Zone::Utc)
    );

    assert_eq!(m.device.make.as_deref(), Some("Acme"));
    assert_eq!(m.device.model.as_deref(), Some("One"));
    assert_eq!(m.device.serial.as_deref(), Some("007"));
    assert_eq!(
        (m.traces[0].field.as_str(), m.traces[0].written.as_str()),
        ("exif.Software", "Editor 1.0")
    );

    let exif = m.exif.unwrap();
    assert_eq!(
        (exif.offset_bytes, exif.size_bytes),
        (Some(12), block.len() as u64)
    );
    assert_eq!(
        (exif.orientation, exif.width_px, exif.maker_note_bytes),
        (Some(6), Some(4000), Some(33))
    );
    assert!(exif.gps && exif.damage.is_empty());
    let thumbnail = exif.thumbnail.unwrap();
    let at = usize::try_from(thumbnail.offset_bytes.unwrap()).unwrap();
    assert_eq!(&file[at..at + 50], &[0xd8; 50]);
    assert!(thumbnail.whole);
    assert!(m.not_run.is_empty());
}

#[test]
fn a_void_fix_and_an_impossible_clock_are_no_satellite_times() {
    let read = |fields: &[Field]| {
        let m = measure(&jpeg(&[segment(b"Exif\0\0", &block(fields, 0))]));
        time(&m, "gps").is_some()
    };
    let date = || ascii(Tag::GPSDateStamp, "2026:04:12");
    assert!(read(&[date(), clock(23, 59, (59, 1))]));
    assert!(!read(&[date(), clock(24, 0, (0, 1))]));
    assert!(!read(&[date(), clock(1, 0, (0, 0))]));
    assert!(!read(&[
        date(),
        clock(1, 0, (0, 1)),
        ascii(Tag::GPSStatus, "V")
    ]));
    assert!(!read(&[clock(1, 0, (0, 1))]));
    assert!(!read(&[date()]));
}

#[test]
fn tiff_png_and_webp_carry_it_too() {
    let block = block(&[ascii(Tag::DateTimeOriginal, "2026:04:12 09:00:00")], 0);
    let mut webp = b"RIFF\0\0\0\0WEBPEXIF".to_vec();
    webp.extend(u32::try_from(block.len() + 6).unwrap().to_le_bytes());
    webp.extend(b"Exif\0\0");
    webp.extend(&block);
    let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\0IHDR\0\0\0\0".to_vec();
    png.extend(u32::try_from(block.len()).unwrap().to_be_bytes());
    png.extend(b"eXIf");
    png.extend(&block);
    png.extend(b"\0\0\0\0\0\0\0\0IEND\0\0\0\0");
    for file in [block, webp, png] {
        let m = measure(&file);
        assert!(
            time(&m, "exif.DateTimeOriginal").is_some(),
            "{:?}",
            m.not_run
        );
    }
}

#[test]
fn files_without_exif_say_nothing() {
    for bytes in [
        b"".as_slice(),
        b"text",
        b"\xff\xd8\xff\xd9",
        b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom",
    ] {
        let m = measure(bytes);
        assert_eq!(
            (m.exif, m.not_run.len(), m.times.len()),
            (None, 0, 0),
            "{bytes:?}"
        );
    }
}

#[test]
fn a_directory_that_leads_to_itself_ends_and_keeps_what_was_read() {
    // One directory with Make in place, whose next directory is itself.
    let mut block = b"MM\0\x2a\0\0\0\x08\0\x01".to_vec();
    block.extend(b"\x01\x0f\0\x02\0\0\0\x03Ab\0\0");
    block.extend(b"\0\0\0\x08");
    let m = measure(&jpeg(&[segment(b"Exif\0\0", &block)]));
    assert_eq!(m.device.make.as_deref(), Some("Ab"));
    let damage = m.exif.unwrap().damage;
    assert!(damage[0].contains("Already visited"), "{damage:?}");
}

#[test]
fn every_truncation_and_many_mutations_end_without_harm() {
    let block = block(
        &[
            ascii(Tag::Make, "Acme"),
            ascii(Tag::DateTimeOriginal, "2026:04:12 09:00:00"),
            ascii(Tag::GPSDateStamp, "2026:04:12"),
            clock(1, 0, (30, 1)),
        ],
        20,
    );
    let file = jpeg(&[segment(b"Exif\0\0", &block)]);
    for end in 0..file.len() {
        measure(&file[..end]);
    }
    for at in 0..file.len() {
        for value in [0, 1, 0x7f, 0xff] {
            let mut broken = file.clone();
            broken[at] = value;
            measure(&broken);
        }
    }
}
