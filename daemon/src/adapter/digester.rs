//! Streaming computation of the digests, in parallel over the algorithms.
//!
//! A small input is hashed where it stands. Once an input has shown itself to
//! be large, each algorithm continues in a thread of its own, fed with shared
//! chunks over a bounded channel: the whole takes as long as its slowest digest,
//! and memory stays bounded. Everything here blocks; call it off the runtime.

use std::io::{self, Read};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use bytes::Bytes;
use sha2::Digest as _;

use crate::port::digest::Digests;

/// Up to here threads cost more than they save: three thread starts take about
/// 0.1 ms, and so does one digest of half a mebibyte (named guess).
const INLINE_BYTES: u64 = 2 << 20;

/// Chunks that may wait for one algorithm. The slowest one sets the pace; this
/// is how far the others may run ahead of it.
const QUEUE_CHUNKS: usize = 4;

/// Length of a pooled buffer: long enough that handing it over costs nothing
/// beside hashing it, short enough to stay in the processor's cache.
pub const CHUNK_BYTES: usize = 1 << 20;

/// One algorithm under way.
enum Hasher {
    Blake3(Box<blake3::Hasher>),
    Sha256(sha2::Sha256),
    Sm3(sm3::Sm3),
}

impl Hasher {
    fn update(&mut self, chunk: &[u8]) {
        match self {
            Self::Blake3(hasher) => {
                hasher.update(chunk);
            }
            Self::Sha256(hasher) => hasher.update(chunk),
            Self::Sm3(hasher) => hasher.update(chunk),
        }
    }

    fn finish(self) -> String {
        match self {
            Self::Blake3(hasher) => hasher.finalize().to_hex().to_string(),
            Self::Sha256(hasher) => hex::encode(hasher.finalize()),
            Self::Sm3(hasher) => hex::encode(hasher.finalize()),
        }
    }
}

/// What a worker is told.
enum Order {
    /// Continue from this state; always the first order.
    Take(Hasher),
    Chunk(Bytes),
}

/// An algorithm that continues in a thread of its own.
struct Worker {
    orders: SyncSender<Order>,
    thread: JoinHandle<String>,
}

impl Worker {
    fn start(name: &str) -> io::Result<Self> {
        let (orders, inbox) = sync_channel(QUEUE_CHUNKS);
        let thread = std::thread::Builder::new()
            .name(format!("digest-{name}"))
            .spawn(move || work(&inbox))?;
        Ok(Self { orders, thread })
    }

    /// Hands over an order, waiting while the queue is full.
    fn order(&self, order: Order) {
        // The worker leaves early only by a panic, and `finish` passes that on.
        let _ = self.orders.send(order);
    }

    fn finish(self) -> String {
        drop(self.orders);
        match self.thread.join() {
            Ok(digest) => digest,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }
}

/// A worker's life: its state first, then chunks until the sender hangs up.
fn work(inbox: &Receiver<Order>) -> String {
    let mut hasher = None;
    for order in inbox {
        match (order, &mut hasher) {
            (Order::Take(state), _) => hasher = Some(state),
            (Order::Chunk(chunk), Some(hasher)) => hasher.update(&chunk),
            // No state was ever sent: the digester stayed inline.
            (Order::Chunk(_), None) => break,
        }
    }
    hasher.map_or_else(String::new, Hasher::finish)
}

/// Where the hashing happens at the moment.
enum Place {
    Inline(Vec<Hasher>),
    /// Inline for good: the system gave us no threads.
    InlineOnly(Vec<Hasher>),
    Threads(Vec<Worker>),
}

/// Computes the [`Digests`] of bytes that arrive in chunks.
pub struct Digester {
    size_bytes: u64,
    sm3: bool,
    place: Place,
}

impl Digester {
    /// Starts with no bytes seen; `sm3` switches the third digest on.
    pub fn new(sm3: bool) -> Self {
        let mut hashers = vec![
            Hasher::Blake3(Box::new(blake3::Hasher::new())),
            Hasher::Sha256(sha2::Sha256::new()),
        ];
        if sm3 {
            hashers.push(Hasher::Sm3(sm3::Sm3::new()));
        }
        Self {
            size_bytes: 0,
            sm3,
            place: Place::Inline(hashers),
        }
    }

