//! Photos made to exhaust whoever opens them, through the real child with the
//! limits that it has in service: each ends in measurements that never pass,
//! in bounded time, and nothing has to be stopped.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test says so by failing"
)]

use std::fs;
use std::time::Duration;

use unbroken::adapter::prober_child::{ChildProber, Settings};
use unbroken::cell::sandbox::{Bounds, Lockdown};
use unbroken::port::prober::{Probe, Prober};
use unbroken_probes::check::Context;
use unbroken_probes::judge::{Rules, Verdict, judge};
use unbroken_probes::measure::photo::MeasuredIn;
use unbroken_probes::measurements::{Kind, Measurements};
use unbroken_probes::probe::{Depth, Wants};

/// Longest that one of these files may take, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

async fn measured(name: &str, bytes: &[u8]) -> Measurements {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("copy");
    fs::write(&file, bytes).unwrap();
    let prober = ChildProber::new(Settings {
        program: env!("CARGO_BIN_EXE_unbroken").into(),
        bounds: Bounds {
            memory_bytes: 2 << 30,
            cpu_s: PATIENCE.as_secs(),
        },
        wall: 4 * PATIENCE,
        lockdown: Lockdown::On,
        attempts: 1,
    });
    let wants = Wants {
        name: name.to_owned(),
        still_long_side_px: 64,
        stills_count: 1,
        depth: Depth::Full,
    };
    match prober.probe(&file, &wants).await {
        Ok(Probe::Measured(probed)) => probed.measurements,
        other => panic!("{name}: {other:?}"),
    }
}

/// Every file must end in a photo that is not passed; the ones that ask for
/// more than there is also without pixels.
async fn endured(name: &str, bytes: &[u8], is_shown: bool) {
    for bytes in [bytes, &bytes[..bytes.len() / 2]] {
        let m = measured(name, bytes).await;
        let judged = judge(&m, &Rules::default(), &Context::default());
        assert_ne!(judged.verdict, Verdict::Pass, "{name}");
        assert_eq!(m.kind, Kind::Photo, "{name}");
        let photo = m.photo.unwrap();
        if !is_shown {
            assert_ne!(photo.measured_in, MeasuredIn::Picture, "{name}");
            let told = judged.not_run.iter().any(|n| n.code == "photo_blurred");
            assert!(told, "{name}");
        }
    }
}

fn zlib(zeros: usize) -> Vec<u8> {
    miniz_oxide::deflate::compress_to_vec_zlib(&vec![0; zeros], 9)
}

/// One chunk with its checksum (ISO/IEC 15948, annex D).
fn chunk(kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let mut crc = u32::MAX;
    for byte in kind.iter().chain(body) {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg());
        }
    }
    let length = u32::try_from(body.len()).unwrap().to_be_bytes();
    [&length, kind.as_slice(), body, &(!crc).to_be_bytes()].concat()
}

fn png(side: u32, extra: &[u8], data: &[u8]) -> Vec<u8> {
    let side = side.to_be_bytes();
    let head = [side.as_slice(), &side, &[8, 0, 0, 0, 0]].concat();
    [
        b"\x89PNG\r\n\x1a\n".as_slice(),
        &chunk(b"IHDR", &head),
        extra,
        &chunk(b"IDAT", data),
        &chunk(b"IEND", &[]),
    ]
    .concat()
}

fn segment(marker: u8, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(body.len() + 2).unwrap().to_be_bytes();
    [&[0xFF, marker], length.as_slice(), body].concat()
}

