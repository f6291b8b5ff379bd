//! Damage: which stretches of the recording were not decoded as written.

use crate::measurements::{Decoding, Span};

/// Damaged stretches that are listed; of later ones only the errors are counted.
pub(crate) const SPANS_MAX: usize = 200;
/// Messages that are kept.
const MESSAGES_MAX: usize = 20;

/// Follows decoding of the main tracks. Damage in pictures lasts to the next
/// key picture that was decoded cleanly: the decoder flags only the first
/// damaged picture, and the others are built on it.
#[derive(Debug, Default)]
pub struct DecodingInstrument {
    d: Decoding,
    damaged_since_s: Option<f64>,
    last_s: f64,
}

impl DecodingInstrument {
    /// A picture was decoded.
    pub fn picture(&mut self, at_s: f64, key: bool, damaged: bool) {
        self.d.frames += 1;
        self.last_s = self.last_s.max(at_s);
        if damaged {
            self.d.errors += 1;
            self.damaged_since_s.get_or_insert(at_s);
        } else if key
            && let Some(start_s) = self.damaged_since_s
            && at_s >= start_s
        {
            self.end(at_s);
        }
    }

    /// A packet of pictures was damaged or could not be decoded. Before the
    /// first picture it only tells that the recording starts between two key
    /// pictures, as cuttings of a running stream do.
    pub fn picture_fault(&mut self, at_s: Option<f64>) {
        if self.d.frames == 0 {
            self.d.errors_before_first_picture += 1;
            return;
        }
        self.d.errors += 1;
        self.damaged_since_s
            .get_or_insert(at_s.unwrap_or(self.last_s));
    }

    /// Pictures that the following ones are built on are not in the stream,
    /// after one shown at `after_s`. The decoder puts others in their place and
    /// says nothing.
    pub fn missing_references(&mut self, after_s: f64) {
        if self.d.frames > 0 {
            self.d.missing_references += 1;
            self.damaged_since_s.get_or_insert(after_s);
        }
    }

    /// A packet of sound was damaged or could not be decoded.
    pub fn sound_fault(&mut self, at_s: Option<f64>) {
        self.d.errors += 1;
        let at_s = at_s.unwrap_or(self.last_s);
        self.list(Span {
            start_s: at_s,
            end_s: at_s,
        });
    }

    /// Keeps a message of the decoder.
    pub fn message(&mut self, message: String) {
        if self.d.messages.len() < MESSAGES_MAX && !self.d.messages.contains(&message) {
            self.d.messages.push(message);
        }
    }

    fn end(&mut self, end_s: f64) {
        if let Some(start_s) = self.damaged_since_s.take() {
            self.list(Span {
                start_s,
                end_s: end_s.max(start_s),
            });
        }
    }

    fn list(&mut self, span: Span) {
        let room = self.d.error_spans.len() < SPANS_MAX;
        match self.d.error_spans.last_mut() {
            Some(last) if span.start_s >= last.start_s && span.start_s - last.end_s < 0.1 => {
                last.end_s = last.end_s.max(span.end_s);
            }
            _ if room => self.d.error_spans.push(span),
            _ => {}
        }
    }

    /// The facts.
    pub fn finish(mut self, reached_end: bool) -> Decoding {
        self.end(self.last_s);
        self.d.reached_end = reached_end;
        self.d
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damage_lasts_to_the_next_clean_key_picture() {
        let mut i = DecodingInstrument::default();
        for n in 0..100 {
            i.picture(f64::from(n) * 0.04, n % 25 == 0, n == 30);
        }
        let d = i.finish(true);
        assert_eq!((d.frames, d.errors), (100, 1));
        assert_eq!(
            d.error_spans,
            [Span {
                start_s: 1.2,
                end_s: 2.0
            }]
        );
    }

    #[test]
    fn damage_without_a_key_picture_lasts_to_the_end() {
        let mut i = DecodingInstrument::default();
        i.picture(0.0, true, false);
        i.picture_fault(Some(0.04));
        i.picture(1.0, false, false);
        assert_eq!(
            i.finish(false).error_spans,
            [Span {
                start_s: 0.04,
                end_s: 1.0
            }]
        );
    }

    #[test]
    fn pictures_built_on_missing_ones_are_damaged_to_the_next_key_picture() {
        let mut i = DecodingInstrument::default();
        i.missing_references(0.0);
        for n in 0..50 {
            if n == 12 {
                i.missing_references(0.4);
            }
            i.picture(f64::from(n) * 0.04, n % 25 == 0, false);
        }
        let d = i.finish(true);
        assert_eq!((d.errors, d.missing_references), (0, 1));
        assert_eq!(
            d.error_spans,
            [Span {
                start_s: 0.4,
                end_s: 1.0
            }]
        );
    }

    #[test]
    fn what_precedes_the_first_picture_is_counted_apart() {
        let mut i = DecodingInstrument::default();
        i.picture_fault(None);
        i.picture(0.0, true, false);
        let d = i.finish(true);
        assert_eq!((d.errors, d.errors_before_first_picture), (0, 1));
        assert!(d.error_spans.is_empty());
    }
}