    /// Takes the next bytes; waits while the slowest algorithm is far behind.
    pub fn update(&mut self, chunk: impl Into<Bytes>) {
        let chunk = chunk.into();
        let length = u64::try_from(chunk.len()).unwrap_or(u64::MAX);
        self.size_bytes = self.size_bytes.saturating_add(length);
        if self.size_bytes > INLINE_BYTES {
            self.spread();
        }
        match &mut self.place {
            Place::Inline(hashers) | Place::InlineOnly(hashers) => {
                for hasher in hashers {
                    hasher.update(&chunk);
                }
            }
            Place::Threads(workers) => {
                for worker in workers {
                    worker.order(Order::Chunk(chunk.clone()));
                }
            }
        }
    }

    /// Moves the algorithms into threads, if they are not there yet.
    fn spread(&mut self) {
        let Place::Inline(hashers) = &mut self.place else {
            return;
        };
        let hashers = std::mem::take(hashers);
        let names = ["blake3", "sha256", "sm3"];
        let workers: io::Result<Vec<Worker>> = names
            .iter()
            .take(hashers.len())
            .map(|name| Worker::start(name))
            .collect();
        self.place = match workers {
            Ok(workers) => {
                for (worker, hasher) in workers.iter().zip(hashers) {
                    worker.order(Order::Take(hasher));
                }
                Place::Threads(workers)
            }
            Err(error) => {
                tracing::warn!(%error, "no threads for hashing; continuing in one");
                Place::InlineOnly(hashers)
            }
        };
    }

    /// The digests of everything seen.
    pub fn finish(self) -> Digests {
        let mut digests: Vec<String> = match self.place {
            Place::Inline(hashers) | Place::InlineOnly(hashers) => {
                hashers.into_iter().map(Hasher::finish).collect()
            }
            Place::Threads(workers) => workers.into_iter().map(Worker::finish).collect(),
        };
        let sm3 = if self.sm3 { digests.pop() } else { None };
        let sha256 = digests.pop().unwrap_or_default();
        let blake3 = digests.pop().unwrap_or_default();
        Digests {
            size_bytes: self.size_bytes,
            blake3,
            sha256,
            sm3,
        }
    }
}

/// A fixed set of buffers that are used again and again. [`Buffers::take`]
/// waits until one is free, which bounds memory.
pub struct Buffers {
    free: Receiver<Vec<u8>>,
    back: SyncSender<Vec<u8>>,
}

impl Buffers {
    /// `count` buffers (at least 1) of [`CHUNK_BYTES`].
    pub fn new(count: usize) -> Self {
        let count = count.max(1);
        let (back, free) = sync_channel(count);
        for _ in 0..count {
            // The channel holds them all, so this cannot fail or wait.
            let _ = back.try_send(vec![0; CHUNK_BYTES]);
        }
        Self { free, back }
    }

    /// A free buffer of [`CHUNK_BYTES`]; waits for one if need be. What is in it
    /// is left over from its last use.
    pub fn take(&self) -> Buffer {
        // Never disconnected: `self.back` lives as long as we do.
        let bytes = self.free.recv().unwrap_or_else(|_| vec![0; CHUNK_BYTES]);
        Buffer {
            bytes,
            filled: CHUNK_BYTES,
            back: self.back.clone(),
        }
    }
}

impl Default for Buffers {
    /// Enough to keep every queue of a [`Digester`] full while one is read.
    fn default() -> Self {
        Self::new(QUEUE_CHUNKS + 3)
    }
}

/// One buffer; it returns to its [`Buffers`] when the last [`Bytes`] made of it
/// is dropped.
pub struct Buffer {
    bytes: Vec<u8>,
    filled: usize,
    back: SyncSender<Vec<u8>>,
}

impl Buffer {
    /// The whole buffer, to be written to.
    pub fn space(&mut self) -> &mut [u8] {
        &mut self.bytes
    }