/// A JPEG of this size whose scan holds nothing, behind `segments`.
fn jpeg(side: u16, frame: u8, segments: &[u8]) -> Vec<u8> {
    let [high, low] = side.to_be_bytes();
    let table = [[0].as_slice(), &[1; 64]].concat();
    // One code each for "nothing changes" and "nothing more": an even grey.
    let codes = |class: u8| [[class, 1].as_slice(), &[0; 15], &[0]].concat();
    [
        &[0xFF, 0xD8],
        segments,
        &segment(0xDB, &table),
        &segment(frame, &[8, high, low, high, low, 1, 1, 0x11, 0]),
        &segment(0xC4, &codes(0)),
        &segment(0xC4, &codes(0x10)),
        &segment(0xDA, &[1, 1, 0, 0, 63, 0]),
        &[0; 64],
        &[0xFF, 0xD9],
    ]
    .concat()
}

/// A little-endian TIFF directory: tag, type, count, value.
fn directory(entries: &[(u16, u16, u32, u32)], next: u32) -> Vec<u8> {
    let mut out = u16::try_from(entries.len()).unwrap().to_le_bytes().to_vec();
    for (tag, kind, count, value) in entries {
        out.extend(tag.to_le_bytes());
        out.extend(kind.to_le_bytes());
        out.extend(count.to_le_bytes());
        out.extend(value.to_le_bytes());
    }
    out.extend(next.to_le_bytes());
    out
}

fn tiff(directories: &[u8]) -> Vec<u8> {
    [b"II*\0\x08\0\0\0".as_slice(), directories].concat()
}

fn bx(kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let size = u32::try_from(body.len() + 8).unwrap().to_be_bytes();
    [&size, kind.as_slice(), body].concat()
}

#[tokio::test]
async fn pictures_that_claim_or_unpack_to_more_than_there_is() {
    endured("claims.png", &png(65_535, &[], &zlib(100)), false).await;
    // 196 million pixels in 200 kB, every one of them there.
    let unpacked = png(14_000, &[], &zlib(14_001 * 14_000));
    endured("unpacks.png", &unpacked, true).await;
    let profile = [b"icc\0\0".as_slice(), &zlib(300 << 20)].concat();
    let text = [b"Comment\0\0".as_slice(), &zlib(300 << 20)].concat();
    for (name, extra) in [
        ("profile.png", chunk(b"iCCP", &profile)),
        ("text.png", chunk(b"zTXt", &text)),
    ] {
        endured(name, &png(64, &extra, &zlib(65 * 64)), true).await;
    }
    endured("claims.jpg", &jpeg(65_535, 0xC0, &[]), false).await;
    endured("passes.jpg", &jpeg(65_535, 0xC2, &[]), false).await;
    let gif = [
        b"GIF89a\xFF\xFF\xFF\xFF\0\0\0,\0\0\0\0\xFF\xFF\xFF\xFF\0\x02\x02\x44\x01\0;".as_slice(),
    ];
    endured("claims.gif", &gif.concat(), false).await;
    let frame = [b"VP8L\x0A\0\0\0\x2F\xFF\xFF\xFF\x0F\0\0\0\0\0".as_slice()].concat();
    let riff = u32::try_from(frame.len() + 4).unwrap().to_le_bytes();
    let webp = [b"RIFF".as_slice(), &riff, b"WEBP", &frame].concat();
    endured("claims.webp", &webp, false).await;
    let strips = directory(
        &[
            (256, 4, 1, 65_535),
            (257, 4, 1, 65_535),
            (258, 3, 1, 8),
            (262, 3, 1, 1),
            (273, 4, 1, 8),
            (278, 4, 1, 65_535),
            (279, 4, 1, 64),
        ],
        0,
    );
    endured("claims.tif", &tiff(&strips), false).await;
}

