//! The signature over a claim: COSE_Sign1 (RFC 9052) without its payload, which
//! is the claim, with the signer's certificates in its header (RFC 9360; C2PA
//! specification 2.1, chapters 13 and 14).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::super::bytes::quote;
use super::super::cbor::{self, Value};
use super::super::certificate::{self, Certificate, Scheme};

/// Certificates followed; real chains have two or three.
const CHAIN_MAX: usize = 8;
/// Numbers of headers: algorithm, chain of certificates.
const ALGORITHM: Value<'_> = Value::Unsigned(1);
const CHAIN: Value<'_> = Value::Unsigned(33);

/// The signature over a claim.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct C2paSignature {
    /// `ES256`, `PS256`, `EdDSA` …; `None` if it is not known here.
    pub algorithm: Option<String>,
    /// True if it is the signer's over this very claim, false if not, `None` if
    /// it could not be verified.
    pub is_valid: Option<bool>,
    /// The signer's certificate first, then each one's issuer, as far as the
    /// file has them.
    pub certificates: Vec<C2paCertificate>,
    /// True if each of them was signed by the next.
    pub chain_holds: Option<bool>,
    /// True if the signer's certificate is for signing claims.
    pub may_sign_claims: bool,
    /// True if a time stamp of a third party is with it (not verified).
    pub has_time_stamp: bool,
    /// The last certificate in DER, in hex: what an anchor must have signed.
    pub topmost_hex: String,
}

/// A certificate of the chain.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct C2paCertificate {
    /// Whose it is: common name and organisation.
    pub subject: String,
    /// Who issued it.
    pub issuer: String,
    /// Its serial number, in hex.
    pub serial_hex: String,
    /// Valid from, UTC.
    pub not_before: String,
    /// Valid to, UTC.
    pub not_after: String,
    /// Its SHA-256, in hex.
    pub sha256_hex: String,
}

/// Reads a signature and verifies it over `claim`.
pub(super) fn read(signature: &[u8], claim: &[u8]) -> Option<C2paSignature> {
    let value = cbor::read(signature)?;
    let [protected, open, _, signed] = value.items() else {
        return None;
    };
    let protected_bytes = protected.bytes()?;
    let protected = cbor::read(protected_bytes)?;
    let headers = [&protected, open];
    let header = |key: &Value<'_>, name: &str| {
        let mut found = headers
            .iter()
            .filter_map(|map| map.at(key).or_else(|| map.get(name)));
        found.next()
    };
    let scheme = header(&ALGORITHM, "alg").and_then(scheme);
    let chain: Vec<&[u8]> = match header(&CHAIN, "x5chain") {
        Some(Value::Bytes(one)) => vec![*one],
        Some(Value::Array(many)) => many.iter().filter_map(Value::bytes).collect(),
        _ => Vec::new(),
    };
    let chain = chain.get(..CHAIN_MAX.min(chain.len())).unwrap_or_default();
    let read: Option<Vec<Certificate<'_>>> =
        chain.iter().map(|der| certificate::read(der)).collect();
    let read = read.unwrap_or_default();
    let message = message(protected_bytes, claim);
    let is_valid = read
        .first()
        .zip(scheme)
        .zip(signed.bytes())
        .and_then(|((leaf, scheme), signed)| leaf.key.verifies(scheme, &message, signed));
    Some(C2paSignature {
        algorithm: scheme.map(|scheme| scheme.name().to_owned()),
        is_valid,
        certificates: read
            .iter()
            .zip(chain)
            .map(|(c, der)| told(c, der))
            .collect(),
        chain_holds: chain_holds(&read),
        may_sign_claims: read.first().is_some_and(|leaf| leaf.may_sign_claims),
        has_time_stamp: ["sigTst", "sigTst2"]
            .iter()
            .any(|name| open.get(name).is_some()),
        topmost_hex: read
            .last()
            .and(chain.last())
            .map(|der| hex(der))
            .unwrap_or_default(),
    })
}

/// Numbers of COSE's registry (RFC 9053, RFC 8230).
fn scheme(value: &Value<'_>) -> Option<Scheme> {
    // A negative number n is written as -1 - n.
    let Value::Negative(written) = value else {
        return None;
    };
    Some(match written {
        6 => Scheme::Es256,
        34 => Scheme::Es384,
        36 => Scheme::Ps256,
        37 => Scheme::Ps384,
        38 => Scheme::Ps512,
        7 => Scheme::EdDsa,
        _ => return None,
    })
}

fn chain_holds(chain: &[Certificate<'_>]) -> Option<bool> {
    let mut holds = (!chain.is_empty()).then_some(true)?;
    for pair in chain.windows(2) {
        if let [one, issuer] = pair {
            holds &= one.is_signed_by(issuer)?;
        }
    }
    Some(holds)
}

/// What is signed: `["Signature1", protected header, nothing, claim]`.
pub(super) fn message(protected: &[u8], claim: &[u8]) -> Vec<u8> {
    let mut out = vec![0x84, 0x6A];
    out.extend(b"Signature1");
    for bytes in [protected, &[], claim] {
        head(&mut out, bytes.len() as u64);
        out.extend(bytes);
    }
    out
}

/// The shortest head of a byte string.
fn head(out: &mut Vec<u8>, length: u64) {
    let bytes = length.to_be_bytes();
    let (short, width) = match length {
        0..=23 => {
            out.push(0x40 | bytes[7]);
            return;
        }
        24..=0xFF => (0x58, 1),
        0x100..=0xFFFF => (0x59, 2),
        0x1_0000..=0xFFFF_FFFF => (0x5A, 4),
        _ => (0x5B, 8),
    };
    out.push(short);
    out.extend(bytes.iter().skip(8 - width));
}

fn told(certificate: &Certificate<'_>, der: &[u8]) -> C2paCertificate {
    let time = |time: chrono::NaiveDateTime| time.format("%Y-%m-%dT%H:%M:%SZ").to_string();
    let name = |name| quote(certificate::name_of(name).as_bytes());
    C2paCertificate {
        subject: name(certificate.subject),
        issuer: name(certificate.issuer),
        serial_hex: hex(certificate.serial),
        not_before: time(certificate.not_before),
        not_after: time(certificate.not_after),
        sha256_hex: hex(&Sha256::digest(der)),
    }
}

/// Bytes as hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_the_shortest_that_hold_the_length() {
        let length = |n: u64| {
            let mut out = Vec::new();
            head(&mut out, n);
            out
        };
        assert_eq!(length(23), [0x57]);
        assert_eq!(length(24), [0x58, 24]);
        assert_eq!(length(256), [0x59, 1, 0]);
        assert_eq!(length(65_536), [0x5A, 0, 1, 0, 0]);
        assert_eq!(length(1 << 32)[0], 0x5B);
    }

    #[test]
    fn what_is_no_signature_is_none() {
        assert_eq!(read(b"", b"claim"), None);
        assert_eq!(read(b"\x80", b"claim"), None);
        // An array of four with an empty header says nothing of its signer.
        let found = read(b"\x84\x41\xa0\xa0\xf6\x41\x00", b"claim").unwrap();
        assert_eq!((found.is_valid, found.chain_holds), (None, None));
        assert!(found.certificates.is_empty());
    }
}
