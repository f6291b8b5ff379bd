//! Each sign, at its edge and on either side.

use super::*;
use crate::check::Alone;
use crate::check::trial::{Trial, at};
use crate::container::jpeg_parts::{JpegParts, PictureIndex};
use crate::measure::metadata::layout::ExifLayout;
use crate::measure::metadata::maker_note::MakerNote;
use crate::measurements::{Container, Moment, TimeReading, Trace, Zone};
use chrono::NaiveDateTime;

fn trial(make: &str, exif: Exif) -> Trial {
    let mut trial = Trial::photo(at("2026-04-12T01:00:00Z"), 0.0);
    trial.m.device.make = Some(make.to_owned());
    trial.m.exif = Some(exif);
    trial.m.container = Some(Container {
        format: "jpeg".to_owned(),
        ..Container::default()
    });
    trial
}

fn found(trial: &Trial) -> Vec<(Strength, Alone)> {
    match trial.judge(&CHECK) {
        Ruling::Found(seen) => seen.iter().map(|s| (s.strength, s.alone)).collect(),
        Ruling::Pass | Ruling::NotApplicable => Vec::new(),
        Ruling::NotRun(why) => panic!("{why:?}"),
    }
}

const ASKS: (Strength, Alone) = (Strength::Supporting, Alone::AsksForAPerson);

fn notes(form: &str, moved_bytes: i64, values_outside: u32) -> Exif {
    Exif {
        maker_note: Some(MakerNote {
            form: Some(form.to_owned()),
            moved_bytes: Some(moved_bytes),
            values: 9,
            values_outside,
            ..MakerNote::default()
        }),
        ..Exif::default()
    }
}

#[test]
fn notes_of_another_maker_are_strong_and_those_of_a_licensee_are_none() {
    let apple = || notes("apple", 0, 0);
    assert_eq!(
        found(&trial("HUAWEI", apple())),
        [(Strength::Strong, Alone::Told)]
    );
    assert_eq!(found(&trial("Apple", apple())), []);
    assert_eq!(
        found(&trial("LEICA CAMERA AG", notes("panasonic", 0, 0))),
        []
    );
}

#[test]
fn moved_notes_ask_and_small_habits_do_not() {
    assert_eq!(found(&trial("Canon", notes("canon", -164, 6))), [ASKS]);
    assert_eq!(found(&trial("Canon", notes("canon", -12, 0))), []);
    assert_eq!(found(&trial("Canon", notes("canon", -164, 0))), []);
    assert_eq!(found(&trial("OLYMPUS", notes("olympus", -1782, 21))), []);
}

fn packed() -> ExifLayout {
    ExifLayout {
        first_directory_offset_bytes: 8,
        ..ExifLayout::default()
    }
}

fn with(layout: ExifLayout) -> Exif {
    Exif {
        layout: Some(layout),
        ..Exif::default()
    }
}

#[test]
fn a_packed_block_asks_where_originals_never_are() {
    assert_eq!(found(&trial("Apple", with(packed()))), [ASKS]);
    assert_eq!(
        found(&trial("HTC", with(packed()))),
        [(Strength::Information, Alone::Told)]
    );
    let loose = ExifLayout {
        tail_bytes: 2,
        ..packed()
    };
    assert_eq!(found(&trial("Apple", with(loose))), []);
    let mut heic = trial("Apple", with(packed()));
    if let Some(container) = &mut heic.m.container {
        container.format = "heif".to_owned();
    }
    assert_eq!(found(&heic), []);
    let unlinked = ExifLayout {
        unlinked_directories: 1,
        ..packed()
    };
    assert_eq!(found(&trial("HTC", with(unlinked))), [ASKS]);
}

