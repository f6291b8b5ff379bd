//! What was done to a photo, and which checks ought to say so.

/// One thing that a recipe does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Blurred so little that it hardly shows.
    SlightlyBlurred,
    /// Out of focus, or blurred evenly.
    Defocused,
    /// Moved along this direction, in degrees counter-clockwise.
    Shaken(u16),
    /// Grease on the lens: soft, with a veil of light.
    Smeared,
    /// Fine detail taken away, edges kept.
    Denoised,
    /// A small picture blown up.
    Enlarged,
    /// Enlarged so little that it hardly shows.
    SlightlyEnlarged,
    /// Far too dark.
    Dark,
    /// Far too bright.
    Bright,
    /// Next to no contrast.
    Hazy,
    /// Covered in grain.
    Noisy,
    /// Decoded and saved again, its metadata kept.
    SavedAgain,
    /// Cropped, resized or turned, and saved again, its metadata kept.
    Reshaped,
    /// Turned or cropped without decoding.
    ReshapedLosslessly,
    /// A part of another photo in it.
    Spliced,
    /// A part of itself in another place.
    CopyMoved,
    /// Another picture under the old thumbnail.
    StaleThumbnail,
    /// Written values of its metadata changed, the picture left alone.
    MetadataEdited,
    /// All metadata taken out, the picture left alone.
    Stripped,
    /// Made smaller and stripped, as messengers do.
    MessengerCopy,
    /// A picture of a screen, taken by the device that shows it.
    Screenshot,
}

impl Fault {
    /// The checks of which any one is right to speak of this.
    pub fn codes(self) -> &'static [&'static str] {
        match self {
            Self::SlightlyBlurred
            | Self::Defocused
            | Self::Shaken(_)
            | Self::Smeared
            | Self::Denoised => &["photo_blurred"],
            Self::Enlarged | Self::SlightlyEnlarged => &["photo_blurred", "photo_small"],
            Self::Dark | Self::Bright | Self::Hazy | Self::Noisy => &["photo_exposure"],
            Self::SavedAgain => &[
                "photo_recompressed",
                "photo_compressed_twice",
                "photo_edited",
                "editor_trace",
                "unlike_its_model",
                "photo_metadata_rewritten",
            ],
            Self::Reshaped => &[
                "photo_recompressed",
                "photo_compressed_twice",
                "photo_edited",
                "editor_trace",
                "unlike_its_model",
                "photo_metadata_rewritten",
                "photo_thumbnail_mismatch",
                "foreign_jpeg_grid",
            ],
            Self::ReshapedLosslessly => &[
                "photo_thumbnail_mismatch",
                "unlike_its_model",
                "photo_edited",
                "photo_metadata_rewritten",
            ],
            Self::Spliced => &["foreign_jpeg_grid"],
            Self::CopyMoved => &["photo_copy_move", "foreign_jpeg_grid"],
            Self::StaleThumbnail => &["photo_thumbnail_mismatch"],
            Self::MetadataEdited => &[
                "photo_metadata_rewritten",
                "photo_edited",
                "editor_trace",
                "unlike_its_model",
                "capture_time_inconsistent",
            ],
            Self::Stripped => &["capture_time_missing"],
            Self::MessengerCopy => &["messenger_copy"],
            Self::Screenshot => &["photo_screenshot"],
        }
    }

    /// True if sharpness is what was taken away, far enough for anyone to see.
    pub fn is_blur(self) -> bool {
        matches!(self, Self::Defocused | Self::Shaken(_))
    }
}
