use proptest::prelude::*;

use super::file::budget_bytes;
use super::rows::ROWS_MAX;
use super::*;

fn packet(size_bytes: usize, key: bool) -> Packet {
    Packet {
        size_bytes: size_bytes as _,
        key,
        ..Packet::default()
    }
}

/// A recording of so many pictures, 25 a second, with sound.
fn recorded(pictures: u32) -> TimeSeries {
    let mut recorder = Recorder::default();
    for n in 0..pictures {
        let at_s = f64::from(n) / 25.0;
        // As hard to compress as real measurements.
        let mixed = (n ^ (n >> 7)).wrapping_mul(2_654_435_761);
        let noise = f64::from((mixed ^ (mixed >> 15)).wrapping_mul(0x2c1b_3c6d) >> 24);
        let row = PictureRow {
            brightness_levels: Some(100.0 + noise / 8.0),
            difference_levels: (n > 0).then_some(noise / 64.0),
            unforetold_ratio: (n > 0).then_some(noise / 256.0),
        };
        recorder.picture(at_s, row);
        recorder.packet(at_s, &packet(4000 + noise as usize * 7, n % 50 == 0));
        for half in 0..2 {
            recorder.sound(at_s + f64::from(half) * 0.02, -40.0 + noise / 16.0);
        }
    }
    recorder.finish()
}

#[test]
fn what_is_written_is_read() {
    let series = recorded(1000);
    let read = TimeSeries::read(&series.clone().write(usize::MAX)).unwrap();
    let clock = read.clock("picture").unwrap();
    assert_eq!(clock.at_s().nth(999), Some(39.96));
    let difference: Vec<Option<f64>> = clock.column("difference").unwrap().values().collect();
    assert_eq!(difference[0], None);
    assert!(difference[1].is_some());
    let keys = read.clock("packet").unwrap().column("key").unwrap();
    assert_eq!(keys.values().flatten().sum::<f64>(), 20.0);
    for (one, other) in series.clocks.iter().zip(&read.clocks) {
        assert_eq!(
            (&one.at_steps, &one.columns),
            (&other.at_steps, &other.columns)
        );
    }
}

#[test]
fn a_series_keeps_to_its_budget_by_merging_rows() {
    assert_eq!(budget_bytes(0), 200_000);
    assert_eq!(budget_bytes(100 << 20), (100 << 20) / 200);
    assert_eq!(budget_bytes(u64::MAX), BYTES_MAX);
    let series = recorded(50_000);
    assert!(series.clone().write(usize::MAX).len() > 200_000);
    let small = series.write(200_000);
    assert!(small.len() <= 200_000, "{}", small.len());
    let read = TimeSeries::read(&small).unwrap();
    let packets = read.clock("packet").unwrap();
    // Merging loses detail and no byte of the sum.
    let sizes = packets.column("size").unwrap();
    let told: f64 = sizes.values().flatten().sum();
    let whole = recorded(50_000);
    let sizes = whole.clock("packet").unwrap().column("size").unwrap();
    assert_eq!(told, sizes.values().flatten().sum::<f64>());
    assert!(read.clocks.iter().any(|c| c.events_per_row > 1));
}

#[test]
fn a_recording_without_end_has_bounded_rows() {
    let mut recorder = Recorder::default();
    let events = ROWS_MAX as u32 * 2 + 3;
    for n in 0..events {
        recorder.sound(f64::from(n) * 0.05, -30.0);
    }
    recorder.sound(f64::NAN, 0.0);
    recorder.sound(0.0, f64::NAN);
    let series = recorder.finish();
    let sound = series.clock("sound").unwrap();
    assert!(sound.at_steps.len() <= ROWS_MAX);
    assert_eq!(sound.events_per_row, 4);
    let levels = sound.column("level").unwrap();
    assert!(levels.values().flatten().all(|level| level == -30.0));
    assert!(series.clock("picture").is_none());
}

#[test]
fn a_damaged_series_is_refused_and_takes_no_memory() {
    let bytes = recorded(200).write(usize::MAX);
    for end in 0..bytes.len() {
        assert!(TimeSeries::read(&bytes[..end]).is_err(), "cut at {end}");
    }
    let header = "{\"clocks\":[{\"name\":\"picture\",\"events_per_row\":1,\"rows\":99999999999,\
                  \"time_bytes\":0,\"columns\":[]}]}";
    let bomb = format!("{SCHEMA}\n{header}\n");
    assert!(matches!(
        TimeSeries::read(bomb.as_bytes()),
        Err(BadSeries::Header(_))
    ));
}

proptest! {
    #[test]
    fn any_values_come_back(
        rows in prop::collection::vec((any::<i32>(), prop::option::of(any::<i64>())), 0..200)
    ) {
        let steps: Vec<Option<i64>> = rows.iter().map(|(_, v)| v.map(|v| v / 4)).collect();
        let column = Column { steps, ..Column::new("x", "px", 1.0, Merge::Mean) };
        let at_steps: Vec<i64> = rows.iter().map(|(at, _)| i64::from(*at)).collect();
        let series = TimeSeries { clocks: vec![Clock::of("any", 1, at_steps, vec![column])] };
        prop_assert_eq!(TimeSeries::read(&series.clone().write(usize::MAX)), Ok(series));
    }

    #[test]
    fn no_bytes_break_the_reader(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let mut headed = format!("{SCHEMA}\n").into_bytes();
        headed.extend_from_slice(&bytes);
        let _ = TimeSeries::read(&headed);
    }
}