#[tokio::test]
async fn metadata_without_end() {
    let in_jpeg = |name: &[u8], body: &[u8]| {
        let segments = segment(0xE1, &[name, body].concat());
        jpeg(64, 0xC0, &segments)
    };
    let xmp = b"http://ns.adobe.com/xap/1.0/\0";
    let deep = [b"<x:xmpmeta>".as_slice(), &b"<a>".repeat(20_000)].concat();
    endured("deep.jpg", &in_jpeg(xmp, &deep), true).await;
    let mut entities = "<!DOCTYPE x [<!ENTITY a0 \"aaaaaaaaaa\">".to_owned();
    for n in 1..200 {
        let inner = format!("&a{};", n - 1).repeat(10);
        entities.push_str(&format!("<!ENTITY a{n} \"{inner}\">"));
    }
    entities.push_str("]><x:xmpmeta xmlns:x='adobe:ns:meta/'>&a199;</x:xmpmeta>");
    endured("entities.jpg", &in_jpeg(xmp, entities.as_bytes()), true).await;
    let many = [
        segment(0xE1, b"x"),
        segment(0xED, b"Photoshop 3.0\0"),
        segment(0xFE, b""),
    ];
    endured(
        "segments.jpg",
        &jpeg(64, 0xC0, &many.concat().repeat(30_000)),
        true,
    )
    .await;
    // A directory that follows itself, with counts beyond all bounds.
    let endless = directory(
        &[
            (271, 2, u32::MAX, 8),
            (330, 4, u32::MAX, 8),
            (0x8769, 4, 1, 8),
            (0x927C, 7, u32::MAX, 8),
        ],
        8,
    );
    let exif = tiff(&endless);
    endured("endless.jpg", &in_jpeg(b"Exif\0\0", &exif), true).await;
    endured("endless.tif", &exif, false).await;
    let length = directory(&[(256, 3, 1, 1)], 0).len() as u32;
    let chain: Vec<u8> = (1..=60_000)
        .flat_map(|n| directory(&[(256, 3, 1, 1)], 8 + n * length))
        .collect();
    endured("chain.tif", &tiff(&chain), false).await;
    // Raw data that begin like a picture again and again.
    let starts = jpeg(4_000, 0xC0, &[]).repeat(5_000);
    let sensor = tiff(&directory(&[(262, 3, 1, 32_803)], 0));
    endured("starts.dng", &[sensor, starts].concat(), false).await;
}

#[tokio::test]
async fn items_that_are_named_and_not_there() {
    let infe = |id: u16, kind: &[u8; 4]| {
        let id = id.to_be_bytes();
        let body = [&[2, 0, 0, 0], id.as_slice(), &[0, 0], kind, &[0]];
        bx(b"infe", &body.concat())
    };
    let entries: Vec<u8> = (1..=4_000).flat_map(|id| infe(id, b"grid")).collect();
    let count = 4_000_u16.to_be_bytes();
    let iinf = bx(b"iinf", &[&[0; 4], count.as_slice(), &entries].concat());
    // Every item is described by the same bytes: 256×256 tiles of 65,535 pixels.
    let places: Vec<u8> = (1..=4_000_u16)
        .flat_map(|id| {
            let head = [id, 1, 0, 1].map(u16::to_be_bytes).concat();
            [head, vec![0, 0, 0, 0, 0, 0, 0, 8]].concat()
        })
        .collect();
    let iloc = [&[1, 0, 0, 0, 0x44, 0], count.as_slice(), &places].concat();
    let to: Vec<u8> = (1..=4_000_u16).flat_map(u16::to_be_bytes).collect();
    let references: Vec<u8> = (1..=200_u16)
        .flat_map(|from| {
            let body = [&from.to_be_bytes(), count.as_slice(), &to].concat();
            bx(b"dimg", &body)
        })
        .collect();
    let parts = [
        vec![0; 4],
        bx(b"pitm", &[0, 0, 0, 0, 0, 1]),
        iinf,
        bx(b"iloc", &iloc),
        bx(b"iref", &[vec![0; 4], references].concat()),
        bx(b"idat", &[0, 0, 255, 255, 255, 255, 255, 255]),
    ];
    let ftyp = bx(b"ftyp", b"heic\0\0\0\0heicmif1");
    let heic = [ftyp, bx(b"meta", &parts.concat())].concat();
    endured("grids.heic", &heic, false).await;
}
