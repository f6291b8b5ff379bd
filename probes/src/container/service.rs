//! Tables of an MPEG-TS that say what the stream is and who made it: PAT and
//! PMT (ISO/IEC 13818-1, 2.4.4) with their version numbers, and the name of the
//! provider in the SDT (ETSI EN 300 468, 5.2.3 and 6.2.33).

use super::bytes::{be16, quote};
use crate::measurements::TableChange;

const PAT_PID: u16 = 0;
const SDT_PID: u16 = 0x11;
const PAT_ID: u8 = 0;
const PMT_ID: u8 = 2;
const SDT_ID: u8 = 0x42;
const SERVICE_DESCRIPTOR: u8 = 0x48;
/// Programs whose maps are followed; a recorder's file has one.
const MAPS_MAX: usize = 16;
/// Changes kept.
const CHANGES_MAX: usize = 100;

/// What the tables said so far.
#[derive(Debug, Default)]
pub(super) struct Tables {
    maps: Vec<u16>,
    last: Vec<(u16, u8)>,
    /// Where a table gave itself a new version.
    pub(super) changes: Vec<TableChange>,
    /// Provider and service, as written.
    pub(super) provider: Option<(String, u64)>,
}

impl Tables {
    /// True if packets of this PID hold a table that is read.
    pub(super) fn wants(&self, pid: u16) -> bool {
        pid == PAT_PID || (pid == SDT_PID && self.provider.is_none()) || self.maps.contains(&pid)
    }

    /// Reads the table that starts in this packet; `packet` begins with the sync
    /// byte. Tables of more than one packet are read as far as the first goes.
    pub(super) fn packet(&mut self, pid: u16, packet: &[u8], offset_bytes: u64, at_s: Option<f64>) {
        let Some((id, section)) = section(packet) else {
            return;
        };
        let Some(version) = section.get(5).map(|b| b >> 1 & 0x1F) else {
            return;
        };
        match (pid, id) {
            (PAT_PID, PAT_ID) => {
                self.version("pat", pid, version, offset_bytes, at_s);
                self.programs(section);
            }
            (SDT_PID, SDT_ID) => self.provider = provider(section).map(|p| (p, offset_bytes)),
            (pid, PMT_ID) if self.maps.contains(&pid) => {
                self.version("pmt", pid, version, offset_bytes, at_s);
            }
            _ => {}
        }
    }

    fn version(
        &mut self,
        table: &str,
        pid: u16,
        version: u8,
        offset_bytes: u64,
        at_s: Option<f64>,
    ) {
        let Some((_, known)) = self.last.iter_mut().find(|(p, _)| *p == pid) else {
            self.last.push((pid, version));
            return;
        };
        let before = std::mem::replace(known, version);
        if before != version && self.changes.len() < CHANGES_MAX {
            self.changes.push(TableChange {
                table: table.to_owned(),
                part: pid.into(),
                at_s,
                offset_bytes,
                before: before.into(),
                after: version.into(),
            });
        }
    }

    /// The PIDs of the program maps.
    fn programs(&mut self, section: &[u8]) {
        for entry in body(section, 8).chunks_exact(4) {
            let (Some(number), Some(pid)) = (be16(entry, 0), be16(entry, 2)) else {
                continue;
            };
            let pid = pid & 0x1FFF;
            if number != 0 && self.maps.len() < MAPS_MAX && !self.maps.contains(&pid) {
                self.maps.push(pid);
            }
        }
    }
}

/// The section that starts in a packet: its table id, and its bytes from there.
fn section(packet: &[u8]) -> Option<(u8, &[u8])> {
    let &[_, flags, _, control, ..] = packet else {
        return None;
    };
    let starts_here = flags & 0x40 != 0 && control & 0x10 != 0;
    let field = if control & 0x20 != 0 {
        usize::from(*packet.get(4)?) + 1
    } else {
        0
    };
    let payload = packet.get(4 + field..).filter(|_| starts_here)?;
    let section = payload.get(1 + usize::from(*payload.first()?)..)?;
    Some((*section.first()?, section))
}

