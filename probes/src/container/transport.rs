//! MPEG-TS (ISO/IEC 13818-1): every PID counts its packets from 0 to 15 and
//! over again (2.4.3.3), and the program's clock (PCR, 2.4.3.5) comes at least
//! every 0.1 s, so that packets which are gone show in both.

use super::bytes::{Source, be16, be32};
use super::counting::{counter, note_break, note_jump};
use super::service::Tables;
use super::stream::{Layout, packet_layout};
use crate::measurements::{Container, Counter, CounterBreak, TimeJump};

/// Bytes of a packet that are looked at, from its sync byte on: the header, the
/// adaptation field's length and flags, and the clock.
const LOOKED_AT_BYTES: usize = 12;
const SYNC_BYTE: u8 = 0x47;
/// A packet without what M2TS and others put around it.
const PACKET_BYTES: u64 = 188;
/// Packets that carry nothing (2.4.3.3, table 2-3).
const NULL_PID: u16 = 0x1FFF;
/// PIDs that are followed; a broadcast multiplex has fewer.
const PIDS_MAX: usize = 64;
/// The clock's ticks a second, and where it starts over.
const PCR_HZ: f64 = 27_000_000.0;
const PCR_WRAP: i64 = (1 << 33) * 300;
/// A longer step than this is a jump: five times what the standard allows.
const JUMP_MIN_S: f64 = 0.5;
/// Bytes searched for the next packet where one does not start in its place.
const SEARCH_BYTES: u64 = 16 * 1024 * 1024;

/// Follows every packet of the file. Gives the provider and service that the
/// stream names, and where they stand.
pub(super) fn read(src: &mut Source<'_>, out: &mut Container) -> Option<(String, u64)> {
    let head = src.owned(0, 4096);
    let layout = packet_layout(&head)?;
    let mut stream = Stream::default();
    let mut at = 0_u64;
    let length = layout.packet as u64;
    while let Some(packet) = look(src, at, layout) {
        if packet.first() == Some(&SYNC_BYTE) {
            stream.packet(&packet, at, &mut out.time_jumps);
            stream.table(src, &packet, at.saturating_add(layout.sync as u64));
            at = at.saturating_add(length);
            continue;
        }
        let Some(next) = next_packet(src, at, layout) else {
            break;
        };
        let lost = CounterBreak {
            at_s: stream.now_s(),
            offset_bytes: at,
            expected: u64::from(SYNC_BYTE),
            found: packet.first().copied().unwrap_or(0).into(),
        };
        note_break(&mut stream.sync, lost);
        at = next;
    }
    stream.sync.steps = stream.sync.steps.saturating_sub(1);
    stream.sync.regular_steps = stream
        .sync
        .steps
        .saturating_sub(stream.sync.breaks.len() as u64 + stream.sync.breaks_left_out);
    out.counters.push(stream.sync);
    out.counters
        .extend(stream.pids.into_iter().map(|p| p.counter));
    out.table_changes = stream.tables.changes;
    stream.tables.provider
}

/// The first bytes of the packet at `at`, from its sync byte on.
fn look(src: &mut Source<'_>, at: u64, layout: Layout) -> Option<[u8; LOOKED_AT_BYTES]> {
    let start = at.checked_add(layout.sync as u64)?;
    let behind = src.chunk(start)?;
    if let Some(bytes) = behind.get(..LOOKED_AT_BYTES) {
        return bytes.try_into().ok();
    }
    src.at(start, LOOKED_AT_BYTES)?.try_into().ok()
}

/// Where packets lie in their places again.
fn next_packet(src: &mut Source<'_>, from: u64, layout: Layout) -> Option<u64> {
    let span = layout.packet as u64;
    let sync = layout.sync as u64;
    let end = from.saturating_add(SEARCH_BYTES).min(src.len());
    (from.saturating_add(1)..end).find(|&at| {
        (0..3).all(|n| {
            let byte = at.saturating_add(n * span).saturating_add(sync);
            src.at(byte, 1) == Some(&[SYNC_BYTE])
        })
    })
}

/// One PID's counting.
#[derive(Debug)]
struct Pid {
    pid: u16,
    last: u8,
    repeated: bool,
    counter: Counter,
}

#[derive(Debug)]
struct Stream {
    sync: Counter,
    pids: Vec<Pid>,
    clock_pid: Option<u16>,
    first_pcr: Option<i64>,
    last_pcr: Option<i64>,
    tables: Tables,
}

