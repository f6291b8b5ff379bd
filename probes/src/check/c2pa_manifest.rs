//! `c2pa_manifest`: what the file's signed record of origin says, and whether the
//! file is still the one that was signed.

use crate::check::{Aspect, Case, Check, Family, Level, Ruling, Seen, Strength};
use crate::container::c2pa::C2paManifest;
use crate::measurements::Kind;
use crate::text::{StaticText, Text};

/// The declaration.
pub static CHECK: Check = Check {
    code: "c2pa_manifest",
    clause: "no.edit",
    aspect: Aspect::Integrity,
    family: Family::Provenance,
    strength: Strength::Fact,
    kinds: &[Kind::Photo],
    title: StaticText {
        zh: "内容凭证(C2PA)与文件不符",
        en: "The content credentials (C2PA) do not fit the file",
    },
    pass: StaticText {
        zh: "文件没有内容凭证(C2PA);没有凭证不说明任何问题。",
        en: "The file holds no content credentials (C2PA); that means nothing.",
    },
    doc: StaticText {
        zh: "**检查内容** 文件是否带有 C2PA 内容凭证;凭证、签名与文件是否相互一致;签名者是谁。\n\n\
             **测量方法** 读取 JPEG(APP11)、PNG(caBX)中最新的凭证。①按其声明的算法和范围重新计算文件哈希,与 \
             c2pa.hash.data 比较;②重新计算各项声明的哈希,与签名内容(claim)中的比较;③用凭证所附证书验证签名\
             (COSE_Sign1,ES256、ES384、PS256、PS384、PS512、EdDSA),并逐级验证证书链。三者都成立为“有效”;\
             证书链再由管理员给出的根证书(reference.c2pa_anchors)签发、且证书可用于签署凭证的为“可信”。\
             列出签名者、签发者、生成程序和所记录的操作。时间戳和证书吊销状态不查。\n\n\
             **可能含义** 哈希不一致,说明文件或声明在签名之后被改动过,属确定的事实;签名不成立为强迹象;\
             凭证自己记录的编辑操作,属程序自己的记录。“有效”只说明签名之后未改动,任何人都可以自制证书签名;\
             “可信”才说明签名者的身份有人担保。没有凭证不说明任何问题。\n\n\
             **常见的正常原因** 转存软件修改了元数据而保留凭证;在相册中旋转、加说明。\n\n\
             **如何确认** 请提供设备中的原始文件;用 c2patool 查看凭证全文。",
        en: "**What it looks at** Whether the file holds content credentials of C2PA, whether credentials, signature and \
             file fit each other, and who signed.\n\n\
             **How it is measured** The newest manifest in JPEG (APP11) or PNG (caBX) is read. First, the hash over the \
             file is computed anew by the algorithm and over the range that it states, and held against its \
             c2pa.hash.data; second, the hashes of what is asserted, against those in the claim; third, the signature \
             over the claim is verified with the certificate that comes with it (COSE_Sign1; ES256, ES384, PS256, PS384, \
             PS512, EdDSA), and the chain of certificates link by link. If all three hold the credentials are valid; \
             if a root that the admin gave (reference.c2pa_anchors) issued the chain, and the certificate is for signing \
             claims, they are trusted. Signer, issuer, program and recorded actions are listed. Time stamps, \
             and whether a certificate has expired or was revoked, are not looked at.\n\n\
             **What it can mean** A hash that does not fit shows that file or assertion was changed after signing: a \
             fact. A signature that does not hold is a strong sign. Editing that the credentials record is the \
             program's own record. Valid means unchanged since signing and no more, for anybody can make a \
             certificate; trusted means that somebody vouches for the signer. Absence means nothing.\n\n\
             **Usual innocent causes** Transfer software that changed the metadata and kept the credentials; rotation \
             or a caption in an album.\n\n\
             **What would settle it** The original file from the device; c2patool, which shows the credentials in full.",
    },
    see_yourself: "c2patool {file}",
    params: &[],
    judge,
};

/// Actions that change what the picture shows (C2PA specification 2.1, 19.15).
const EDITS: [&str; 8] = [
    "c2pa.color_adjustments",
    "c2pa.cropped",
    "c2pa.drawing",
    "c2pa.edited",
    "c2pa.enhanced",
    "c2pa.filtered",
    "c2pa.placed",
    "c2pa.removed",
];