#[test]
fn times_that_a_camera_writes_at_once_are_one() {
    let digitised = |written: &str| {
        let mut trial = trial("SONY", Exif::default());
        trial.m.times.push(TimeReading {
            field: "exif.DateTimeDigitized".to_owned(),
            written: written.to_owned(),
            local: NaiveDateTime::parse_from_str(written, "%Y:%m:%d %H:%M:%S").unwrap(),
            zone: Zone::Local,
            moment: Moment::Capture,
        });
        found(&trial)
    };
    assert_eq!(digitised("2026:04:12 09:00:00"), []);
    assert_eq!(digitised("2026:04:12 09:00:02"), []);
    assert_eq!(digitised("2026:04:13 09:00:00"), [ASKS]);
    // A chip's default, and a clock that nobody has set.
    assert_eq!(digitised("2002:12:08 12:00:00"), []);
    assert_eq!(digitised("1970:01:01 00:03:27"), []);
    let thumbnail = |written: &str| {
        let mut trial = trial(
            "SONY",
            Exif {
                thumbnail_time: Some(written.to_owned()),
                ..Exif::default()
            },
        );
        trial.m.times.push(TimeReading {
            field: "exif.DateTime".to_owned(),
            written: "2026:04:12 09:00:00 +08:00".to_owned(),
            local: trial.m.times[0].local,
            zone: Zone::Offset(28_800),
            moment: Moment::Written,
        });
        found(&trial)
    };
    assert_eq!(thumbnail("2026:04:12 09:00:00"), []);
    assert_eq!(thumbnail("2026:04:12 09:00:01"), [ASKS]);
    assert_eq!(thumbnail("    "), []);
}

#[test]
fn what_the_camera_noted_for_itself_is_held_against_the_time_of_capture() {
    let noted = |form: Option<&str>, times: &[&str]| {
        let notes = MakerNote {
            form: form.map(str::to_owned),
            times: Some(times.iter().map(|t| (*t).to_owned()).collect()),
            ..MakerNote::default()
        };
        found(&trial(
            "SONY",
            Exif {
                maker_note: Some(notes),
                ..Exif::default()
            },
        ))
    };
    let sony = Some("sony");
    assert_eq!(noted(sony, &[]), []);
    assert_eq!(noted(sony, &["2026:04:12 09:00:59"]), []);
    assert_eq!(noted(sony, &["2026:04:12 09:01:01"]), [ASKS]);
    assert_eq!(noted(sony, &["2026:04:12 01:00:00"]), [ASKS]);
    // One of several is enough; of an unknown form it may be UTC.
    assert_eq!(
        noted(sony, &["2020:01:01 00:00:00", "2026:04:12 09:00:00"]),
        []
    );
    assert_eq!(noted(None, &["2026:04:12 01:00:00"]), []);
    assert_eq!(noted(None, &["2026:04:11 01:00:00"]), [ASKS]);
}

#[test]
fn what_the_phone_noted_behind_the_picture_is_in_utc() {
    let noted = |millis: &str| {
        let mut trial = trial("samsung", Exif::default());
        trial.m.traces.push(Trace {
            field: "sef.Image_UTC_Data".to_owned(),
            written: millis.to_owned(),
            offset_bytes: None,
        });
        found(&trial)
    };
    // The photo's clock shows 09:00:00 and no zone.
    assert_eq!(noted("1775955600123"), []);
    assert_eq!(noted("1775955661123"), [ASKS]);
    assert_eq!(noted("1775869200123"), [ASKS]);
    assert_eq!(noted("9999999999999"), [ASKS]);
}

#[test]
fn a_position_of_degrees_alone_asks() {
    let gps = |tags: &[&str]| {
        let directory = crate::measure::metadata::layout::Directory {
            name: "GPS".to_owned(),
            tags: tags.iter().map(|t| format!("{t}/5")).collect(),
            is_sorted: true,
            ..Default::default()
        };
        let layout = ExifLayout {
            tail_bytes: 2,
            directories: vec![directory],
            ..packed()
        };
        found(&trial("SONY", with(layout)))
    };
    let bare = ["0000", "0001", "0002", "0003", "0004"];
    assert_eq!(gps(&bare), [ASKS]);
    assert_eq!(gps(&bare[1..]), []);
    assert_eq!(gps(&["0002"]), [ASKS]);
    assert_eq!(gps(&["0001", "0002", "0003", "0004", "0007", "001d"]), []);
    assert_eq!(
        gps(&["0000", "0001", "0002", "0003", "0004", "0005", "0006"]),
        []
    );
    assert_eq!(gps(&["0002", "0004", "0007", "001d"]), [ASKS]);
    assert_eq!(gps(&["0010", "0011"]), []);
}

