//! What the ledger knows of other pictures around one: those that look like it,
//! in whatever case, and those that came with it.

use unbroken_probes::check::{Alike, Beside, Twin};
use unbroken_probes::measure::likeness::Likeness;
use unbroken_probes::measurements::{Device, Measurements};

use super::probe::digests_of;
use crate::cases::{Assignment, readable_name};
use crate::house::House;
use crate::life::State;
use crate::likeness::Asked;
use crate::port::fault::Fault;
use crate::port::ledger::{FileRow, Filter, LooksAlike};

/// Bits that may differ between pictures that are held beside each other: all
/// that the check's limit may be set to.
const WITHIN_BITS: u32 = 48;
/// Most contents that are looked at; a burst has some twenty pictures.
const CONTENTS_MAX: u32 = 64;
/// Most files that one content may have come as.
const FILES_MAX: u32 = 64;
/// Most files on their way that are looked at.
const UNDER_WAY_MAX: u32 = 1_000;

/// Earlier files whose picture looks like this one's, the nearest first.
pub(super) async fn alike(
    house: &House,
    row: &FileRow,
    m: &Measurements,
    assignment: Option<&Assignment>,
) -> Result<Vec<Alike>, Fault> {
    let Some(photo) = &m.photo else {
        return Ok(Vec::new());
    };
    let mut equal = Vec::new();
    if let Some(pixels) = &photo.pixels_blake3 {
        equal = house.ledger.with_pixels(pixels, CONTENTS_MAX).await?;
    }
    let mut contents: Vec<LooksAlike> = Vec::new();
    if let Some(likeness) = photo.likeness.as_ref().filter(|l| l.is_comparable()) {
        let asked = Asked::from(likeness);
        let ledger = &house.ledger;
        contents = ledger.alike(asked, WITHIN_BITS, CONTENTS_MAX).await?;
    }
    // A plain picture can have equal pixels and no likeness.
    let known = |blake3: &String| contents.iter().any(|c| c.blake3 == *blake3);
    let missing: Vec<LooksAlike> = equal
        .iter()
        .filter(|blake3| !known(blake3))
        .map(|blake3| LooksAlike {
            blake3: blake3.clone(),
            distance_bits: 0,
            asked: 0,
        })
        .collect();
    contents.extend(missing);

    let own = assignment.and_then(|a| a.number.as_deref());
    let own_blake3 = &digests_of(row)?.blake3;
    let mut found = Vec::new();
    for content in contents.iter().filter(|c| c.blake3 != *own_blake3) {
        let files = house
            .ledger
            .with_content(&content.blake3, FILES_MAX)
            .await?;
        let earlier: Vec<FileRow> = files.into_iter().filter(|f| f.id < row.id).collect();
        if earlier.is_empty() {
            continue;
        }
        let device = device_of(house, &content.blake3).await?;
        for other in earlier {
            let case = Assignment::of(&other).and_then(|a| a.number);
            found.push(Alike {
                twin: Twin {
                    file: other.id.to_string(),
                    name: readable_name(other.path.name()).text,
                    same_case: case.is_some() && case.as_deref() == own,
                    case,
                },
                has_equal_pixels: equal.contains(&content.blake3),
                distance_bits: content.distance_bits,
                position: Likeness::position(content.asked),
                captured: other.capture_earliest,
                received: other.received,
                is_same_device: device.as_ref().is_some_and(|d| is_same(d, &m.device)),
            });
        }
    }
    Ok(found)
}

async fn device_of(house: &House, blake3: &str) -> Result<Option<Device>, Fault> {
    let measured = house.ledger.measured(blake3).await?;
    let m = measured.and_then(|m| serde_json::from_value::<Measurements>(m.measurements).ok());
    Ok(m.map(|m| m.device))
}

/// True if both name the same device, and one of its numbers does not differ.
fn is_same(a: &Device, b: &Device) -> bool {
    a.model.is_some() && (&a.make, &a.model, &a.serial) == (&b.make, &b.model, &b.serial)
}

/// The other files of the case, and those that are on their way from the same
/// folder and do not have their case yet. Nobody needs them if this file's name
/// has no number of a camera.
pub(super) async fn beside(
    house: &House,
    row: &FileRow,
    in_case: &[FileRow],
) -> Result<Vec<Beside>, Fault> {
    if !may_be_numbered(row.path.name()) {
        return Ok(Vec::new());
    }
    let filter = Filter {
        states: vec![
            State::Seen,
            State::Settled,
            State::Staged,
            State::Probed,
            State::Judged,
        ],
        limit: UNDER_WAY_MAX,
        ..Filter::default()
    };
    let under_way = house.ledger.list(&filter).await?;
    let folder = folder_of(row);
    let from_here = under_way.iter().filter(|other| folder_of(other) == folder);
    let others = in_case.iter().chain(from_here);
    Ok(others
        .filter(|other| other.id != row.id)
        .map(|other| Beside {
            name: readable_name(other.path.name()).text,
            captured: other.capture_earliest,
        })
        .collect())
}

/// True for eight characters of which the last four are digits, as DCF has them.
pub(super) fn may_be_numbered(name: &[u8]) -> bool {
    let end = name.iter().rposition(|b| *b == b'.').unwrap_or(name.len());
    let stem = name.get(..end).unwrap_or_default();
    let number = stem.split_at_checked(4).map(|(_, number)| number);
    number.is_some_and(|n| n.len() == 4 && n.iter().all(u8::is_ascii_digit))
}

/// Share and folder that a file lies in.
fn folder_of(row: &FileRow) -> (&str, &[u8]) {
    let path = row.path.as_bytes();
    let folder = path.len() - row.path.name().len();
    (&row.share, path.get(..folder).unwrap_or_default())
}