impl Default for Stream {
    fn default() -> Self {
        Self {
            sync: counter("ts.sync_byte", None),
            pids: Vec::new(),
            clock_pid: None,
            first_pcr: None,
            last_pcr: None,
            tables: Tables::default(),
        }
    }
}

impl Stream {
    /// Reads the table that starts in the packet at `offset_bytes`, if one does.
    fn table(&mut self, src: &mut Source<'_>, head: &[u8; LOOKED_AT_BYTES], offset_bytes: u64) {
        let Some(pid) = be16(head, 1).map(|word| word & 0x1FFF) else {
            return;
        };
        if self.tables.wants(pid) {
            let packet = src.owned(offset_bytes, PACKET_BYTES);
            self.tables.packet(pid, &packet, offset_bytes, self.now_s());
        }
    }

    fn packet(&mut self, p: &[u8; LOOKED_AT_BYTES], at: u64, jumps: &mut Vec<TimeJump>) {
        self.sync.steps += 1;
        let Some(word) = be16(p, 1) else { return };
        let [_, _, _, control, field_len, flags, ..] = *p;
        let pid = word & 0x1FFF;
        // The receiver already found this packet damaged: it says nothing.
        let is_damaged = word & 0x8000 != 0;
        if pid == NULL_PID || is_damaged {
            return;
        }
        let has_payload = control & 0x10 != 0;
        let has_field = control & 0x20 != 0 && field_len > 0;
        let is_declared = has_field && flags & 0x80 != 0;
        if has_field && flags & 0x10 != 0 && field_len >= 7 {
            self.clock(pid, p, is_declared, at, jumps);
        }
        if has_payload {
            self.count(pid, control & 0x0F, is_declared, at);
        }
    }

    fn count(&mut self, pid: u16, count: u8, is_declared: bool, offset_bytes: u64) {
        let at_s = self.now_s();
        let Some(known) = self.pids.iter_mut().find(|p| p.pid == pid) else {
            if self.pids.len() < PIDS_MAX {
                self.pids.push(Pid {
                    pid,
                    last: count,
                    repeated: false,
                    counter: counter("ts.continuity_counter", Some(pid.into())),
                });
            }
            return;
        };
        let expected = known.last.wrapping_add(1) & 0x0F;
        // Each packet may be sent twice, not more often.
        let is_repeat = count == known.last && !known.repeated;
        let last = std::mem::replace(&mut known.last, count);
        known.repeated = is_repeat;
        if is_repeat {
            return;
        }
        known.counter.steps += 1;
        if count == expected {
            known.counter.regular_steps += 1;
        } else if is_declared {
            known.counter.declared_breaks += 1;
        } else if count != last {
            let found = CounterBreak {
                at_s,
                offset_bytes,
                expected: expected.into(),
                found: count.into(),
            };
            note_break(&mut known.counter, found);
        }
    }

    /// The first PID with a clock gives the file's time.
    fn clock(
        &mut self,
        pid: u16,
        p: &[u8; LOOKED_AT_BYTES],
        is_declared: bool,
        offset_bytes: u64,
        jumps: &mut Vec<TimeJump>,
    ) {
        if *self.clock_pid.get_or_insert(pid) != pid {
            return;
        }
        let (Some(high), Some(low)) = (be32(p, 6), be16(p, 10)) else {
            return;
        };
        let base = (i64::from(high) << 1) | i64::from(low >> 15);
        let pcr = base * 300 + i64::from(low & 0x1FF);
        let first = *self.first_pcr.get_or_insert(pcr);
        if let Some(last) = self.last_pcr.replace(pcr)
            && !is_declared
        {
            let length_s = forward(last, pcr) as f64 / PCR_HZ;
            if !(0.0..=JUMP_MIN_S).contains(&length_s) {
                let jump = TimeJump {
                    part: pid.into(),
                    at_s: forward(first, last) as f64 / PCR_HZ,
                    length_s,
                    offset_bytes,
                };
                note_jump(jumps, jump);
            }
        }
    }

    fn now_s(&self) -> Option<f64> {
        Some(forward(self.first_pcr?, self.last_pcr?) as f64 / PCR_HZ)
    }
}

