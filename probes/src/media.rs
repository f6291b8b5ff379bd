//! Plain data between the decoder's cell and the instruments: views of
//! pictures and sound that borrow from the decoder, and packets.
//!
//! Nothing here knows FFmpeg, and nothing here is kept: an instrument looks,
//! adds to its sums, and lets go. So memory stays flat however long the
//! recording is.

/// One 8-bit plane of a picture.
#[derive(Clone, Copy, Debug)]
pub struct Plane<'a> {
    /// Rows from the top, each `stride_bytes` apart; at least
    /// `stride_bytes × (height_px − 1) + width_px` bytes.
    pub data: &'a [u8],
    /// Samples in a row.
    pub width_px: u32,
    /// Rows.
    pub height_px: u32,
    /// Distance of two rows; at least `width_px`.
    pub stride_bytes: usize,
}

/// The luma plane of a picture: 0 black to 255 white, limited or full range as
/// the recording has it.
pub type LumaView<'a> = Plane<'a>;

impl<'a> Plane<'a> {
    /// A view, or `None` if `data` is too short for the stated size.
    pub fn new(data: &'a [u8], width_px: u32, height_px: u32, stride_bytes: usize) -> Option<Self> {
        let width = usize::try_from(width_px).ok()?;
        let height = usize::try_from(height_px).ok()?;
        if width == 0 || height == 0 || stride_bytes < width {
            return None;
        }
        let needed = stride_bytes.checked_mul(height - 1)?.checked_add(width)?;
        (data.len() >= needed).then_some(Self {
            data,
            width_px,
            height_px,
            stride_bytes,
        })
    }

    /// The row `y` from the top; empty beyond the picture.
    pub fn row(&self, y: usize) -> &'a [u8] {
        let width = self.width_px as usize;
        y.checked_mul(self.stride_bytes)
            .and_then(|start| self.data.get(start..start.checked_add(width)?))
            .unwrap_or(&[])
    }

    /// All rows from the top.
    pub fn rows(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let view = *self;
        (0..view.height_px as usize).map(move |y| view.row(y))
    }
}

/// One packet as the container holds it, without its bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Packet {
    /// Track index, as in [`crate::measurements::Track::index`].
    pub track: u32,
    /// Presentation time in ticks of the track.
    pub pts_ticks: Option<i64>,
    /// Decoding time in ticks of the track.
    pub dts_ticks: Option<i64>,
    /// Stated duration in ticks; 0 if unknown.
    pub duration_ticks: i64,
    /// Coded bytes.
    pub size_bytes: u32,
    /// Decoding can start here.
    pub key: bool,
    /// The container says that the bytes are damaged.
    pub corrupt: bool,
    /// The container says that this is decoded and not shown.
    pub discard: bool,
    /// The container hands the decoder new parameters with this packet.
    pub new_parameters: bool,
}

/// One decoded picture, borrowed from the decoder.
#[derive(Clone, Copy, Debug)]
pub struct Picture<'a> {
    /// Brightness at full size.
    pub luma: LumaView<'a>,
    /// True if black is 0 and white 255; false if 16 and 235.
    pub full_range: bool,
    /// When it is shown, seconds on the container's clock.
    pub time_s: Option<f64>,
    /// Coded without reference to others.
    pub key: bool,
    /// The decoder concealed damage in it.
    pub damaged: bool,
}

/// A stretch of decoded sound, borrowed from the decoder.
#[derive(Clone, Copy, Debug)]
pub struct Sound<'a> {
    /// When it starts, seconds on the container's clock.
    pub time_s: Option<f64>,
    /// Samples a second and channel.
    pub sample_rate_hz: u32,
    /// Channels in `samples`.
    pub channels: u32,
    /// −1.0 to 1.0, one channel after the other, each equally long.
    pub samples: &'a [f32],
    /// The decoder concealed damage in it.
    pub damaged: bool,
}

/// A small colour picture, eight bits each of red, green and blue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColourPicture {
    /// Columns.
    pub width_px: u32,
    /// Rows.
    pub height_px: u32,
    /// `width_px × height_px × 3` bytes, row by row.
    pub rgb: Vec<u8>,
}

/// A whole picture in 8 bits a sample, black 0 and white 255.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SampledPicture {
    /// Columns.
    pub width_px: u32,
    /// Rows.
    pub height_px: u32,
    /// What the samples of a pixel are.
    pub samples: Samples,
    /// Interleaved, rows without padding.
    pub data: Vec<u8>,
}

/// What the samples of a pixel are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Samples {
    /// Luma alone.
    Luma,
    /// Luma and two colour differences around 128.
    YCbCr,
    /// Red, green and blue.
    Rgb,
}

impl Samples {
    /// How many there are.
    pub fn count(self) -> usize {
        match self {
            Self::Luma => 1,
            Self::YCbCr | Self::Rgb => 3,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_needs_all_its_rows_and_only_the_width_of_the_last() {
        let data = [7u8; 4 * 8 + 6];
        assert!(Plane::new(&data, 6, 5, 8).is_some());
        assert!(Plane::new(&data[1..], 6, 5, 8).is_none());
        assert!(Plane::new(&data, 9, 4, 8).is_none());
        assert!(Plane::new(&data, 0, 4, 8).is_none());
        assert!(Plane::new(&data, u32::MAX, u32::MAX, usize::MAX).is_none());
    }

    #[test]
    fn rows_are_as_wide_as_the_picture_and_end_with_it() {
        let data: Vec<u8> = (0..20).collect();
        let view = Plane::new(&data, 3, 4, 5).unwrap();
        let rows: Vec<&[u8]> = view.rows().collect();
        assert_eq!(rows, [&[0, 1, 2], &[5, 6, 7], &[10, 11, 12], &[15, 16, 17]]);
        assert_eq!(view.row(4), &[] as &[u8]);
    }
}
