//! What is read of whole files.

use std::io::Cursor;

use proptest::prelude::*;

use super::tiny::{self, Movie, bx, cat, seg};
use super::*;
use crate::measurements::{Kind, Measurements, Moment, Track, Zone};

fn read(bytes: &[u8], name: &str) -> Structure {
    read_structure(&mut Cursor::new(bytes), bytes.len() as u64, name)
}

fn trace<'a>(s: &'a Structure, field: &str) -> Option<&'a str> {
    let found = s.traces.iter().find(|t| t.field == field)?;
    Some(&found.written)
}

#[test]
fn a_movie_gives_times_tracks_and_tables() {
    let s = read(&Movie::default().bytes(), "a.mov");
    assert_eq!((s.format, s.kind), (Format::Mov, Kind::Video));
    assert_eq!(s.container.brand.as_deref(), Some("qt  "));
    assert_eq!(s.container.complete, Some(true));
    assert_eq!(s.container.duration_s, Some(10.0));
    let fields: Vec<_> = s
        .times
        .iter()
        .map(|t| (t.field.as_str(), t.moment))
        .collect();
    assert_eq!(
        fields,
        [
            ("mvhd.creation", Moment::StartOrEnd),
            ("mvhd.modification", Moment::Written)
        ]
    );
    assert_eq!(s.times[0].zone, Zone::NominallyUtc);
    assert_eq!(s.times[0].local.to_string(), "2024-05-31 11:33:20");
    let track = &s.tracks[0];
    assert_eq!(track.medium, "video");
    assert_eq!(track.codec, "h264");
    assert_eq!(track.handler.as_deref(), Some("Core Media Video"));
    assert_eq!(track.timescale_hz, Some(600));
    assert_eq!(track.edits.len(), 1);
    assert_eq!(track.edits[0].duration_s, 10.0);
    let table = track.sample_table.as_ref().unwrap();
    assert_eq!((table.samples, table.descriptions), (300, 1));
    assert_eq!(table.key_samples, Some(2));
    assert_eq!(table.usual_duration_ticks, Some(20));
    assert_eq!(table.duration_s, Some(10.0));
}

#[test]
fn zero_times_are_absent_but_quoted() {
    let movie = Movie {
        created: 0,
        modified: 0,
        ..Movie::default()
    };
    let s = read(&movie.bytes(), "a.mov");
    assert_eq!(s.times, []);
    let mvhd = trace(&s, "mvhd").unwrap();
    assert_eq!(mvhd, "timescale 600, creation 0, modification 0");
}

#[test]
fn empty_and_shifted_edits_are_told_apart() {
    let movie = Movie {
        edits: vec![(60, -1), (600, 300)],
        first_ctts: 40,
        ..Movie::default()
    };
    let s = read(&movie.bytes(), "a.mov");
    let edits = &s.tracks[0].edits;
    assert_eq!((edits[0].duration_s, edits[0].media_time_s), (0.1, None));
    assert_eq!(
        (edits[1].duration_s, edits[1].media_time_s),
        (1.0, Some(0.5))
    );
    let table = s.tracks[0].sample_table.as_ref().unwrap();
    assert!((table.first_composition_s.unwrap() - 40.0 / 600.0).abs() < 1e-9);
}

#[test]
fn three_samples_of_one_tick_are_a_run_and_two_are_not() {
    for (count, runs) in [(2, 0), (3, 1)] {
        let movie = Movie {
            stts: vec![(30, 20), (count, 1), (30, 20)],
            ..Movie::default()
        };
        let s = read(&movie.bytes(), "a.mov");
        let table = s.tracks[0].sample_table.as_ref().unwrap();
        assert_eq!(table.one_tick_runs.len(), runs, "{count}");
    }
}

