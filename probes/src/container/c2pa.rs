//! C2PA manifests (C2PA specification 2.1): who says what about the file, and
//! whether the file still has the bytes that the manifest's hash was taken of.
//!
//! Three things hold them together, and all are checked: the hard binding
//! (`c2pa.hash.data`), a hash over the file without the manifest itself; the
//! claim's hashes over what is asserted; the signature over the claim. Whether
//! the signer is to be trusted is for [`crate::anchors`] to say.
//!
//! Of a store only the manifest in force is looked at; those of what the photo
//! was made from are counted. Time stamps and lists of revoked certificates need
//! others to be asked, and nobody is.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256, Sha384, Sha512};

mod cose;
#[cfg(test)]
pub(crate) mod signing;

pub(crate) use cose::hex;
pub use cose::{C2paCertificate, C2paSignature};

use super::bytes::{OWNED_MAX_BYTES, Source, be32, quote};
use super::cbor::{self, Value};
use super::jpeg::Segment;

/// Boxes followed in one store.
const BOXES_MAX: usize = 2_000;
/// Deepest nesting of boxes: store, manifest, assertions, assertion.
const DEPTH_MAX: u32 = 8;
/// Actions and source types kept.
const ACTIONS_MAX: usize = 50;
/// Assertions whose hashes are checked.
const ASSERTIONS_MAX: usize = 200;
/// Ranges that a hash may leave out.
const EXCLUSIONS_MAX: usize = 1_000;

/// What the file's manifest says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct C2paManifest {
    /// Manifests in the store; the last is in force, the others are of what it
    /// was made from.
    pub manifests: u32,
    /// The name of the last.
    pub label: String,
    /// Program that made the claim, as written.
    pub claim_generator: Option<String>,
    /// What was done, in order: `c2pa.created`, `c2pa.edited` …
    pub actions: Vec<String>,
    /// Digital source types that it gives (IPTC NewsCodes).
    pub source_types: Vec<String>,
    /// Algorithm of the hash over the file.
    pub hash_algorithm: Option<String>,
    /// True if the hash over the file is the one in the manifest, false if
    /// not, `None` if it could not be computed.
    pub hash_matches: Option<bool>,
    /// The signature over the claim, if there is one that can be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signature: Option<C2paSignature>,
    /// Assertions whose hash in the claim was computed anew.
    pub assertions_checked: u32,
    /// Those of them that are not what the claim says.
    pub assertions_changed: Vec<String>,
}

/// The store in the APP11 segments of a JPEG (ISO 19566-5, annex D): each has
/// mark, number, sequence and, from the second on, the box's head again.
pub(super) fn in_jpeg(src: &mut Source<'_>, segments: &[Segment]) -> Option<Vec<u8>> {
    let mut store: Vec<u8> = Vec::new();
    for s in segments.iter().filter(|s| s.marker == 0xEB) {
        let body = src.owned(s.body(), s.body_len().min(65_535));
        let is_jumbf = body.starts_with(b"JP") && body.get(12..16) == Some(b"jumb");
        if !is_jumbf {
            continue;
        }
        let skip = if store.is_empty() { 8 } else { 16 };
        store.extend(body.get(skip..).unwrap_or_default());
        if store.len() > OWNED_MAX_BYTES {
            return None;
        }
    }
    (!store.is_empty()).then_some(store)
}

