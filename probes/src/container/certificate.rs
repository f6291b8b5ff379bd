//! Certificates (X.509, RFC 5280) as far as a chain of signatures needs them:
//! names, validity, key, who signed. Signatures are verified by `ring`, which
//! also keeps the lower bounds of key lengths.

use chrono::{NaiveDate, NaiveDateTime};
use ring::signature::{self, UnparsedPublicKey, VerificationAlgorithm};

use super::bytes::quote;
use super::der::{Der, Item, tag};

/// Object identifiers in DER.
mod oid {
    pub(super) const RSA: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01];
    pub(super) const RSA_PSS: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x0A];
    pub(super) const RSA_SHA256: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x0B];
    pub(super) const RSA_SHA384: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x0C];
    pub(super) const RSA_SHA512: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x0D];
    pub(super) const ECDSA_SHA256: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x02];
    pub(super) const ECDSA_SHA384: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x03];
    pub(super) const EC_KEY: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01];
    pub(super) const P256: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07];
    pub(super) const P384: &[u8] = &[0x2B, 0x81, 0x04, 0x00, 0x22];
    pub(super) const ED25519: &[u8] = &[0x2B, 0x65, 0x70];
    pub(super) const SHA256: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01];
    pub(super) const SHA384: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02];
    pub(super) const SHA512: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03];
    pub(super) const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
    pub(super) const ORGANISATION: &[u8] = &[0x55, 0x04, 0x0A];
    pub(super) const BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1D, 0x13];
    pub(super) const EXTENDED_KEY_USAGE: &[u8] = &[0x55, 0x1D, 0x25];
    pub(super) const EMAIL_PROTECTION: &[u8] = &[0x2B, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x04];
    pub(super) const DOCUMENT_SIGNING: &[u8] = &[0x2B, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x24];
    pub(super) const CLAIM_SIGNING: &[u8] =
        &[0x2B, 0x06, 0x01, 0x04, 0x01, 0x83, 0xE8, 0x5E, 0x02, 0x01];
}

/// Purposes for which C2PA lets a certificate sign (specification 2.1, 14.5.1).
const PURPOSES: [&[u8]; 3] = [
    oid::EMAIL_PROTECTION,
    oid::DOCUMENT_SIGNING,
    oid::CLAIM_SIGNING,
];
/// Longest certificate that is read; real ones have one or two KiB.
const SIZE_MAX_BYTES: usize = 16 * 1024;
/// Extensions and parts of a name followed.
const PARTS_MAX: usize = 64;

/// A public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key<'a> {
    kind: &'a [u8],
    curve: Option<&'a [u8]>,
    bits: &'a [u8],
}

/// One certificate.
#[derive(Clone, Debug)]
pub(crate) struct Certificate<'a> {
    signed_part: &'a [u8],
    algorithm: Algorithm<'a>,
    signature: &'a [u8],
    pub(crate) serial: &'a [u8],
    /// Names as they stand, to be compared.
    pub(crate) issuer: &'a [u8],
    pub(crate) subject: &'a [u8],
    pub(crate) not_before: NaiveDateTime,
    pub(crate) not_after: NaiveDateTime,
    pub(crate) key: Key<'a>,
    /// True if it may sign others.
    pub(crate) is_authority: bool,
    /// True if it may sign claims.
    pub(crate) may_sign_claims: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Algorithm<'a> {
    name: &'a [u8],
    parameters: Option<Item<'a>>,
}

/// Reads one; `None` if it is damaged or of another kind.
pub(crate) fn read(bytes: &[u8]) -> Option<Certificate<'_>> {
    if bytes.len() > SIZE_MAX_BYTES {
        return None;
    }
    let mut outer = Der::new(bytes).enter(tag::SEQUENCE)?;
    let signed_part = outer.item(tag::SEQUENCE)?;
    let algorithm = algorithm(&mut outer)?;
    let signature = bits(&mut outer)?;
    let mut inner = Der::new(signed_part.body);
    inner.item(tag::EXPLICIT_0);
    let serial = inner.item(tag::INTEGER)?.body;
    inner.item(tag::SEQUENCE)?;
    let issuer = inner.item(tag::SEQUENCE)?.body;
    let mut validity = inner.enter(tag::SEQUENCE)?;
    let (not_before, not_after) = (time(validity.next()?)?, time(validity.next()?)?);
    let subject = inner.item(tag::SEQUENCE)?.body;
    let key = key(&mut inner)?;
    let mut found = Certificate {
        signed_part: signed_part.whole,
        algorithm,
        signature,
        serial,
        issuer,
        subject,
        not_before,
        not_after,
        key,
        is_authority: false,
        may_sign_claims: false,
    };
    let extensions = inner.find(|item| item.tag == tag::EXPLICIT_3);
    if let Some(mut list) = extensions.and_then(|item| Der::new(item.body).enter(tag::SEQUENCE)) {
        for _ in 0..PARTS_MAX {
            let Some(extension) = list.enter(tag::SEQUENCE) else {
                break;
            };
            read_extension(extension, &mut found);
        }
    }
    Some(found)
}

