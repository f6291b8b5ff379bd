//! Whom the admin trusts to vouch for a signer of content credentials: the
//! certificates that end a chain (RFC 5280, 6.1). None are shipped: whom a
//! bureau believes is its own decision, and C2PA's list changes.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::container::c2pa::{C2paSignature, hex};
use crate::container::certificate;
use crate::text::Text;

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";
/// Anchors read; the longest public lists have some hundred.
const ANCHORS_MAX: usize = 1_000;

/// The certificates that are trusted, in DER.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Anchors {
    list: Vec<Vec<u8>>,
}

/// What is wrong with a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrongAnchors {
    /// Line, from 1.
    pub line: usize,
    /// What is wrong there.
    pub why: Text,
}

impl Anchors {
    /// Reads certificates in PEM (RFC 7468), one after the other; what stands
    /// between them is for people.
    pub fn parse(text: &str) -> Result<Self, WrongAnchors> {
        let mut list = Vec::new();
        let mut open: Option<(usize, String)> = None;
        for (index, line) in text.lines().enumerate() {
            let (number, line) = (index + 1, line.trim());
            match &mut open {
                None if line == BEGIN => open = Some((number, String::new())),
                None => {}
                Some((begun, base64)) if line == END => {
                    let der = STANDARD.decode(base64.as_bytes()).ok();
                    let der = der.filter(|der| certificate::read(der).is_some());
                    let der = der.ok_or_else(|| {
                        wrong(*begun, "证书无法读取", "the certificate cannot be read")
                    })?;
                    if list.len() >= ANCHORS_MAX {
                        return Err(wrong(*begun, "证书过多", "there are too many certificates"));
                    }
                    list.push(der);
                    open = None;
                }
                Some((_, base64)) => base64.push_str(line),
            }
        }
        if let Some((begun, _)) = open {
            return Err(wrong(
                begun,
                "证书没有结束行",
                "the certificate has no last line",
            ));
        }
        if list.is_empty() {
            return Err(wrong(
                1,
                "其中没有 PEM 格式的证书",
                "it holds no certificate in PEM",
            ));
        }
        Ok(Self { list })
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.list.len()
    }

    /// The name of the anchor that vouches for a signature; `None` if none
    /// does. A signature that does not hold has no signer.
    pub fn vouching_for(&self, signature: &C2paSignature) -> Option<String> {
        let holds = signature.is_valid == Some(true) && signature.chain_holds == Some(true);
        if !holds || !signature.may_sign_claims {
            return None;
        }
        let topmost = bytes_of(&signature.topmost_hex)?;
        let topmost_read = certificate::read(&topmost)?;
        self.list.iter().find_map(|der| {
            let anchor = certificate::read(der)?;
            let is_in_chain = signature
                .certificates
                .iter()
                .any(|one| one.sha256_hex == hex(&sha2_of(der)));
            let vouches = is_in_chain || topmost_read.is_signed_by(&anchor) == Some(true);
            vouches.then(|| certificate::name_of(anchor.subject))
        })
    }
}

fn sha2_of(bytes: &[u8]) -> Vec<u8> {
    use sha2::Digest;
    sha2::Sha256::digest(bytes).to_vec()
}

fn bytes_of(hex: &str) -> Option<Vec<u8>> {
    let pairs = hex.as_bytes().chunks(2);
    pairs
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect()
}

fn wrong(line: usize, zh: &str, en: &str) -> WrongAnchors {
    WrongAnchors {
        line,
        why: Text::new(zh, en),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::container::c2pa::signing::{CLAIM_SIGNING, SERVER, Signer};
    use crate::container::c2pa::tests::signature_by;

    #[test]
    fn a_chain_that_an_anchor_ends_is_trusted_and_no_other() {
        let signer = Signer::for_purpose(CLAIM_SIGNING);
        let anchors = Anchors::parse(&signer.anchor()).unwrap();
        assert_eq!(anchors.count(), 1);
        let signature = signature_by(&signer);
        assert_eq!(signature.is_valid, Some(true));
        assert_eq!(
            anchors.vouching_for(&signature).as_deref(),
            Some("Acme Root")
        );
        // The same name with another key vouches for nobody.
        let namesake = Signer::for_purpose(CLAIM_SIGNING);
        let theirs = Anchors::parse(&namesake.anchor()).unwrap();
        assert_eq!(theirs.vouching_for(&signature), None);
        assert_eq!(Anchors::default().vouching_for(&signature), None);
        // A server's certificate signs no claims, a broken signature has no signer.
        let server = Signer::for_purpose(SERVER);
        let own = Anchors::parse(&server.anchor()).unwrap();
        assert_eq!(own.vouching_for(&signature_by(&server)), None);
        let broken = C2paSignature {
            is_valid: Some(false),
            ..signature.clone()
        };
        assert_eq!(anchors.vouching_for(&broken), None);
    }

    #[test]
    fn a_wrong_list_names_its_line() {
        let line = |text: &str| Anchors::parse(text).unwrap_err().line;
        let good = Signer::for_purpose(CLAIM_SIGNING).anchor();
        assert_eq!(line("no certificate"), 1);
        assert_eq!(
            line(&format!("{good}\n{BEGIN}\nAAAA\n{END}\n")),
            good.lines().count() + 2
        );
        assert_eq!(line(&format!("{BEGIN}\n???\n{END}\n")), 1);
        assert_eq!(line(BEGIN), 1);
    }
}