fn judge(case: &Case<'_>) -> Ruling {
    let Some(manifest) = case.m.container.as_ref().and_then(|c| c.c2pa.as_ref()) else {
        return Ruling::Pass;
    };
    let about = About::of(manifest);
    let mut seen = Vec::new();
    if manifest.hash_matches == Some(false) {
        seen.push(found(
            Strength::Fact,
            format!(
                "文件带有{}的内容凭证,但文件现在的字节与凭证中的哈希不一致:生成凭证之后文件被改动过。",
                about.zh
            ),
            format!(
                "The file holds content credentials {}, and its bytes do not have the hash in them: it was changed \
                 after the credentials were made.",
                about.en
            ),
        ));
    }
    if let Some(name) = manifest.assertions_changed.first() {
        let count = manifest.assertions_changed.len();
        seen.push(found(
            Strength::Fact,
            format!("内容凭证中有 {count} 项声明(如 {name})与签名内容中的哈希不一致:签名之后凭证被改动过。"),
            format!(
                "{count} assertions of the content credentials ({name} and others, if there are more) do not have the \
                 hash that the claim gives: the credentials were changed after they were signed."
            ),
        ));
    }
    if manifest.signature.as_ref().and_then(|s| s.is_valid) == Some(false) {
        seen.push(found(
            Strength::Strong,
            format!("{}的内容凭证,签名不成立:签名之后凭证被改动过,或签名是伪造的。", about.zh),
            format!(
                "The signature of the content credentials {} does not hold: they were changed after signing, or the \
                 signature is made up.",
                about.en
            ),
        ));
    }
    if let Some(edit) = manifest
        .actions
        .iter()
        .find(|a| EDITS.contains(&a.as_str()))
    {
        seen.push(found(
            Strength::Fact,
            format!("{}的内容凭证自己记录了编辑操作:{edit}。", about.zh),
            format!(
                "The content credentials {} themselves record editing: {edit}.",
                about.en
            ),
        ));
    }
    let is_sound = manifest.hash_matches != Some(false)
        && manifest.assertions_changed.is_empty()
        && manifest.signature.as_ref().and_then(|s| s.is_valid) != Some(false);
    if is_sound {
        seen.push(state(case, manifest, &about));
    }
    Ruling::Found(seen)
}

fn found(strength: Strength, zh: String, en: String) -> Seen {
    Seen::new(Level::Attention, strength, Text::new(zh, en))
}

/// Who made the credentials, who signed them, and what they record.
struct About {
    zh: String,
    en: String,
}

impl About {
    fn of(manifest: &C2paManifest) -> Self {
        let by = manifest.claim_generator.as_deref().unwrap_or("?");
        let actions = if manifest.actions.is_empty() {
            "-".to_owned()
        } else {
            manifest.actions.join(", ")
        };
        let signer = manifest
            .signature
            .as_ref()
            .and_then(|s| s.certificates.first());
        match signer {
            Some(signer) => Self {
                zh: format!(
                    "由 {by} 生成、由“{}”签名(证书由“{}”签发)、操作为 {actions} ",
                    signer.subject, signer.issuer
                ),
                en: format!(
                    "made by {by}, signed by “{}” (certificate issued by “{}”), actions: {actions}",
                    signer.subject, signer.issuer
                ),
            },
            None => Self {
                zh: format!("由 {by} 生成、操作为 {actions} "),
                en: format!("made by {by}, actions: {actions}"),
            },
        }
    }
}

