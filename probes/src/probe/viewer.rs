//! Pictures are looked at on a thread of their own while the next ones are
//! decoded, in the order in which they come, so that nothing depends on which
//! of the two is faster.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use super::Wants;
use super::stills::Stills;
use crate::ffmpeg::{DecodedPicture, Scratch};
use crate::measure::decoding::DecodingInstrument;
use crate::measure::video::VideoInstrument;
use crate::time_series::Recorder;

/// Pictures and notes that may wait: enough to even out the two threads, and
/// few enough for a recording of the largest pictures.
const WAITING_MAX: usize = 2;

/// Everything that looks at pictures, and the record of damage, which pictures
/// and faults enter in turn.
pub(super) struct Viewer {
    pub(super) video: VideoInstrument,
    pub(super) decoding: DecodingInstrument,
    pub(super) stills: Stills,
    pub(super) recorder: Recorder,
    scratch: Scratch,
    /// The picture before, for the case that the next one does not follow from it.
    before: Option<(f64, DecodedPicture)>,
}

type Note = Box<dyn FnOnce(&mut DecodingInstrument) + Send>;

enum Event {
    Picture(DecodedPicture, Option<f64>),
    Note(Note),
}

impl Viewer {
    fn new(track: u32, step_s: f64, wants: &Wants) -> Self {
        Self {
            video: VideoInstrument::new(track, step_s),
            decoding: DecodingInstrument::default(),
            stills: Stills::new(wants),
            recorder: Recorder::default(),
            scratch: Scratch::default(),
            before: None,
        }
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::Note(note) => note(&mut self.decoding),
            Event::Picture(picture, at_s) => self.picture(picture, at_s),
        }
    }

    fn picture(&mut self, decoded: DecodedPicture, at_s: Option<f64>) {
        let (picture, colour) = match decoded.show(&mut self.scratch) {
            Ok(shown) => shown,
            Err(strange) => return self.decoding.message(strange),
        };
        let (at_s, notable) = self.video.picture(&picture, at_s);
        let latest = self.video.latest();
        self.recorder.picture(at_s, latest);
        self.decoding.picture(at_s, picture.key, picture.damaged);
        self.stills.offer(at_s, notable.is_some(), &colour);
        if let (Some(unforetold), Some(before)) = (latest.unforetold_ratio, &self.before) {
            self.stills.step(before, (at_s, &decoded), unforetold);
        }
        self.before = Some((at_s, decoded));
    }
}

/// The way to the viewer.
pub(super) struct Screen(Way);

enum Way {
    /// On a thread of its own.
    Apart(SyncSender<Event>, JoinHandle<Viewer>),
    /// On this one, where no other could be started or none is needed.
    Here(Box<Viewer>),
}

impl Screen {
    /// For the pictures of a track, which come every `step_s`; without one
    /// there is only the record of damage.
    pub(super) fn new(track: Option<u32>, step_s: f64, wants: &Wants) -> Self {
        let viewer = || Viewer::new(track.unwrap_or(0), step_s, wants);
        if track.is_none() {
            return Self(Way::Here(Box::new(viewer())));
        }
        let (sender, receiver) = sync_channel(WAITING_MAX);
        let mut apart = viewer();
        let thread = thread::Builder::new()
            .name("viewer".to_owned())
            .spawn(move || {
                look(&mut apart, &receiver);
                apart
            });
        match thread {
            Ok(thread) => Self(Way::Apart(sender, thread)),
            Err(_) => Self(Way::Here(Box::new(viewer()))),
        }
    }

    /// Hands over the next picture, shown `at_s` seconds from the first.
    pub(super) fn picture(&mut self, picture: DecodedPicture, at_s: Option<f64>) {
        self.hand(Event::Picture(picture, at_s));
    }

    /// Enters something into the record of damage, after the pictures that were
    /// handed over before.
    pub(super) fn note(&mut self, note: impl FnOnce(&mut DecodingInstrument) + Send + 'static) {
        self.hand(Event::Note(Box::new(note)));
    }

    fn hand(&mut self, event: Event) {
        match &mut self.0 {
            Way::Here(viewer) => viewer.take(event),
            // It only hangs up if it broke down, which `finish` tells.
            Way::Apart(sender, _) => drop(sender.send(event)),
        }
    }

    /// Waits until everything has been looked at.
    pub(super) fn finish(self) -> Viewer {
        match self.0 {
            Way::Here(viewer) => *viewer,
            Way::Apart(sender, thread) => {
                drop(sender);
                // As if it had broken down here.
                thread
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            }
        }
    }
}

fn look(viewer: &mut Viewer, events: &Receiver<Event>) {
    for event in events {
        viewer.take(event);
    }
}
