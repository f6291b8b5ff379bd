//! What each step of the analysis of a photo takes, in the order in which
//! `probe/picture.rs` does them.

use std::fs::File;
use std::path::Path;

use unbroken_probes::measure::decision_scale::{LONG_SIDE_PX, fitted};
use unbroken_probes::measure::exposure::{self, Range};
use unbroken_probes::measure::picture_decoding::decode;
use unbroken_probes::measure::pixels::Pixels;
use unbroken_probes::measure::{
    copy_move, error_level, first_save, jpeg_grid, legibility, likeness, metadata, moire, photo,
    resolution, rolloff, sharpness, spectrum, thumbnail,
};
use unbroken_probes::probe::{Depth, Wants, probe};
use unbroken_tests::spent::thread_cpu_s;

use super::STILL_LONG_SIDE_PX;

/// A step and the processor time that it took, s.
pub type Step = (&'static str, f64);

/// Does everything once, step by step.
pub fn of(file: &Path, bytes: &[u8]) -> Result<Vec<Step>, String> {
    let mut watch = Watch::default();
    let mut open = File::open(file).map_err(|e| format!("{}: {e}", file.display()))?;
    let wants = Wants {
        name: "photo.jpg".to_owned(),
        still_long_side_px: STILL_LONG_SIDE_PX,
        stills_count: 0,
        depth: Depth::Structure,
    };
    let structure = watch.step("reading, structure, metadata", || probe(&mut open, &wants))?;
    let known = structure.measurements.photo.unwrap_or_default();
    let steps = known
        .jpeg
        .as_ref()
        .and_then(|jpeg| jpeg.quantisation.first());
    let steps = steps.map_or(&[][..], Vec::as_slice);
    let orientation = known.orientation;

    let decoded = watch.step("decoding", || decode(bytes, "jpeg"))??;
    let layout = decoded.coded_layout();
    let pixels = decoded.pixels;
    let (width, height) = fitted(pixels.width_px(), pixels.height_px(), STILL_LONG_SIDE_PX);
    let tints = watch.step("viewing copy", || {
        decoded
            .tints
            .as_ref()
            .unwrap_or(&pixels)
            .tints(width, height)
    })?;
    let native = watch.step("luma alone", || pixels.into_luma_if_coded())?;
    let (reduced, luma) = watch.step("reducing to the decision scale", || {
        let reduced = native.reduced(LONG_SIDE_PX);
        let luma = reduced.luma();
        (reduced, luma)
    })?;
    let upright = watch.step("turning upright", || {
        Pixels::from(luma.clone()).upright(orientation).into_luma()
    })?;
    let view = upright.view().ok_or("an empty picture")?;
    watch.step("sharpness", || sharpness::measure(view))?;
    watch.step("roll-off of the spectrum", || rolloff::measure(view))?;
    watch.step("exposure", || exposure::measure(view, Range::Full))?;
    watch.step("likeness", || likeness::measure(view))?;
    watch.step("copied parts", || copy_move::measure(view))?;
    let squares = watch.step("spectra of squares", || spectrum::squares(&native))?;
    watch.step("pattern of a screen", || moire::measure(&squares))?;
    watch.step("resolution", || resolution::measure(&native, &squares))?;
    watch.step("fine detail", || photo::fine_detail_ratio(&native))?;
    let text = watch.step("reducing for lines of text", || {
        native.luma_reduced(legibility::LONG_SIDE_PX)
    })?;
    let ratio = native.width_px() as f32 / text.width_px().max(1) as f32;
    let text = watch.step("turning upright", || text.upright(orientation).into_luma())?;
    let text = text.view().ok_or("an empty picture")?;
    watch.step("lines of text", || legibility::measure(text, ratio))?;
    watch.step("thumbnail", || {
        let exif = metadata::fields(bytes)?;
        thumbnail::measure(thumbnail::embedded(&exif)?, luma.view()?, orientation)
    })?;
    watch.step("digest of pixels", || {
        likeness::pixels_blake3(&native, layout)
    })?;
    watch.step("grid of JPEG", || {
        jpeg_grid::measure(&native, orientation, steps)
    })?;
    watch.step("first compression", || first_save::measure(&native, steps))?;
    watch.step("viewing copy", || {
        let small = reduced.reduced(STILL_LONG_SIDE_PX);
        let copy = match tints {
            Some(tints) => tints.with_luma(&small.into_luma())?,
            None => small,
        };
        copy.upright(orientation).to_jpeg()
    })?;
    watch.step("error levels", || {
        let levels = error_level::picture(&native)?;
        levels.upright(orientation).to_jpeg()
    })?;
    Ok(watch.steps)
}

/// Processor time by step; steps of one name are one.
#[derive(Default)]
struct Watch {
    steps: Vec<Step>,
}

impl Watch {
    fn step<T>(&mut self, name: &'static str, work: impl FnOnce() -> T) -> Result<T, String> {
        let start_s = thread_cpu_s()?;
        let done = work();
        let took_s = thread_cpu_s()? - start_s;
        match self.steps.iter_mut().find(|(known, _)| *known == name) {
            Some((_, sum_s)) => *sum_s += took_s,
            None => self.steps.push((name, took_s)),
        }
        Ok(done)
    }
}