/// Reads a store and holds its hash against the file.
pub(super) fn read(src: &mut Source<'_>, store: &[u8]) -> Option<C2paManifest> {
    let mut gathered = Gathered::default();
    gather(store, &mut Vec::new(), 0, &mut gathered);
    let Gathered {
        contents: boxes,
        supers,
    } = gathered;
    let is_manifest =
        |b: &&Content<'_>| b.path.first().is_some_and(|l| l == "c2pa") && b.path.len() > 1;
    let mut labels: Vec<&String> = Vec::new();
    for content in boxes.iter().filter(is_manifest) {
        if let Some(label) = content.path.get(1).filter(|l| !labels.contains(l)) {
            labels.push(label);
        }
    }
    let label = (*labels.last()?).clone();
    let mut found = C2paManifest {
        manifests: u32::try_from(labels.len()).unwrap_or(u32::MAX),
        label: quote(label.as_bytes()),
        ..C2paManifest::default()
    };
    let own = boxes.iter().filter(|b| b.path.get(1) == Some(&label));
    for content in own {
        let Some(value) = cbor::read(content.bytes) else {
            continue;
        };
        let name = content.path.last().map_or("", String::as_str);
        // Assertions of one kind are numbered: `c2pa.actions__1`.
        match name.split("__").next().unwrap_or_default() {
            "c2pa.claim" | "c2pa.claim.v2" => {
                found.claim_generator = generator(&value);
                check_assertions(&value, &label, &supers, &mut found);
                let signature = boxes.iter().find(|b| {
                    b.path.get(1) == Some(&label)
                        && b.path.get(2).is_some_and(|l| l == "c2pa.signature")
                });
                found.signature = signature.and_then(|s| cose::read(s.bytes, content.bytes));
            }
            "c2pa.actions" | "c2pa.actions.v2" => actions(&value, &mut found),
            "c2pa.hash.data" => {
                found.hash_algorithm = value
                    .get("alg")
                    .and_then(Value::text)
                    .map(|a| quote(a.as_bytes()));
                found.hash_matches = matches(src, &value);
            }
            _ => {}
        }
    }
    Some(found)
}

/// A content box with the labels of the boxes around it.
struct Content<'a> {
    path: Vec<String>,
    bytes: &'a [u8],
}

/// What a store holds.
#[derive(Default)]
struct Gathered<'a> {
    contents: Vec<Content<'a>>,
    /// Labelled boxes, with all that is in them.
    supers: Vec<Content<'a>>,
}

fn gather<'a>(bytes: &'a [u8], path: &mut Vec<String>, depth: u32, out: &mut Gathered<'a>) {
    if depth > DEPTH_MAX {
        return;
    }
    let mut rest = bytes;
    let mut is_labelled = false;
    while let Some((kind, body, after)) = one_box(rest)
        && out.contents.len() + out.supers.len() < BOXES_MAX
    {
        rest = after;
        match &kind {
            b"jumb" => gather(body, path, depth + 1, out),
            b"jumd" if !is_labelled => {
                // Type, toggles, label ended by a zero.
                let label = body.get(17..).unwrap_or_default();
                let label = label.split(|&b| b == 0).next().unwrap_or_default();
                path.push(String::from_utf8_lossy(label).into_owned());
                is_labelled = true;
            }
            b"cbor" => out.contents.push(Content {
                path: path.clone(),
                bytes: body,
            }),
            _ => {}
        }
    }
    if is_labelled {
        out.supers.push(Content {
            path: path.clone(),
            bytes,
        });
        path.pop();
    }
}

/// Type and content of the box at the start, and what follows it.
fn one_box(bytes: &[u8]) -> Option<([u8; 4], &[u8], &[u8])> {
    let size = usize::try_from(be32(bytes, 0)?).ok()?;
    let kind: [u8; 4] = bytes.get(4..8)?.try_into().ok()?;
    let end = if size == 0 { bytes.len() } else { size };
    let body = bytes.get(8..end.min(bytes.len()))?;
    Some((kind, body, bytes.get(end..).unwrap_or_default()))
}

fn generator(claim: &Value<'_>) -> Option<String> {
    if let Some(text) = claim.get("claim_generator").and_then(Value::text) {
        return Some(quote(text.as_bytes()));
    }
    let info = claim.get("claim_generator_info")?;
    let one = info.items().first().unwrap_or(info);
    let part = |key| one.get(key).and_then(Value::text);
    let (name, version) = (part("name")?, part("version").unwrap_or_default());
    Some(quote(format!("{name} {version}").as_bytes()))
}

