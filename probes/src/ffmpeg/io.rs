//! One descriptor as FFmpeg's input: read and seek callbacks, no path.

use std::ffi::c_void;
use std::fs::File;
use std::io::{ErrorKind, SeekFrom};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::ptr;

use ffmpeg_next::{error::EIO, ffi};

/// FFmpeg's read-ahead; its own default for files is 32 KiB.
const BUFFER_BYTES: usize = 64 << 10;
/// Bytes at the start of a large packet that are read where only heads are
/// wanted: parameter sets, notes and the head of the first slice.
pub(super) const HEAD_BYTES: usize = 16 << 10;

/// What the callbacks work on. It reads at its own position and leaves the
/// descriptor's alone.
struct Source {
    file: File,
    /// Where the part that is read starts in the file.
    start_bytes: u64,
    position: u64,
    size_bytes: u64,
    heads_only: bool,
}

/// An `AVIOContext` over a descriptor, and its owner.
pub(super) struct Io {
    context: *mut ffi::AVIOContext,
    source: *mut Source,
}

impl Io {
    /// Reads the part of the file, as far as it goes. `None` if memory is short
    /// or the descriptor's length cannot be read.
    pub(super) fn new(file: &File, part: Range<u64>) -> Option<Self> {
        let file = file.try_clone().ok()?;
        let end = file.metadata().ok()?.len().min(part.end);
        let size_bytes = end.saturating_sub(part.start);
        let source = Box::into_raw(Box::new(Source {
            file,
            start_bytes: part.start,
            position: 0,
            size_bytes,
            heads_only: false,
        }));
        // SAFETY: the buffer comes from FFmpeg's allocator, as it must; on
        // success the context owns it. `source` outlives the context, see Drop.
        unsafe {
            let buffer = ffi::av_malloc(BUFFER_BYTES);
            let context = if buffer.is_null() {
                ptr::null_mut()
            } else {
                ffi::avio_alloc_context(
                    buffer.cast(),
                    BUFFER_BYTES as i32,
                    0,
                    source.cast(),
                    Some(read),
                    None,
                    Some(seek),
                )
            };
            if context.is_null() {
                ffi::av_free(buffer);
                drop(Box::from_raw(source));
                return None;
            }
            Some(Self { context, source })
        }
    }

    /// From now on a read past FFmpeg's own buffer, which only a packet's
    /// content is large enough for, gets the first [`HEAD_BYTES`] of it, and
    /// zeros for the rest.
    pub(super) fn read_heads_only(&mut self) {
        // SAFETY: made in `new`; the callbacks run only within calls into
        // FFmpeg, of which there is none now.
        unsafe { (*self.source).heads_only = true };
    }

    pub(super) fn context(&self) -> *mut ffi::AVIOContext {
        self.context
    }
}

impl Drop for Io {
    fn drop(&mut self) {
        // SAFETY: both were made in `new` and are freed once, the context (and
        // the buffer it may have replaced) first; the format context that used
        // them is closed before by its owner.
        unsafe {
            ffi::av_freep((&raw mut (*self.context).buffer).cast());
            ffi::avio_context_free(&mut self.context);
            drop(Box::from_raw(self.source));
        }
    }
}

unsafe extern "C" fn read(opaque: *mut c_void, buffer: *mut u8, length: i32) -> i32 {
    let Ok(length) = usize::try_from(length) else {
        return ffi::AVERROR(EIO);
    };
    if length == 0 || buffer.is_null() {
        return ffi::AVERROR_EOF;
    }
    // SAFETY: `opaque` is the `Source` of `Io::new`, used by one thread at a
    // time; FFmpeg owns `length` bytes at `buffer`, zeroed here because a
    // slice must not show uninitialised memory.
    let (source, buffer) = unsafe {
        ptr::write_bytes(buffer, 0, length);
        (
            &mut *opaque.cast::<Source>(),
            std::slice::from_raw_parts_mut(buffer, length),
        )
    };
    let rest = source.size_bytes.saturating_sub(source.position);
    let is_passed_over = source.heads_only && length > BUFFER_BYTES && rest >= length as u64;
    let wanted = if is_passed_over {
        HEAD_BYTES
    } else {
        usize::try_from(rest).map_or(length, |rest| rest.min(length))
    };
    let wanted = buffer.get_mut(..wanted).unwrap_or_default();
    let Some(place) = source.start_bytes.checked_add(source.position) else {
        return ffi::AVERROR_EOF;
    };
    loop {
        match source.file.read_at(wanted, place) {
            Ok(0) => return ffi::AVERROR_EOF,
            Ok(count) => {
                let count = if is_passed_over { length } else { count };
                source.position = source.position.saturating_add(count as u64);
                return i32::try_from(count).unwrap_or(i32::MAX);
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => return ffi::AVERROR(EIO),
        }
    }
}

unsafe extern "C" fn seek(opaque: *mut c_void, offset: i64, whence: i32) -> i64 {
    // SAFETY: as in `read`.
    let source = unsafe { &mut *opaque.cast::<Source>() };
    let refused = i64::from(ffi::AVERROR(EIO));
    if whence & ffi::AVSEEK_SIZE != 0 {
        return i64::try_from(source.size_bytes).unwrap_or(refused);
    }
    let target = match whence & !ffi::AVSEEK_FORCE {
        0 => u64::try_from(offset).ok().map(SeekFrom::Start),
        1 => Some(SeekFrom::Current(offset)),
        2 => Some(SeekFrom::End(offset)),
        _ => None,
    };
    let position = match target {
        Some(SeekFrom::Start(to)) => Some(to),
        Some(SeekFrom::Current(by)) => source.position.checked_add_signed(by),
        Some(SeekFrom::End(by)) => source.size_bytes.checked_add_signed(by),
        None => None,
    };
    match position.and_then(|p| i64::try_from(p).ok()) {
        Some(told) => {
            source.position = told as u64;
            told
        }
        None => refused,
    }
}
