//! A signer for tests: a root, a certificate that it issued, keys made anew.

use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair,
    EcdsaSigningAlgorithm, KeyPair,
};

use crate::container::der::{made, tag};

/// For signing claims, and for nothing of the kind (TLS).
pub(crate) const CLAIM_SIGNING: &[u8] =
    &[0x2B, 0x06, 0x01, 0x04, 0x01, 0x83, 0xE8, 0x5E, 0x02, 0x01];
pub(crate) const SERVER: &[u8] = &[0x2B, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01];

const ECDSA_SHA256: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x02];
const EC_KEY: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01];
const P256: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07];

/// Who signs.
pub(crate) struct Signer {
    key: EcdsaKeyPair,
    pub(crate) leaf: Vec<u8>,
    pub(crate) root: Vec<u8>,
}

fn pair(algorithm: &'static EcdsaSigningAlgorithm) -> EcdsaKeyPair {
    let random = SystemRandom::new();
    let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
    EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random).unwrap()
}

fn oid(body: &[u8]) -> Vec<u8> {
    made(tag::OID, &[body])
}

fn name(common: &str) -> Vec<u8> {
    let pair = made(
        tag::SEQUENCE,
        &[&oid(&[0x55, 0x04, 0x03]), &made(0x0C, &[common.as_bytes()])],
    );
    made(tag::SEQUENCE, &[&made(tag::SET, &[&pair])])
}

fn extension(id: &[u8], content: &[u8]) -> Vec<u8> {
    made(tag::SEQUENCE, &[&oid(id), &made(tag::OCTETS, &[content])])
}

fn certificate(
    subject: &str,
    key: &EcdsaKeyPair,
    by: (&str, &EcdsaKeyPair),
    extensions: &[u8],
) -> Vec<u8> {
    let kind = made(tag::SEQUENCE, &[&oid(ECDSA_SHA256)]);
    let validity = made(
        tag::SEQUENCE,
        &[
            &made(tag::UTC_TIME, &[b"260101000000Z"]),
            &made(tag::TIME, &[b"20560101000000Z"]),
        ],
    );
    let curve = made(tag::SEQUENCE, &[&oid(EC_KEY), &oid(P256)]);
    let public = made(
        tag::SEQUENCE,
        &[&curve, &made(tag::BITS, &[&[0], key.public_key().as_ref()])],
    );
    let signed_part = made(
        tag::SEQUENCE,
        &[
            &made(tag::EXPLICIT_0, &[&made(tag::INTEGER, &[&[2]])]),
            &made(tag::INTEGER, &[&[0x5A, 0x17]]),
            &kind,
            &name(by.0),
            &validity,
            &name(subject),
            &public,
            &made(tag::EXPLICIT_3, &[&made(tag::SEQUENCE, &[extensions])]),
        ],
    );
    let signature = by.1.sign(&SystemRandom::new(), &signed_part).unwrap();
    made(
        tag::SEQUENCE,
        &[
            &signed_part,
            &kind,
            &made(tag::BITS, &[&[0], signature.as_ref()]),
        ],
    )
}

impl Signer {
    /// One whose certificate is for `purpose`.
    pub(crate) fn for_purpose(purpose: &[u8]) -> Self {
        let root_key = pair(&ECDSA_P256_SHA256_ASN1_SIGNING);
        let key = pair(&ECDSA_P256_SHA256_FIXED_SIGNING);
        let authority = made(tag::SEQUENCE, &[&made(tag::BOOLEAN, &[&[0xFF]])]);
        let authority = extension(&[0x55, 0x1D, 0x13], &authority);
        let purpose = extension(&[0x55, 0x1D, 0x25], &made(tag::SEQUENCE, &[&oid(purpose)]));
        Self {
            root: certificate("Acme Root", &root_key, ("Acme Root", &root_key), &authority),
            leaf: certificate("Acme Camera 7", &key, ("Acme Root", &root_key), &purpose),
            key,
        }
    }

    /// COSE_Sign1 over `claim`, the signer's certificate in its header.
    pub(crate) fn signature(&self, claim: &[u8]) -> Vec<u8> {
        let bytes = |bytes: &[u8]| {
            let length = u16::try_from(bytes.len()).unwrap();
            [&[0x59][..], &length.to_be_bytes(), bytes].concat()
        };
        // {1: -7, 33: [certificate]}
        let protected = [b"\xa2\x01\x26\x18\x21\x81".as_slice(), &bytes(&self.leaf)].concat();
        let message = super::cose::message(&protected, claim);
        let signed = self.key.sign(&SystemRandom::new(), &message).unwrap();
        [
            b"\xd2\x84".as_slice(),
            &bytes(&protected),
            b"\xa0\xf6",
            &bytes(signed.as_ref()),
        ]
        .concat()
    }

    /// The root as an admin would give it.
    pub(crate) fn anchor(&self) -> String {
        use base64::Engine;
        let text = base64::engine::general_purpose::STANDARD.encode(&self.root);
        let lines: Vec<&str> = text
            .as_bytes()
            .chunks(64)
            .map(|l| std::str::from_utf8(l).unwrap())
            .collect();
        format!(
            "# Acme\n-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
            lines.join("\n")
        )
    }
}