/// Trusted, valid or not to be verified: for information all three.
fn state(case: &Case<'_>, manifest: &C2paManifest, about: &About) -> Seen {
    let signature = manifest.signature.as_ref();
    let is_valid =
        signature.and_then(|s| s.is_valid) == Some(true) && manifest.hash_matches == Some(true);
    let anchor = signature
        .filter(|_| is_valid)
        .and_then(|s| case.anchors.vouching_for(s));
    let chain_breaks = signature.and_then(|s| s.chain_holds) == Some(false);
    let (zh, en) = match (is_valid, anchor) {
        (true, Some(anchor)) => (
            format!("可信:签名有效,哈希与文件一致,签名者由管理员信任的“{anchor}”担保。"),
            format!(
                "Trusted: the signature holds, the hash is the file's, and “{anchor}”, whom the admin trusts, vouches \
                 for the signer."
            ),
        ),
        (true, None) if chain_breaks => (
            "签名有效,哈希与文件一致,但证书链不成立:签名者的身份无人担保。".to_owned(),
            "Valid: the signature holds and the hash is the file's; the chain of certificates does not hold, so nobody \
             vouches for the signer."
                .to_owned(),
        ),
        (true, None) => (
            "有效:签名有效,哈希与文件一致;签名者不在管理员信任的范围内,身份无人担保。".to_owned(),
            "Valid: the signature holds and the hash is the file's; no root that the admin trusts vouches for the signer."
                .to_owned(),
        ),
        (false, _) => (
            "签名或哈希的方式本程序无法核对,未作验证。".to_owned(),
            "Its kind of signature or hash could not be checked here.".to_owned(),
        ),
    };
    let text = Text::new(
        format!("文件带有{}的内容凭证。{zh}", about.zh),
        format!("The file holds content credentials {}. {en}", about.en),
    );
    Seen::new(Level::Info, Strength::Information, text)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::anchors::Anchors;
    use crate::check::trial::{Trial, at};
    use crate::container::c2pa::signing::{CLAIM_SIGNING, Signer};
    use crate::container::c2pa::tests::{signed, signed_by};
    use crate::container::read_structure;

    fn judged(bytes: &[u8], anchors: Anchors) -> Vec<(Level, Strength, String)> {
        let mut trial = Trial::photo(at("2026-04-12T01:00:00Z"), 0.0);
        trial.anchors = anchors;
        read_structure(&mut Cursor::new(bytes), bytes.len() as u64, "a.jpg").apply(&mut trial.m);
        match trial.judge(&CHECK) {
            Ruling::Found(seen) => seen
                .into_iter()
                .map(|s| (s.level, s.strength, s.text.en))
                .collect(),
            _ => Vec::new(),
        }
    }

    fn changed(file: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
        let at = file.windows(from.len()).position(|w| w == from).unwrap();
        let mut changed = file.to_vec();
        changed[at..at + to.len()].copy_from_slice(to);
        changed
    }

    #[test]
    fn credentials_without_a_signature_are_held_against_the_file() {
        let file = signed();
        let seen = judged(&file, Anchors::default());
        assert_eq!((seen[0].0, seen[0].1), (Level::Info, Strength::Information));
        assert!(
            seen[0].2.contains("Acme Camera/1.0") && seen[0].2.contains("could not be checked")
        );
        let mut other = file.clone();
        let at = other.len() - 4;
        other[at] ^= 1;
        let seen = judged(&other, Anchors::default());
        assert_eq!((seen[0].0, seen[0].1), (Level::Attention, Strength::Fact));
        let none = b"\xff\xd8\xff\xda\0\x02\x01\xff\xd9";
        assert!(judged(none, Anchors::default()).is_empty());
    }

    #[test]
    fn valid_is_told_from_trusted_by_the_admin_s_anchors() {
        let signer = Signer::for_purpose(CLAIM_SIGNING);
        let file = signed_by(&signer, "c2pa.created");
        let seen = judged(&file, Anchors::default());
        assert_eq!(seen.len(), 1);
        assert_eq!((seen[0].0, seen[0].1), (Level::Info, Strength::Information));
        assert!(
            seen[0].2.contains("Valid:") && seen[0].2.contains("Acme Camera 7"),
            "{seen:?}"
        );
        let trusted = judged(&file, Anchors::parse(&signer.anchor()).unwrap());
        assert!(trusted[0].2.contains("Trusted:") && trusted[0].2.contains("Acme Root"));
        let stranger = Signer::for_purpose(CLAIM_SIGNING);
        let other = judged(&file, Anchors::parse(&stranger.anchor()).unwrap());
        assert!(other[0].2.contains("Valid:"));
    }

    #[test]
    fn a_changed_claim_and_a_changed_assertion_are_told_apart() {
        let signer = Signer::for_purpose(CLAIM_SIGNING);
        let file = signed_by(&signer, "c2pa.created");
        let claim = judged(
            &changed(&file, b"Acme Camera/1.0", b"Acne"),
            Anchors::default(),
        );
        assert_eq!(
            (claim[0].0, claim[0].1),
            (Level::Attention, Strength::Strong)
        );
        assert_eq!(claim.len(), 1);
        let assertion = judged(
            &changed(&file, b"c2pa.created", b"c2pa.crested"),
            Anchors::default(),
        );
        assert_eq!(
            (assertion[0].0, assertion[0].1),
            (Level::Attention, Strength::Fact)
        );
        assert!(assertion[0].2.contains("c2pa.actions"), "{assertion:?}");
        assert_eq!(assertion.len(), 1);
    }

    #[test]
    fn editing_that_is_recorded_is_a_fact() {
        let signer = Signer::for_purpose(CLAIM_SIGNING);
        let seen = judged(&signed_by(&signer, "c2pa.cropped"), Anchors::default());
        assert_eq!((seen[0].0, seen[0].1), (Level::Attention, Strength::Fact));
        assert!(seen[1].2.contains("Valid:"));
    }
}