    /// The first `filled` bytes, to be shared without copying.
    pub fn share(mut self, filled: usize) -> Bytes {
        self.filled = filled.min(self.bytes.len());
        Bytes::from_owner(self)
    }
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        self.bytes.get(..self.filled).unwrap_or_default()
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        // If the pool is gone, the buffer is simply freed.
        let _ = self.back.try_send(std::mem::take(&mut self.bytes));
    }
}

/// Reads to the end and hashes what was read.
pub fn digest_reader(mut reader: impl Read, sm3: bool) -> io::Result<Digests> {
    let buffers = Buffers::default();
    let mut digester = Digester::new(sm3);
    loop {
        let mut buffer = buffers.take();
        let filled = read_full(&mut reader, buffer.space())?;
        if filled == 0 {
            return Ok(digester.finish());
        }
        digester.update(buffer.share(filled));
    }
}

/// Fills `space` as far as the input reaches.
pub fn read_full(reader: &mut impl Read, space: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(rest) = space.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match reader.read(rest) {
            Ok(0) => break,
            Ok(count) => filled = filled.saturating_add(count),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn whole(bytes: &[u8], sm3: bool) -> Digests {
        Digests {
            size_bytes: bytes.len() as u64,
            blake3: blake3::hash(bytes).to_hex().to_string(),
            sha256: hex::encode(sha2::Sha256::digest(bytes)),
            sm3: sm3.then(|| hex::encode(sm3::Sm3::digest(bytes))),
        }
    }

    /// Bytes without a short period, so that a swapped chunk shows.
    fn pattern(length: usize) -> Vec<u8> {
        (0..length as u64)
            .map(|i| (i.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) as u8)
            .collect()
    }

    #[test]
    fn known_answers() {
        let mut digester = Digester::new(true);
        digester.update(Bytes::from_static(b"a"));
        digester.update(Bytes::from_static(b"bc"));
        let digests = digester.finish();
        // FIPS 180-4, GB/T 32905-2016 A.1, and BLAKE3's reference program.
        assert_eq!(
            digests.sha256,
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert_eq!(
            digests.sm3.as_deref(),
            Some("66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0")
        );
        assert_eq!(
            digests.blake3,
            "6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85"
        );
        assert_eq!(digests.size_bytes, 3);
    }

    #[test]
    fn empty_input_has_digests() {
        assert_eq!(Digester::new(true).finish(), whole(b"", true));
        assert_eq!(Digester::new(false).finish().sm3, None);
    }

    #[test]
    fn same_below_at_and_above_the_step_to_threads() {
        let limit = INLINE_BYTES as usize;
        for length in [limit - 1, limit, limit + 1, 5 * limit + 17] {
            let bytes = pattern(length);
            for sm3 in [false, true] {
                let found = digest_reader(bytes.as_slice(), sm3).unwrap();
                assert_eq!(found, whole(&bytes, sm3), "{length} bytes");
            }
        }
    }

    #[test]
    fn buffers_come_back() {
        let buffers = Buffers::new(1);
        for _ in 0..3 {
            let shared = buffers.take().share(10);
            let second = shared.clone();
            assert_eq!(second.len(), 10);
        }
        let kept = buffers.take().share(usize::MAX);
        assert_eq!(kept.len(), CHUNK_BYTES);
        drop(buffers);
        drop(kept);
    }

    #[test]
    fn read_errors_are_passed_on() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("medium error"))
            }
        }
        assert!(digest_reader(Broken, true).is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn chunking_changes_nothing(
            cuts in proptest::collection::vec(1usize..900_000, 0..8),
        ) {
            let bytes = pattern(cuts.iter().sum());
            let mut digester = Digester::new(true);
            let mut rest = bytes.as_slice();
            for cut in cuts {
                let (chunk, after) = rest.split_at(cut);
                digester.update(Bytes::copy_from_slice(chunk));
                rest = after;
            }
            prop_assert_eq!(digester.finish(), whole(&bytes, true));
        }
    }
}
