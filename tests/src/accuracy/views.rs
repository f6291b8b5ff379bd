//! How far two views of one recording differ, so that a jump cut is only called
//! one where there is something to see.
//!
//! Plain differences of small grey pictures, on purpose: what decides whether a
//! case is fair must not be the instrument that is tried on it.

use std::process::Command;

use super::source::Source;

/// Width of the small pictures.
const WIDTH_PX: usize = 64;
/// Height of the small pictures, whatever the shape of the source.
const HEIGHT_PX: usize = 48;

/// Every picture of a recording's beginning, small and grey.
#[derive(Default)]
pub struct Views {
    pictures: Vec<u8>,
}

impl Views {
    /// Decodes what the filters `chain` let through.
    pub fn read(source: &Source, chain: &str) -> Result<Self, String> {
        let told = |what: String| format!("views of {}: {what}", source.name);
        let filters = format!("{chain},scale={WIDTH_PX}:{HEIGHT_PX}:flags=area,format=gray");
        let output = Command::new("ffmpeg")
            .args(["-nostdin", "-v", "error", "-i"])
            .arg(&source.path)
            .args(["-an", "-vf", &filters, "-f", "rawvideo", "-"])
            .output()
            .map_err(|e| told(format!("ffmpeg cannot be started: {e}")))?;
        if output.stdout.len() < WIDTH_PX * HEIGHT_PX {
            return Err(told(
                String::from_utf8_lossy(&output.stderr).trim().to_owned(),
            ));
        }
        Ok(Self {
            pictures: output.stdout,
        })
    }

    /// Mean difference of the pictures with these numbers, in grey levels.
    pub fn differ_levels(&self, a: usize, b: usize) -> Option<f64> {
        let picture = |n: usize| {
            let size = WIDTH_PX * HEIGHT_PX;
            self.pictures.get(n * size..(n + 1) * size)
        };
        let sum: u64 = picture(a)?
            .iter()
            .zip(picture(b)?)
            .map(|(a, b)| u64::from(a.abs_diff(*b)))
            .sum();
        Some(sum as f64 / (WIDTH_PX * HEIGHT_PX) as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_difference_is_the_mean_over_the_picture() {
        let size = WIDTH_PX * HEIGHT_PX;
        let views = Views {
            pictures: [vec![10; size], vec![30; size / 2], vec![10; size / 2]].concat(),
        };
        assert_eq!(views.differ_levels(0, 1), Some(10.0));
        assert_eq!(views.differ_levels(0, 2), None);
    }
}