fn read_extension(mut extension: Der<'_>, found: &mut Certificate<'_>) {
    let Some(name) = extension.item(tag::OID) else {
        return;
    };
    extension.item(tag::BOOLEAN);
    let content = extension.enter(tag::OCTETS);
    let Some(mut content) = content.and_then(|mut octets| octets.enter(tag::SEQUENCE)) else {
        return;
    };
    if name.body == oid::BASIC_CONSTRAINTS {
        found.is_authority = content.item(tag::BOOLEAN).is_some_and(|b| b.body == [0xFF]);
    } else if name.body == oid::EXTENDED_KEY_USAGE {
        let mut purposes = content.take(PARTS_MAX);
        found.may_sign_claims = purposes.any(|p| p.tag == tag::OID && PURPOSES.contains(&p.body));
    }
}

fn algorithm<'a>(der: &mut Der<'a>) -> Option<Algorithm<'a>> {
    let mut inner = der.enter(tag::SEQUENCE)?;
    Some(Algorithm {
        name: inner.item(tag::OID)?.body,
        parameters: inner.next(),
    })
}

/// A bit string of whole bytes.
fn bits<'a>(der: &mut Der<'a>) -> Option<&'a [u8]> {
    let (&unused, bytes) = der.item(tag::BITS)?.body.split_first()?;
    (unused == 0).then_some(bytes)
}

fn key<'a>(der: &mut Der<'a>) -> Option<Key<'a>> {
    let mut inner = der.enter(tag::SEQUENCE)?;
    let kind = algorithm(&mut inner)?;
    let curve = kind.parameters.filter(|p| p.tag == tag::OID);
    Some(Key {
        kind: kind.name,
        curve: curve.map(|p| p.body),
        bits: bits(&mut inner)?,
    })
}

/// `YYMMDDHHMMSSZ`, from 1950 on, or the same with four digits of year.
fn time(item: Item<'_>) -> Option<NaiveDateTime> {
    let text = std::str::from_utf8(item.body).ok()?.strip_suffix('Z')?;
    if !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let (year, rest) = match item.tag {
        tag::UTC_TIME => {
            let (short, rest) = text.split_at_checked(2)?;
            let short: i32 = short.parse().ok()?;
            (
                if short < 50 {
                    2000 + short
                } else {
                    1900 + short
                },
                rest,
            )
        }
        tag::TIME => {
            let (year, rest) = text.split_at_checked(4)?;
            (year.parse().ok()?, rest)
        }
        _ => return None,
    };
    let part = |at: usize| -> Option<u32> { rest.get(at..at + 2)?.parse().ok() };
    let day = NaiveDate::from_ymd_opt(year, part(0)?, part(2)?)?;
    (rest.len() == 10)
        .then(|| day.and_hms_opt(part(4)?, part(6)?, part(8)?))
        .flatten()
}

/// A name for people: common name and organisation.
pub(crate) fn name_of(name: &[u8]) -> String {
    let part = |wanted: &[u8]| {
        Der::new(name).take(PARTS_MAX).find_map(|set| {
            let mut pair = Der::new(set.body).enter(tag::SEQUENCE)?;
            let kind = pair.item(tag::OID)?;
            let text = pair.next()?;
            (set.tag == tag::SET && kind.body == wanted).then(|| string(text))
        })
    };
    match (part(oid::COMMON_NAME), part(oid::ORGANISATION)) {
        (Some(name), Some(of)) if name != of => format!("{name} ({of})"),
        (Some(name), _) => name,
        (None, Some(of)) => of,
        (None, None) => String::new(),
    }
}

fn string(item: Item<'_>) -> String {
    if item.tag == tag::BMP_STRING {
        let units = item.body.as_chunks::<2>().0.iter();
        let units: Vec<u16> = units.map(|&pair| u16::from_be_bytes(pair)).collect();
        return quote(String::from_utf16_lossy(&units).as_bytes());
    }
    quote(item.body)
}

