//! FFmpeg's messages: collected, bounded, never printed.

use std::cell::RefCell;
use std::sync::Once;

use ffmpeg_next::ffi;

/// Messages kept of one file.
const MESSAGES_MAX: usize = 20;

thread_local! {
    static MESSAGES: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Turns printing off and collecting on; once a process is enough.
pub(super) fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // SAFETY: both only set a global of libavutil; the callback is a plain
        // function that lives as long as the process.
        unsafe {
            ffi::av_log_set_level(ffi::AV_LOG_ERROR);
            #[cfg(target_arch = "x86_64")]
            ffi::av_log_set_callback(Some(collect));
            // Elsewhere the C argument list has no portable type here: silence.
            #[cfg(not(target_arch = "x86_64"))]
            ffi::av_log_set_level(ffi::AV_LOG_QUIET);
        }
    });
}

/// Takes what this thread collected, the first message first. Messages of a
/// decoder's own worker threads are not among them; damage is still flagged on
/// their frames.
pub(super) fn take() -> Vec<String> {
    MESSAGES
        .with(|messages| {
            messages
                .try_borrow_mut()
                .map(|mut m| std::mem::take(&mut *m))
        })
        .unwrap_or_default()
}

#[cfg(target_arch = "x86_64")]
unsafe extern "C" fn collect(
    context: *mut std::ffi::c_void,
    level: i32,
    format: *const std::ffi::c_char,
    arguments: *mut ffi::__va_list_tag,
) {
    if level > ffi::AV_LOG_ERROR || format.is_null() {
        return;
    }
    let mut line = [0 as std::ffi::c_char; 512];
    let mut print_prefix = 1;
    // SAFETY: FFmpeg hands over its own valid context, format and arguments;
    // the line is as long as stated and gets terminated.
    let message = unsafe {
        ffi::av_log_format_line2(
            context,
            level,
            format,
            arguments,
            line.as_mut_ptr(),
            line.len() as i32,
            &mut print_prefix,
        );
        super::text(line.as_ptr())
    };
    let Some(message) = message.map(|m| without_address(m.trim())) else {
        return;
    };
    // A thread that is ending has no list any more; its message is lost.
    let _ = MESSAGES.try_with(|messages| {
        if let Ok(mut messages) = messages.try_borrow_mut()
            && messages.len() < MESSAGES_MAX
            && !message.is_empty()
            && !messages.contains(&message)
        {
            messages.push(message);
        }
    });
}

/// `[h264 @ 0x55d0c8a3f2c0] text` → `h264: text`: an address differs from run
/// to run and would make equal measurements unequal.
fn without_address(message: &str) -> String {
    let parts = message
        .strip_prefix('[')
        .and_then(|rest| rest.split_once(" @ 0x"))
        .and_then(|(name, rest)| rest.split_once("] ").map(|(_, said)| (name, said)));
    match parts {
        Some((name, said)) => format!("{name}: {said}"),
        None => message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::without_address;

    #[test]
    fn a_message_names_its_source_without_the_address() {
        assert_eq!(
            without_address("[h264 @ 0x55d0] no frame!"),
            "h264: no frame!"
        );
        assert_eq!(without_address("plain"), "plain");
        assert_eq!(without_address("[odd @ 0x1"), "[odd @ 0x1");
    }
}