#[test]
fn keys_name_device_and_capture_time_and_keep_places_out() {
    let movie = Movie {
        extra: tiny::keys(&[
            ("com.apple.quicktime.make", "Apple"),
            ("com.apple.quicktime.model", "iPhone 15"),
            (
                "com.apple.quicktime.creationdate",
                "2026-03-01T09:00:00+0800",
            ),
            ("com.apple.quicktime.location.ISO6709", "+31.2+121.4/"),
        ]),
        ..Movie::default()
    };
    let s = read(&movie.bytes(), "a.mov");
    assert_eq!(s.device.make.as_deref(), Some("Apple"));
    assert_eq!(s.device.model.as_deref(), Some("iPhone 15"));
    let keys = s
        .times
        .iter()
        .find(|t| t.field == "keys.creationdate")
        .unwrap();
    assert_eq!(
        (keys.zone, keys.moment),
        (Zone::Offset(28800), Moment::Start)
    );
    assert!(!s.traces.iter().any(|t| t.field.contains("location")));
}

#[test]
fn ffmpegs_signature_is_quoted_with_its_place() {
    let movie = Movie {
        ftyp: b"isom\0\0\x02\0isomiso2avc1mp41".to_vec(),
        extra: tiny::itunes_tool("Lavf59.27.100"),
        mdat: cat(&[
            &[0; 20],
            b"x264 - core 164 r3095 - H.264/MPEG-4 AVC codec\0",
            &[0; 20],
        ]),
        ..Movie::default()
    };
    let bytes = movie.bytes();
    let s = read(&bytes, "a.mp4");
    assert_eq!(trace(&s, "ftyp"), Some("isom 512 [isom iso2 avc1 mp41]"));
    assert_eq!(trace(&s, "ilst.©too"), Some("Lavf59.27.100"));
    let sei = s.traces.iter().find(|t| t.field == "h264.sei").unwrap();
    assert_eq!(
        sei.written,
        "x264 - core 164 r3095 - H.264/MPEG-4 AVC codec"
    );
    let at = usize::try_from(sei.offset_bytes.unwrap()).unwrap();
    assert!(bytes[at..].starts_with(b"x264 - core"));
}