/// How a claim is signed (RFC 9053, RFC 8230): COSE's number and its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    Es256,
    Es384,
    Ps256,
    Ps384,
    Ps512,
    EdDsa,
}

impl Scheme {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::Ps256 => "PS256",
            Self::Ps384 => "PS384",
            Self::Ps512 => "PS512",
            Self::EdDsa => "EdDSA",
        }
    }
}

impl Key<'_> {
    /// True if `signature` is this key's over `message`; `None` if the key is
    /// not of the scheme's kind.
    pub(crate) fn verifies(
        &self,
        scheme: Scheme,
        message: &[u8],
        signature: &[u8],
    ) -> Option<bool> {
        let is_rsa = self.kind == oid::RSA || self.kind == oid::RSA_PSS;
        let is_curve = |curve| self.kind == oid::EC_KEY && self.curve == Some(curve);
        let by: &'static dyn VerificationAlgorithm = match scheme {
            Scheme::Es256 if is_curve(oid::P256) => &signature::ECDSA_P256_SHA256_FIXED,
            Scheme::Es384 if is_curve(oid::P384) => &signature::ECDSA_P384_SHA384_FIXED,
            Scheme::Ps256 if is_rsa => &signature::RSA_PSS_2048_8192_SHA256,
            Scheme::Ps384 if is_rsa => &signature::RSA_PSS_2048_8192_SHA384,
            Scheme::Ps512 if is_rsa => &signature::RSA_PSS_2048_8192_SHA512,
            Scheme::EdDsa if self.kind == oid::ED25519 => &signature::ED25519,
            _ => return None,
        };
        Some(self.holds(by, message, signature))
    }

    fn holds(
        &self,
        by: &'static dyn VerificationAlgorithm,
        message: &[u8],
        signature: &[u8],
    ) -> bool {
        UnparsedPublicKey::new(by, self.bits)
            .verify(message, signature)
            .is_ok()
    }
}

impl Certificate<'_> {
    /// True if `issuer` signed this one and may; `None` if the kind of
    /// signature is not known.
    pub(crate) fn is_signed_by(&self, issuer: &Certificate<'_>) -> Option<bool> {
        if self.issuer != issuer.subject || !issuer.is_authority {
            return Some(false);
        }
        let by = self.algorithm.with(&issuer.key)?;
        Some(issuer.key.holds(by, self.signed_part, self.signature))
    }
}

impl Algorithm<'_> {
    fn with(&self, key: &Key<'_>) -> Option<&'static dyn VerificationAlgorithm> {
        let is_rsa = key.kind == oid::RSA || key.kind == oid::RSA_PSS;
        let is_curve = |curve| key.kind == oid::EC_KEY && key.curve == Some(curve);
        Some(match self.name {
            oid::ECDSA_SHA256 if is_curve(oid::P256) => &signature::ECDSA_P256_SHA256_ASN1,
            oid::ECDSA_SHA256 if is_curve(oid::P384) => &signature::ECDSA_P384_SHA256_ASN1,
            oid::ECDSA_SHA384 if is_curve(oid::P256) => &signature::ECDSA_P256_SHA384_ASN1,
            oid::ECDSA_SHA384 if is_curve(oid::P384) => &signature::ECDSA_P384_SHA384_ASN1,
            oid::RSA_SHA256 if is_rsa => &signature::RSA_PKCS1_2048_8192_SHA256,
            oid::RSA_SHA384 if is_rsa => &signature::RSA_PKCS1_2048_8192_SHA384,
            oid::RSA_SHA512 if is_rsa => &signature::RSA_PKCS1_2048_8192_SHA512,
            oid::ED25519 if key.kind == oid::ED25519 => &signature::ED25519,
            oid::RSA_PSS if is_rsa => match self.hash_of_pss()? {
                oid::SHA256 => &signature::RSA_PSS_2048_8192_SHA256,
                oid::SHA384 => &signature::RSA_PSS_2048_8192_SHA384,
                oid::SHA512 => &signature::RSA_PSS_2048_8192_SHA512,
                _ => return None,
            },
            _ => return None,
        })
    }

    /// The hash in the parameters of RSASSA-PSS (RFC 4055, 3.1).
    fn hash_of_pss(&self) -> Option<&[u8]> {
        let parameters = self.parameters.filter(|p| p.tag == tag::SEQUENCE)?;
        let mut explicit = Der::new(parameters.body).enter(tag::EXPLICIT_0)?;
        Some(algorithm(&mut explicit)?.name)
    }
}