/// From one clock value to the next, over the place where it starts over; more
/// than half of the way round is a step back.
fn forward(from: i64, to: i64) -> i64 {
    let step = (to - from).rem_euclid(PCR_WRAP);
    if step > PCR_WRAP / 2 {
        step - PCR_WRAP
    } else {
        step
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::container::read_structure;

    /// How one packet differs from a plain one.
    #[derive(Clone, Copy, Default)]
    struct Packet {
        pid: u16,
        count: u8,
        pcr_ticks: Option<i64>,
        declared: bool,
    }

    impl Packet {
        fn bytes(self) -> [u8; 188] {
            let mut out = [0xFF; 188];
            out[0] = SYNC_BYTE;
            out[1..3].copy_from_slice(&self.pid.to_be_bytes());
            out[3] = 0x30 | (self.count & 0x0F);
            out[4] = 7;
            out[5] = if self.declared { 0x80 } else { 0 };
            if let Some(pcr) = self.pcr_ticks {
                out[5] |= 0x10;
                let base = (pcr / 300) as u64;
                let rest = (pcr % 300) as u64;
                let word = (base << 15) | rest;
                out[6..12].copy_from_slice(&word.to_be_bytes()[2..]);
            }
            out
        }
    }

    /// Two PIDs in turn, the clock every 0.04 s.
    fn stream(range: std::ops::Range<u8>) -> Vec<Packet> {
        range
            .flat_map(|n| {
                let picture = Packet {
                    pid: 256,
                    count: n,
                    pcr_ticks: Some(i64::from(n) * 1_080_000),
                    ..Packet::default()
                };
                let sound = Packet {
                    pid: 257,
                    count: n,
                    ..Packet::default()
                };
                [picture, sound]
            })
            .collect()
    }

    fn read(packets: &[Packet]) -> Container {
        read_bytes(&packets.iter().flat_map(|p| p.bytes()).collect::<Vec<_>>())
    }

    fn read_bytes(bytes: &[u8]) -> Container {
        read_structure(&mut Cursor::new(bytes), bytes.len() as u64, "a.ts").container
    }

    fn breaks(c: &Container) -> Vec<(Option<u32>, u64, u64)> {
        let listed = |counter: &Counter| {
            let part = counter.part;
            let seen = counter
                .breaks
                .iter()
                .map(move |b| (part, b.expected, b.found));
            seen.collect::<Vec<_>>()
        };
        c.counters.iter().flat_map(listed).collect()
    }

    #[test]
    fn a_stream_that_counts_on_has_no_break() {
        let c = read(&stream(0..100));
        assert_eq!(breaks(&c), []);
        assert_eq!(c.time_jumps, []);
        assert_eq!(c.counters.len(), 3);
        assert_eq!((c.counters[1].steps, c.counters[1].regular_steps), (99, 99));
    }

    #[test]
    fn a_stretch_taken_out_breaks_both_counts_and_the_clock() {
        let mut packets = stream(0..50);
        packets.extend(stream(75..100));
        let c = read(&packets);
        assert_eq!(breaks(&c), [(Some(256), 2, 11), (Some(257), 2, 11)]);
        assert_eq!(c.time_jumps.len(), 1);
        assert!((c.time_jumps[0].at_s - 49.0 * 0.04).abs() < 1e-9);
        assert!((c.time_jumps[0].length_s - 1.04).abs() < 1e-9);
    }

    #[test]
    fn a_packet_may_come_twice_and_a_declared_break_is_none() {
        let mut packets = stream(0..50);
        packets.insert(20, packets[19]);
        packets[60].count += 5;
        packets[60].declared = true;
        let pid = packets[60].pid;
        for later in packets.iter_mut().skip(61).filter(|p| p.pid == pid) {
            later.count += 5;
        }
        let c = read(&packets);
        assert_eq!(breaks(&c), []);
        let declared: u64 = c.counters.iter().map(|c| c.declared_breaks).sum();
        assert_eq!(declared, 1);
    }

    #[test]
    fn bytes_missing_inside_a_packet_are_a_lost_place() {
        let mut bytes: Vec<u8> = stream(0..50).iter().flat_map(|p| p.bytes()).collect();
        bytes.drain(188 * 40 + 50..188 * 40 + 90);
        let c = read_bytes(&bytes);
        assert_eq!(c.counters[0].name, "ts.sync_byte");
        assert_eq!(c.counters[0].breaks.len(), 1);
        assert_eq!(c.counters[0].breaks[0].offset_bytes, 188 * 41);
    }

    #[test]
    fn the_clock_may_start_over() {
        assert_eq!(forward(PCR_WRAP - 100, 200), 300);
        assert_eq!(forward(200, PCR_WRAP - 100), -300);
        assert_eq!(forward(0, 300), 300);
    }
}