#[test]
fn a_jpeg_tells_its_segment_order_and_editors() {
    let xmp = b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta xmlns:x='adobe:ns:meta/'>\
        <rdf:RDF><rdf:Description xmp:CreatorTool='Adobe Photoshop 25.0 (Windows)' \
        xmp:ModifyDate='2026-03-02T10:00:00+08:00'>\
        <xmpMM:History><rdf:Seq><rdf:li stEvt:action='saved' \
        stEvt:softwareAgent='Adobe Photoshop 25.0'/></rdf:Seq></xmpMM:History>\
        <xmpMM:DerivedFrom stRef:documentID='xmp.did:1'/>\
        </rdf:Description></rdf:RDF></x:xmpmeta>";
    let photoshop = cat(&[
        b"Photoshop 3.0\x008BIM\x04\x04\0\0\0\0\0\x03abc\0",
        b"8BIM\x04\x25\0\0\0\0\0\0",
    ]);
    let file = tiny::jpeg(&[
        seg(0xE0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0"),
        seg(0xE1, xmp),
        seg(0xED, &photoshop),
        seg(0xEE, b"Adobe\0\x64\0\0\0\0\x01"),
        seg(0xFE, b"CREATOR: gd-jpeg v1.0"),
    ]);
    let s = read(&file, "a.jpg");
    assert_eq!(
        trace(&s, "jpeg.order"),
        Some("SOI APP0 APP1 APP13 APP14 COM DQT SOF0")
    );
    assert_eq!(trace(&s, "app13"), Some("Photoshop 3.0 0404 0425"));
    assert_eq!(trace(&s, "app14"), Some("Adobe transform 1"));
    assert_eq!(trace(&s, "com"), Some("CREATOR: gd-jpeg v1.0"));
    assert_eq!(
        trace(&s, "xmp.CreatorTool"),
        Some("Adobe Photoshop 25.0 (Windows)")
    );
    assert_eq!(
        trace(&s, "xmpMM.History"),
        Some("stEvt:action=saved stEvt:softwareAgent=Adobe Photoshop 25.0")
    );
    assert_eq!(
        trace(&s, "xmpMM.DerivedFrom"),
        Some("stRef:documentID=xmp.did:1")
    );
    assert_eq!(s.times[0].field, "xmp.ModifyDate");
}

#[test]
fn entities_in_xmp_are_not_expanded() {
    let bomb = b"http://ns.adobe.com/xap/1.0/\0<!DOCTYPE x [<!ENTITY a 'aaaaaaaa'>\
        <!ENTITY b '&a;&a;&a;'>]><x xmp:CreatorTool='&b;'/>";
    let s = read(&tiny::jpeg(&[seg(0xE1, bomb)]), "a.jpg");
    assert_eq!(trace(&s, "xmp.CreatorTool"), Some("&b;"));
}

#[test]
fn a_motion_photo_says_where_its_video_starts() {
    let photo = tiny::phone_jpeg();
    let whole = cat(&[&photo, &Movie::default().bytes()]);
    let s = read(&whole, "a.jpg");
    assert_eq!(s.kind, Kind::Photo);
    assert_eq!(
        s.container.motion_photo_offset_bytes,
        Some(photo.len() as u64)
    );
    assert_eq!(s.container.trailing_bytes, 0);
}

#[test]
fn a_samsung_trailer_is_known_and_its_video_found() {
    let photo = tiny::phone_jpeg();
    let video = Movie::default().bytes();
    let name = b"MotionPhoto_Data";
    let block = cat(&[&[0, 0, 0x30, 0x0A], &16_u32.to_le_bytes(), name, &video]);
    let back = u32::try_from(block.len()).unwrap().to_le_bytes();
    let directory = cat(&[
        b"SEFH",
        &107_u32.to_le_bytes(),
        &1_u32.to_le_bytes(),
        &[0, 0, 0x30, 0x0A],
        &back,
        &back,
    ]);
    let foot = cat(&[&24_u32.to_le_bytes(), b"SEFT"]);
    let s = read(&cat(&[&photo, &block, &directory, &foot]), "a.jpg");
    let start = (photo.len() + 24) as u64;
    assert_eq!(s.container.motion_photo_offset_bytes, Some(start));
    assert_eq!(s.container.trailing_bytes, 0);
    assert_eq!(s.container.complete, Some(true));
}

#[test]
fn avi_and_matroska_name_writer_and_time() {
    let info = tiny::riff_chunk(
        b"LIST",
        &cat(&[b"INFO", &tiny::riff_chunk(b"ISFT", b"Lavf59.27.100\0")]),
    );
    let idit = tiny::riff_chunk(b"IDIT", b"2012-09-10 20:52:00\0");
    let s = read(&tiny::avi(&cat(&[&info, &idit])), "a.avi");
    assert_eq!(trace(&s, "avi.ISFT"), Some("Lavf59.27.100"));
    assert_eq!(s.times[0].field, "avi.IDIT");
    assert_eq!(s.times[0].zone, Zone::Local);

    let date = 600_000_000_000_000_000_i64.to_be_bytes();
    let info = cat(&[
        &tiny::el(&[0x4D, 0x80], b"libebml v1"),
        &tiny::el(&[0x57, 0x41], b"mkvmerge v70"),
        &tiny::el(&[0x44, 0x61], &date),
        &tiny::el(&[0x44, 0x89], &5000_f32.to_be_bytes()),
    ]);
    let s = read(&tiny::mkv(&info), "a.mkv");
    assert_eq!(trace(&s, "mkv.WritingApp"), Some("mkvmerge v70"));
    assert_eq!(s.times[0].local.to_string(), "2020-01-06 10:40:00");
    assert_eq!(s.container.duration_s, Some(5.0));
}

#[test]
fn a_writer_that_signs_in_free_space_is_quoted() {
    let movie = Movie::default().bytes();
    let signed = |text: &[u8]| cat(&[&movie, &tiny::bx(b"free", text)]);
    let s = read(&signed(b"IsoMedia File Produced with GPAC 2.2\0"), "a.mp4");
    assert_eq!(
        trace(&s, "free"),
        Some("IsoMedia File Produced with GPAC 2.2")
    );
    for rest in [&[0; 40][..], &[0x80; 40], b"short"] {
        assert_eq!(trace(&read(&signed(rest), "a.mp4"), "free"), None);
    }
}

#[test]
fn matroska_files_that_go_on_with_each_other_say_so() {
    let info = cat(&[
        &tiny::el(&[0x73, 0xA4], &[1; 16]),
        &tiny::el(&[0x3C, 0xB9, 0x23], &[2; 16]),
        &tiny::el(&[0x3E, 0xB9, 0x23], &[3; 16]),
    ]);
    let s = read(&tiny::mkv(&info), "a.mkv");
    for (field, byte) in [
        ("segment.uuid", "01"),
        ("segment.previous_uuid", "02"),
        ("segment.next_uuid", "03"),
    ] {
        assert_eq!(trace(&s, field), Some(byte.repeat(16).as_str()));
    }
}

#[test]
fn png_texts_are_quoted() {
    let text = tiny::png_chunk(b"tEXt", b"Software\0gnome-screenshot");
    let aigc = tiny::png_chunk(b"tEXt", b"AIGC\0{\"Label\":\"1\"}");
    let s = read(&tiny::png(&cat(&[&text, &aigc])), "a.png");
    assert_eq!(trace(&s, "png.Software"), Some("gnome-screenshot"));
    assert_eq!(trace(&s, "aigc"), Some("{\"Label\":\"1\"}"));
}

#[test]
fn what_a_decoder_measured_stays() {
    let mut m = Measurements::default();
    m.tracks.push(Track {
        codec: "h264".to_owned(),
        width_px: Some(1920),
        duration_s: Some(9.9),
        ..Track::default()
    });
    read(&Movie::default().bytes(), "a.mov").apply(&mut m);
    assert_eq!(m.tracks.len(), 1);
    assert_eq!(m.tracks[0].width_px, Some(1920));
    assert_eq!(m.tracks[0].edits.len(), 1);
    assert_eq!(m.kind, Kind::Video);
    assert_eq!(m.instruments["container"], VERSION);
}

#[test]
fn boxes_nested_without_end_are_left() {
    let mut deep = bx(b"trak", &[]);
    for _ in 0..2000 {
        deep = bx(b"trak", &deep);
    }
    let file = cat(&[
        &bx(b"ftyp", b"isom\0\0\0\0"),
        &bx(b"moov", &deep),
        &bx(b"mdat", &[1]),
    ]);
    assert_eq!(read(&file, "a.mp4").tracks.len(), 1);
}

proptest! {
    #[test]
    fn no_change_to_a_real_file_brings_it_down(
        which in 0_usize..5,
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
        keep in any::<prop::sample::Index>(),
    ) {
        let movie = Movie { extra: tiny::keys(&[("a", "b")]), ..Movie::default() };
        let mut bytes = match which {
            0 => movie.bytes(),
            1 => tiny::jpeg(&[seg(0xE1, b"http://ns.adobe.com/xap/1.0/\0<a b='c'>d</a>")]),
            2 => tiny::mkv(&tiny::el(&[0x4D, 0x80], b"x")),
            3 => tiny::avi(&tiny::riff_chunk(b"LIST", b"INFOISFT\x02\0\0\0ab")),
            _ => tiny::png(&tiny::png_chunk(b"iTXt", b"a\0\0\0\0\0b")),
        };
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        let s = read(&bytes, "a");
        prop_assert!(s.traces.iter().all(|t| t.written.chars().count() <= 400));
        bytes.truncate(keep.index(bytes.len()));
        read(&bytes, "a");
    }
}
