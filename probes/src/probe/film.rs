//! The film inside a motion photo: a recording of its own, measured as one.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;

use super::{Wants, recording};
use crate::container;
use crate::measurements::{Kind, Measurements, SCHEMA};

/// Measures the film of the photo in `m`, if it has one. No pictures of it are
/// kept and nothing over time: the photo is the record, and the film what the
/// phone put beside it.
pub(super) fn measure(file: &mut File, wants: &Wants, m: &mut Measurements) {
    let Some(part) = place(m) else {
        return;
    };
    let size_bytes = part.end.saturating_sub(part.start);
    let mut film = Measurements {
        schema: SCHEMA.to_owned(),
        size_bytes,
        ..Measurements::default()
    };
    let mut window = Part {
        file,
        part: part.clone(),
        at: 0,
    };
    container::read_structure(&mut window, size_bytes, "film.mp4").apply(&mut film);
    if film.kind == Kind::Video {
        let wants = Wants {
            stills_count: 0,
            ..wants.clone()
        };
        recording::measure_part(file, part, &wants, &mut film);
    }
    m.film = Some(Box::new(film));
}

/// Where the film lies: to the end of the element that holds it.
fn place(m: &Measurements) -> Option<Range<u64>> {
    let container = m.container.as_ref()?;
    let start = container.motion_photo_offset_bytes?;
    let holder = container.elements.iter().rfind(|e| {
        let end = e.offset_bytes.saturating_add(e.size_bytes);
        (e.offset_bytes..end).contains(&start)
    });
    let end = holder.map_or(m.size_bytes, |e| {
        e.offset_bytes.saturating_add(e.size_bytes)
    });
    Some(start..end.min(m.size_bytes).max(start))
}

/// A part of a file as if it were one.
struct Part<'a> {
    file: &'a mut File,
    part: Range<u64>,
    at: u64,
}

impl Read for Part<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let place = self.part.start.saturating_add(self.at);
        let left = self.part.end.saturating_sub(place);
        self.file.seek(SeekFrom::Start(place))?;
        let count = (&mut *self.file).take(left).read(buffer)?;
        self.at = self.at.saturating_add(count as u64);
        Ok(count)
    }
}

impl Seek for Part<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let length = self.part.end.saturating_sub(self.part.start);
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
            SeekFrom::End(by) => length.checked_add_signed(by),
        };
        self.at = at.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}