/// What a section holds behind its head of `head` bytes and before its checksum.
fn body(section: &[u8], head: usize) -> &[u8] {
    let length = be16(section, 1).map_or(0, |n| usize::from(n & 0x0FFF));
    let end = (3 + length).saturating_sub(4).min(section.len());
    section.get(head..end).unwrap_or_default()
}

/// `provider / service` of the first service.
fn provider(section: &[u8]) -> Option<String> {
    let mut rest = body(section, 11).get(5..)?;
    while let &[tag, length, ..] = rest {
        let content = rest.get(2..2 + usize::from(length))?;
        if tag == SERVICE_DESCRIPTOR {
            let provider = counted(content.get(1..)?)?;
            let service = counted(content.get(2 + provider.len()..)?)?;
            return Some(format!("{} / {}", quote(provider), quote(service)));
        }
        rest = rest.get(2 + usize::from(length)..)?;
    }
    None
}

fn counted(bytes: &[u8]) -> Option<&[u8]> {
    let (&length, rest) = bytes.split_first()?;
    rest.get(..usize::from(length))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(section: &[u8]) -> Vec<u8> {
        let mut out = vec![0x47, 0x40, 0, 0x10, 0];
        out.extend(section);
        out.resize(188, 0xFF);
        out
    }

    /// A section with its length and four bytes where the checksum stands.
    fn table(id: u8, head: &[u8], content: &[u8]) -> Vec<u8> {
        let length = u16::try_from(head.len() + content.len() + 4).unwrap() | 0xB000;
        let mut out = vec![id];
        out.extend(length.to_be_bytes());
        out.extend(head);
        out.extend(content);
        out.extend([0; 4]);
        packet(&out)
    }

    fn pat(version: u8) -> Vec<u8> {
        table(
            PAT_ID,
            &[0, 1, 0xC1 | version << 1, 0, 0],
            &[0, 1, 0xE1, 0x00],
        )
    }

    #[test]
    fn versions_of_the_tables_are_followed() {
        let mut tables = Tables::default();
        tables.packet(0, &pat(0), 0, None);
        assert!(tables.wants(0x100) && !tables.wants(0x101));
        let pmt = |version: u8| {
            table(
                PMT_ID,
                &[0, 1, 0xC1 | version << 1, 0, 0],
                &[0xE1, 0, 0xF0, 0],
            )
        };
        tables.packet(0x100, &pmt(3), 188, Some(1.0));
        tables.packet(0x100, &pmt(3), 376, Some(2.0));
        assert_eq!(tables.changes, []);
        tables.packet(0x100, &pmt(4), 564, Some(3.0));
        let change = &tables.changes[0];
        assert_eq!(
            (change.table.as_str(), change.before, change.after),
            ("pmt", 3, 4)
        );
        assert_eq!((change.at_s, change.offset_bytes), (Some(3.0), 564));
    }

    #[test]
    fn the_provider_is_quoted() {
        let descriptor = [
            &[SERVICE_DESCRIPTOR, 19, 1, 6][..],
            b"FFmpeg",
            &[9],
            b"Service01",
            &[0],
        ]
        .concat();
        let head = [0, 1, 0xC1, 0, 0, 0xFF, 1, 0xFF];
        let sdt = table(
            SDT_ID,
            &head,
            &[&[0, 1, 0xFC, 0x80, 21][..], &descriptor].concat(),
        );
        let mut tables = Tables::default();
        tables.packet(SDT_PID, &sdt, 0, None);
        assert_eq!(tables.provider, Some(("FFmpeg / Service01".to_owned(), 0)));
        assert!(!tables.wants(SDT_PID));
    }

    #[test]
    fn cut_and_strange_tables_are_passed_over() {
        let whole = pat(0);
        for length in 0..188 {
            Tables::default().packet(0, &whole[..length], 0, None);
        }
        for byte in 0..=255_u8 {
            let strange = vec![byte; 188];
            for pid in [0, SDT_PID, 0x100] {
                Tables::default().packet(pid, &strange, 0, None);
            }
        }
    }
}