#[test]
fn a_satellite_s_day_and_a_model_s_maker_are_held_against_the_rest() {
    let fix = |at_fix: &str| {
        let trial = trial("SONY", Exif::default());
        found(&trial.time("gps", at(at_fix), Zone::Utc, Moment::Capture))
    };
    assert_eq!(fix("2026-04-12T01:00:00Z"), []);
    assert_eq!(fix("2026-04-10T23:00:00Z"), []);
    assert_eq!(fix("2026-04-08T01:00:00Z"), [ASKS]);
    // No fix at all, and a receiver whose weeks have started again.
    assert_eq!(fix("1970-01-01T00:00:00Z"), []);
    assert_eq!(fix("2006-08-27T01:00:00Z"), []);
    assert_eq!(fix("2006-08-20T01:00:00Z"), [ASKS]);
    // A day without a time.
    let day = |written: &str| {
        let mut trial = trial("Apple", Exif::default());
        trial.m.traces.push(Trace {
            field: "gps.DateStamp".to_owned(),
            written: written.to_owned(),
            offset_bytes: None,
        });
        found(&trial)
    };
    assert_eq!((day("2026:04:12"), day("2026:04:11")), (vec![], vec![]));
    assert_eq!((day("1970:01:01"), day("")), (vec![], vec![]));
    assert_eq!(day("2026:04:08"), [ASKS]);
    let zoned = |seconds: i64| {
        let mut trial = trial("Google", Exif::default());
        trial.m.times[0].zone = Zone::Offset(28_800);
        let fix = at("2026-04-12T01:00:00Z") + chrono::TimeDelta::seconds(seconds);
        found(&trial.time("gps", fix, Zone::Utc, Moment::Capture))
    };
    assert_eq!((zoned(120), zoned(-86_000)), (vec![], vec![]));
    assert_eq!(zoned(121), [ASKS]);
    let model = |make: &str, model: &str| {
        let mut trial = trial(make, Exif::default());
        trial.m.device.model = Some(model.to_owned());
        found(&trial)
    };
    assert_eq!(model("NIKON CORPORATION", "NIKON D70"), []);
    assert_eq!(model("Apple", "iPhone 15"), []);
    assert_eq!(model("Apple", "NIKON"), [ASKS]);
    assert_eq!(model("JK Imaging", "KODAK PIXPRO FZ201"), []);
}

#[test]
fn windows_second_blocks_and_lost_pictures_ask() {
    let room = ExifLayout {
        padding_tag_bytes: Some(2060),
        ..ExifLayout::default()
    };
    assert_eq!(found(&trial("SONY", with(room.clone()))), [ASKS]);
    assert_eq!(found(&trial("Nokia", with(room))), []);
    let mut rated = trial("SONY", Exif::default());
    assert_eq!(found(&rated), []);
    rated.m.traces.push(Trace {
        field: "MicrosoftPhoto.Rating".to_owned(),
        written: "75".to_owned(),
        offset_bytes: None,
    });
    assert_eq!(found(&rated), [ASKS]);
    let parts = |exif_blocks, found| {
        let mut trial = trial("SONY", Exif::default());
        trial.m.container = Some(Container {
            jpeg: Some(JpegParts {
                exif_blocks,
                index: Some(PictureIndex {
                    listed: 2,
                    found,
                    ..PictureIndex::default()
                }),
                ..JpegParts::default()
            }),
            ..Container::default()
        });
        trial
    };
    assert_eq!(found(&parts(1, 1)), []);
    assert_eq!(found(&parts(2, 1)), [ASKS]);
    assert_eq!(found(&parts(1, 0)), [ASKS]);
}
