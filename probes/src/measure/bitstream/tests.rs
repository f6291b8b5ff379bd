use proptest::prelude::*;

use super::*;
use crate::bitstream::h264::tests::{plain_pps, plain_slice, plain_sps};

fn sized(unit: &[u8]) -> Vec<u8> {
    let coded = (unit.len() as u32).to_be_bytes();
    [&coded[..], unit].concat()
}

fn record(level: u32) -> Vec<u8> {
    let (sps, pps) = (plain_sps(level), plain_pps());
    let mut bytes = vec![1, 66, 0, 30, 0xff, 0xe1, 0, sps.len() as u8];
    bytes.extend(sps);
    bytes.extend([1, 0, pps.len() as u8]);
    bytes.extend(pps);
    bytes
}

fn instrument() -> BitstreamInstrument {
    BitstreamInstrument::new(0, "h264", &record(30)).unwrap()
}

/// One group a second: an IDR picture and three that refer to it.
fn group(i: &mut BitstreamInstrument, second: u32, id: u32) {
    i.packet(
        &sized(&plain_slice(Some(id), 0, 0)),
        Some(f64::from(second)),
    );
    for n in 1..4 {
        let at_s = f64::from(second) + f64::from(n) * 0.25;
        i.packet(&sized(&plain_slice(None, n, n * 2)), Some(at_s));
    }
}

#[test]
fn groups_numbers_and_quantiser_are_kept() {
    let mut i = instrument();
    (0..12).for_each(|n| group(&mut i, n, n % 2));
    let b = i.finish().unwrap();
    assert_eq!((b.pictures, b.unread_pictures), (48, 0));
    assert_eq!((b.idr_habit, b.idr_steps), (IdrHabit::Alternating, 11));
    assert!(b.idr_breaks.is_empty() && b.frame_num_gaps.is_empty());
    assert_eq!(
        (b.groups[0].pattern.as_str(), b.groups[0].count),
        ("IPPP", 11)
    );
    assert_eq!(b.quantiser.values[0], Some(25.0));
}

#[test]
fn a_missing_group_breaks_the_habit_where_it_was() {
    for (numbers, habit) in [
        (
            &(0..12).map(|n| n % 2).collect::<Vec<u32>>(),
            IdrHabit::Alternating,
        ),
        (&(0..12).collect::<Vec<u32>>(), IdrHabit::Counting),
    ] {
        let mut i = instrument();
        for (second, id) in numbers.iter().enumerate().filter(|(n, _)| *n != 6) {
            group(&mut i, second as u32, *id);
        }
        let b = i.finish().unwrap();
        assert_eq!((b.idr_habit, b.idr_breaks_count), (habit, 1));
        assert_eq!(b.idr_breaks[0].at_s, 7.0);
    }
}

#[test]
fn a_missing_reference_is_a_gap_in_frame_num() {
    let mut i = instrument();
    group(&mut i, 0, 0);
    i.packet(&sized(&plain_slice(None, 6, 12)), Some(1.0));
    let b = i.finish().unwrap();
    let gap = b.frame_num_gaps[0];
    assert_eq!(
        (gap.at_s, gap.due, gap.came, gap.at_key),
        (1.0, 4, 6, false)
    );
}

#[test]
fn a_set_that_comes_again_is_no_change_and_another_is() {
    let mut i = instrument();
    group(&mut i, 0, 0);
    i.packet(&sized(&plain_sps(30)), Some(1.0));
    group(&mut i, 1, 1);
    i.packet(&sized(&plain_sps(31)), Some(2.0));
    group(&mut i, 2, 0);
    assert_eq!(i.finish().unwrap().parameter_changes_s, [2.0]);
}

#[test]
fn a_picture_without_its_sets_is_counted_and_nothing_follows_from_it() {
    let mut i = BitstreamInstrument::new(0, "h264", &[]).unwrap();
    i.packet(
        &[&[0, 0, 1][..], &plain_slice(None, 3, 2)].concat(),
        Some(0.0),
    );
    assert!(i.finish().is_none());
    assert!(BitstreamInstrument::new(0, "mjpeg", &[]).is_none());
}

proptest! {
    #[test]
    fn any_packets_end(
        record in proptest::collection::vec(any::<u8>(), 0..60),
        packets in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..200), 0..20),
    ) {
        for codec in ["h264", "hevc"] {
            for record in [&record[..], &super::tests::record(30)] {
                let Some(mut i) = BitstreamInstrument::new(0, codec, record) else { continue };
                for (at_s, packet) in (0u32..).zip(&packets) {
                    i.packet(packet, Some(f64::from(at_s)));
                }
                if let Some(b) = i.finish() {
                    prop_assert!(b.encoder_texts.len() <= TEXTS_MAX);
                }
            }
        }
    }
}

#[test]
fn messages_are_counted_by_kind_and_by_uuid() {
    let mut i = instrument();
    for second in 0..3 {
        let mut unit = vec![0x06, 6, 1, 0x80, 5, 20];
        unit.extend([7; 16]);
        unit.extend([1, 2, second, 4, 0x80]);
        i.packet(&sized(&unit), Some(f64::from(second)));
        group(&mut i, u32::from(second), 0);
    }
    let b = i.finish().unwrap();
    let kinds: Vec<(u32, u64)> = b.messages.iter().map(|m| (m.kind, m.count)).collect();
    assert_eq!(kinds, [(6, 3), (5, 3)]);
    assert_eq!(b.user_data.len(), 1);
    assert_eq!(b.user_data[0].uuid_hex, "07".repeat(16));
    assert_eq!(b.user_data[0].content_hex, "01020004");
    assert_eq!(b.user_data[0].count, 3);
}

#[test]
fn a_cameras_clock_beside_the_pictures_is_handed_on() {
    let mut i = instrument();
    let entries = [
        [0x18, 0x10, 0x20, 0x26, 0x04],
        [0x19, 0x12, 0x09, 0x10, 0x07],
    ];
    let mut data = b"\x17\xee\x8c\x60\xf8\x4d\x11\xd9\x8c\xd6\x08\0\x20\x0c\x9a\x66MDPM".to_vec();
    data.push(2);
    data.extend(entries.concat());
    let mut unit = vec![0x06, 5, data.len() as u8];
    // The UUID holds no two zeros in a row, and neither do the entries.
    unit.extend(&data);
    unit.push(0x80);
    i.packet(&sized(&unit), Some(2.5));
    let notes = i.take_camera_notes();
    assert_eq!(notes.len(), 1);
    assert_eq!(notes[0].0, 2.5);
    let time = notes[0].1.time.as_ref().unwrap();
    assert_eq!(time.written, "2026:04:12 09:10:07+08:00");
    assert!(i.take_camera_notes().is_empty());
}
