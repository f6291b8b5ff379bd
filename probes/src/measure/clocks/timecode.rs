//! QuickTime timecode tracks (QuickTime File Format, Timecode Media): a sample
//! holds the number of the frame at which it starts, counted from midnight or
//! from wherever the device was set to start.

use super::Shown;

/// Frames a second beyond which a description is nonsense.
const RATE_MAX_FPS: f64 = 1000.0;
/// The frame count leaves numbers out to keep to the clock.
const DROP_FRAME: u32 = 1;

/// What the sample description says of the count.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Timecode {
    frame_s: f64,
    /// Frames that the count gives a second.
    frames: u8,
    drops: bool,
}

impl Timecode {
    /// Reads what stands behind the head of a `tmcd` sample description:
    /// reserved, flags, ticks a second, ticks a frame, frames a second.
    pub(super) fn read(description: &[u8]) -> Option<Self> {
        let number = |at: usize| -> Option<u32> {
            let bytes = description.get(at..at.checked_add(4)?)?;
            Some(u32::from_be_bytes(bytes.try_into().ok()?))
        };
        let (flags, ticks, frame_ticks) = (number(4)?, number(8)?, number(12)?);
        let frames = *description.get(16)?;
        let frame_s = f64::from(frame_ticks) / f64::from(ticks);
        (frames > 0 && frame_s.is_finite() && frame_s * RATE_MAX_FPS >= 1.0).then_some(Self {
            frame_s,
            frames,
            drops: flags & DROP_FRAME != 0,
        })
    }

    /// What a sample shows.
    pub(super) fn sample(self, bytes: &[u8]) -> Option<Shown> {
        let number = u32::from_be_bytes(bytes.get(..4)?.try_into().ok()?);
        Some(Shown {
            field: "tmcd",
            clock_s: Some(f64::from(number) * self.frame_s),
            written: self.words(number),
            zone: None,
            resolution_s: self.frame_s,
        })
    }

    /// `19:27:57:20`, with a semicolon where numbers are left out: two of thirty
    /// at the start of each minute but every tenth (SMPTE ST 12-1).
    fn words(self, number: u32) -> String {
        let rate = u64::from(self.frames);
        let mut frame = u64::from(number);
        if self.drops {
            let left_out = rate / 15;
            let ten_minutes = (rate * 600).saturating_sub(9 * left_out).max(1);
            let minute = (rate * 60).saturating_sub(left_out).max(1);
            let (tens, within) = (frame / ten_minutes, frame % ten_minutes);
            frame += tens * 9 * left_out + within.saturating_sub(left_out) / minute * left_out;
        }
        let (s, f) = (frame / rate, frame % rate);
        let mark = if self.drops { ';' } else { ':' };
        format!(
            "{:02}:{:02}:{:02}{mark}{f:02}",
            s / 3600,
            s / 60 % 60,
            s % 60
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn description(flags: u32, ticks: u32, frame_ticks: u32, frames: u8) -> Vec<u8> {
        let mut bytes = vec![0; 4];
        for number in [flags, ticks, frame_ticks] {
            bytes.extend(number.to_be_bytes());
        }
        bytes.extend([frames, 0]);
        bytes
    }

    fn words(flags: u32, number: u32) -> String {
        let code = Timecode::read(&description(flags, 30_000, 1001, 30)).unwrap();
        code.sample(&number.to_be_bytes()).unwrap().written
    }

    #[test]
    fn frames_read_as_a_clock() {
        assert_eq!(words(0, 0), "00:00:00:00");
        assert_eq!(words(0, 30 * 3661 + 29), "01:01:01:29");
        // The numbers 0 and 1 of the second minute are left out, not of the tenth.
        assert_eq!(words(1, 1799), "00:00:59;29");
        assert_eq!(words(1, 1800), "00:01:00;02");
        assert_eq!(words(1, 17_982), "00:10:00;00");
    }

    #[test]
    fn a_frame_lasts_as_long_as_it_is_said_to() {
        let code = Timecode::read(&description(0, 30_000, 1001, 30)).unwrap();
        let shown = code.sample(&[0, 0, 0, 30]).unwrap();
        assert!((shown.clock_s.unwrap() - 1.001).abs() < 1e-9);
        assert_eq!(code.sample(&[0, 0, 0]), None);
    }

    #[test]
    fn nonsense_is_no_timecode() {
        for bad in [
            description(0, 0, 1001, 30),
            description(0, 30_000, 0, 30),
            description(0, 30_000, 1001, 0),
            description(0, u32::MAX, 1, 255),
            vec![0; 16],
        ] {
            assert_eq!(Timecode::read(&bad), None);
        }
    }
}