fn actions(value: &Value<'_>, found: &mut C2paManifest) {
    for action in value.get("actions").map_or(&[][..], Value::items) {
        if found.actions.len() >= ACTIONS_MAX {
            break;
        }
        if let Some(name) = action.get("action").and_then(Value::text) {
            found.actions.push(quote(name.as_bytes()));
        }
        if let Some(kind) = action.get("digitalSourceType").and_then(Value::text) {
            found.source_types.push(quote(kind.as_bytes()));
        }
    }
}

/// Holds the claim's hashes against what it names. A place that is not found
/// here is not checked.
fn check_assertions(
    claim: &Value<'_>,
    label: &str,
    supers: &[Content<'_>],
    found: &mut C2paManifest,
) {
    let usual = claim.get("alg").and_then(Value::text);
    let lists = ["assertions", "created_assertions", "gathered_assertions"];
    let lists = lists.iter().filter_map(|name| claim.get(name));
    for named in lists.flat_map(Value::items).take(ASSERTIONS_MAX) {
        let (Some(url), Some(expected)) = (
            named.get("url").and_then(Value::text),
            named.get("hash").and_then(Value::bytes),
        ) else {
            continue;
        };
        let algorithm = named.get("alg").and_then(Value::text).or(usual);
        let Some(place) = url.strip_prefix("self#jumbf=") else {
            continue;
        };
        let path: Vec<&str> = match place.strip_prefix('/') {
            Some(whole) => whole.split('/').collect(),
            None => ["c2pa", label]
                .into_iter()
                .chain(place.split('/'))
                .collect(),
        };
        let Some(asserted) = supers.iter().find(|b| b.path == path) else {
            continue;
        };
        let Some(hash) = digest(algorithm, asserted.bytes) else {
            continue;
        };
        found.assertions_checked += 1;
        if hash != expected {
            let name = path.last().copied().unwrap_or_default();
            found.assertions_changed.push(quote(name.as_bytes()));
        }
    }
}

fn digest(algorithm: Option<&str>, bytes: &[u8]) -> Option<Vec<u8>> {
    Some(match algorithm.unwrap_or("sha256") {
        "sha256" => Sha256::digest(bytes).to_vec(),
        "sha384" => Sha384::digest(bytes).to_vec(),
        "sha512" => Sha512::digest(bytes).to_vec(),
        _ => return None,
    })
}

/// Hashes the file without the ranges that the assertion leaves out.
fn matches(src: &mut Source<'_>, assertion: &Value<'_>) -> Option<bool> {
    let expected = assertion.get("hash")?.bytes()?;
    let exclusions = assertion.get("exclusions").map_or(&[][..], Value::items);
    if exclusions.len() > EXCLUSIONS_MAX {
        return None;
    }
    let mut left_out = Vec::new();
    for range in exclusions {
        let start = range.get("start")?.unsigned()?;
        let end = start.checked_add(range.get("length")?.unsigned()?)?;
        left_out.push((start, end));
    }
    left_out.sort_unstable();
    match assertion
        .get("alg")
        .and_then(Value::text)
        .unwrap_or("sha256")
    {
        "sha256" => hashed::<Sha256>(src, &left_out).map(|hash| hash == expected),
        "sha384" => hashed::<Sha384>(src, &left_out).map(|hash| hash == expected),
        "sha512" => hashed::<Sha512>(src, &left_out).map(|hash| hash == expected),
        _ => None,
    }
}

fn hashed<D: Digest>(src: &mut Source<'_>, left_out: &[(u64, u64)]) -> Option<Vec<u8>> {
    let mut hasher = D::new();
    let mut at = 0;
    for &(start, end) in left_out.iter().chain([&(src.len(), u64::MAX)]) {
        let start = start.min(src.len());
        while at < start {
            let chunk = src.chunk(at)?;
            let wanted = usize::try_from(start - at)
                .unwrap_or(usize::MAX)
                .min(chunk.len());
            hasher.update(chunk.get(..wanted)?);
            at += wanted as u64;
        }
        at = at.max(end);
    }
    Some(hasher.finalize().to_vec())
}

#[cfg(test)]
pub(crate) mod tests {
    use std::io::Cursor;

    use super::signing::{CLAIM_SIGNING, Signer};
    use super::*;
    use crate::container::read_structure;

    pub(super) fn boxed(kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
        let size = u32::try_from(body.len() + 8).unwrap();
        [&size.to_be_bytes(), kind.as_slice(), body].concat()
    }

    pub(super) fn labelled(label: &str, content: &[Vec<u8>]) -> Vec<u8> {
        let description = [&[7; 16], &[3][..], label.as_bytes(), b"\0"].concat();
        boxed(
            b"jumb",
            &[boxed(b"jumd", &description), content.concat()].concat(),
        )
    }

    pub(super) fn text(value: &str) -> Vec<u8> {
        let mut out = vec![0x78, u8::try_from(value.len()).unwrap()];
        out.extend(value.as_bytes());
        out
    }

    pub(super) fn map(pairs: &[(&str, Vec<u8>)]) -> Vec<u8> {
        let mut out = vec![0xA0 + u8::try_from(pairs.len()).unwrap()];
        for (key, value) in pairs {
            out.extend(text(key));
            out.extend(value);
        }
        out
    }

    pub(super) fn number(value: u32) -> Vec<u8> {
        [&[0x1A][..], &value.to_be_bytes()].concat()
    }

    fn store(hash: &[u8], length: u32, signer: Option<&Signer>, action: &str) -> Vec<u8> {
        let range = map(&[("start", number(8)), ("length", number(length))]);
        let binding = map(&[
            ("exclusions", [vec![0x81], range].concat()),
            ("alg", text("sha256")),
            ("hash", [&[0x58, 32], hash].concat()),
        ]);
        let created = map(&[
            ("action", text(action)),
            (
                "digitalSourceType",
                text("http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture"),
            ),
        ]);
        let actions = map(&[("actions", [vec![0x81], created].concat())]);
        let cbor = |label: &str, body: &[u8]| labelled(label, &[boxed(b"cbor", body)]);
        let assertions = [
            cbor("c2pa.actions", &actions),
            cbor("c2pa.hash.data", &binding),
        ];
        let named = |label: &str, assertion: &[u8]| {
            map(&[
                ("url", text(&format!("self#jumbf=c2pa.assertions/{label}"))),
                (
                    "hash",
                    [&[0x58, 32], Sha256::digest(&assertion[8..]).as_slice()].concat(),
                ),
            ])
        };
        let list = [
            vec![0x82],
            named("c2pa.actions", &assertions[0]),
            named("c2pa.hash.data", &assertions[1]),
        ];
        let claim = map(&[
            ("claim_generator", text("Acme Camera/1.0")),
            ("alg", text("sha256")),
            ("assertions", list.concat()),
        ]);
        let older = labelled("urn:uuid:1", &[cbor("c2pa.claim", &map(&[]))]);
        let mut parts = vec![
            labelled("c2pa.assertions", &assertions),
            cbor("c2pa.claim", &claim),
        ];
        parts.extend(signer.map(|s| cbor("c2pa.signature", &s.signature(&claim))));
        labelled("c2pa", &[older, labelled("urn:uuid:2", &parts)])
    }

    /// A JPEG with credentials that nobody signed, in two segments.
    pub(crate) fn signed() -> Vec<u8> {
        file(None, "c2pa.created")
    }

    /// The same, signed, and with this action.
    pub(crate) fn signed_by(signer: &Signer, action: &str) -> Vec<u8> {
        file(Some(signer), action)
    }

    /// A signature as it is read back.
    pub(crate) fn signature_by(signer: &Signer) -> C2paSignature {
        read_back(&signed_by(signer, "c2pa.created"))
            .unwrap()
            .signature
            .unwrap()
    }

    fn file(signer: Option<&Signer>, action: &str) -> Vec<u8> {
        let front = b"\xff\xd8\xff\xe0\0\x04ab".as_slice();
        let behind = b"\xff\xda\0\x02\x01\x02\x03\xff\xd9".as_slice();
        let segments = |hash: &[u8], length: u32| {
            let store = store(hash, length, signer, action);
            let (first, second) = store.split_at(store.len() / 2);
            let head = &store[..8];
            let segment = |number: u8, parts: &[&[u8]]| {
                let body = [b"JP\0\x01\0\0\0".as_slice(), &[number], &parts.concat()].concat();
                let size = u16::try_from(body.len() + 2).unwrap();
                [b"\xff\xeb".as_slice(), &size.to_be_bytes(), &body].concat()
            };
            [segment(1, &[first]), segment(2, &[head, second])].concat()
        };
        let length = u32::try_from(segments(&[0; 32], 0).len()).unwrap();
        let hash = Sha256::digest([front, behind].concat());
        [front, &segments(&hash, length), behind].concat()
    }

    fn read_back(bytes: &[u8]) -> Option<C2paManifest> {
        let len = bytes.len() as u64;
        let structure = read_structure(&mut Cursor::new(bytes), len, "a.jpg");
        structure.container.c2pa
    }

    #[test]
    fn a_file_as_it_was_signed_matches_and_a_changed_one_does_not() {
        let whole = signed();
        let found = read_back(&whole).unwrap();
        assert_eq!(found.hash_matches, Some(true));
        assert_eq!((found.manifests, found.label.as_str()), (2, "urn:uuid:2"));
        assert_eq!(found.claim_generator.as_deref(), Some("Acme Camera/1.0"));
        assert_eq!(found.actions, ["c2pa.created"]);
        assert!(found.source_types[0].ends_with("digitalCapture"));
        let mut changed = whole.clone();
        let at = changed.len() - 4;
        changed[at] ^= 1;
        assert_eq!(read_back(&changed).unwrap().hash_matches, Some(false));
        let longer = [whole, b"more".to_vec()].concat();
        assert_eq!(read_back(&longer).unwrap().hash_matches, Some(false));
    }

    #[test]
    fn signature_chain_and_assertions_of_a_signed_file_hold() {
        let signer = Signer::for_purpose(CLAIM_SIGNING);
        let found = read_back(&signed_by(&signer, "c2pa.created")).unwrap();
        assert_eq!(
            (found.assertions_checked, found.hash_matches),
            (2, Some(true))
        );
        assert!(found.assertions_changed.is_empty());
        let signature = found.signature.unwrap();
        assert_eq!(signature.algorithm.as_deref(), Some("ES256"));
        assert_eq!(
            (signature.is_valid, signature.chain_holds),
            (Some(true), Some(true))
        );
        assert!(signature.may_sign_claims && !signature.has_time_stamp);
        let leaf = &signature.certificates[0];
        assert_eq!(
            (leaf.subject.as_str(), leaf.issuer.as_str()),
            ("Acme Camera 7", "Acme Root")
        );
        assert_eq!(
            (leaf.serial_hex.as_str(), leaf.not_before.as_str()),
            ("5a17", "2026-01-01T00:00:00Z")
        );
        assert_eq!(signature.topmost_hex, hex(&signer.leaf));
    }

    #[test]
    fn damage_is_no_accusation() {
        let signer = Signer::for_purpose(CLAIM_SIGNING);
        let whole = signed_by(&signer, "c2pa.created");
        for end in 0..whole.len() {
            let found = read_back(&whole[..end]);
            assert!(found.is_none_or(|f| f.hash_matches != Some(true)));
        }
        for at in 8..whole.len() - 9 {
            let mut broken = whole.clone();
            broken[at] = 0xFF;
            let _ = read_back(&broken);
        }
        assert_eq!(read_back(b"\xff\xd8\xff\xda\0\x02\x01\xff\xd9"), None);
    }
}
