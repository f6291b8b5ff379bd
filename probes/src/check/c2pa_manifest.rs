//! `c2pa_manifest`: what the file's signed record of origin says, and whether the
//! file is still the one that was signed.

use crate::check::{Aspect, Case, Check, Family, Level, Ruling, Seen, Strength};
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
        zh: "**检查内容** 文件是否带有 C2PA 内容凭证;凭证中的文件哈希与文件现在的字节是否一致。\n\n\
             **测量方法** 读取 JPEG(APP11)、PNG(caBX)中的凭证,按其声明的算法和范围重新计算哈希,与凭证中的\
             c2pa.hash.data 比较;列出生成凭证的程序和所记录的操作。本检查不验证签名和证书,因此哈希一致只作提示,\
             不证明来源;签名可用 c2patool 验证。\n\n\
             **可能含义** 哈希不一致,说明文件在生成凭证之后被改动过,属确定的事实;改动了什么需人工判断。\n\n\
             **常见的正常原因** 转存软件修改了元数据而保留凭证;在相册中旋转、加说明。\n\n\
             **如何确认** 请提供设备中的原始文件;用 c2patool 查看凭证全文并验证签名。",
        en: "**What it looks at** Whether the file holds content credentials of C2PA, and whether the hash in them is \
             that of the file's bytes as they are.\n\n\
             **How it is measured** The manifest store in JPEG (APP11) and PNG (caBX) is read, the hash computed anew by \
             the algorithm and over the range that it states, and held against its c2pa.hash.data; the program that \
             made it and the actions that it records are listed. Signature and certificates are not verified by this \
             check, so that a hash that fits is only noted and proves no origin; c2patool verifies them.\n\n\
             **What it can mean** A hash that does not fit shows that the file was changed after the credentials were \
             made: a fact. What was changed is for a person to see.\n\n\
             **Usual innocent causes** Transfer software that changed the metadata and kept the credentials; rotation \
             or a caption in an album.\n\n\
             **What would settle it** The original file from the device; c2patool, which shows the credentials in full \
             and verifies their signature.",
    },
    see_yourself: "c2patool {file}",
    params: &[],
    judge,
};

fn judge(case: &Case<'_>) -> Ruling {
    let Some(manifest) = case.m.container.as_ref().and_then(|c| c.c2pa.as_ref()) else {
        return Ruling::Pass;
    };
    let by = manifest.claim_generator.as_deref().unwrap_or("?");
    let actions = if manifest.actions.is_empty() {
        "-".to_owned()
    } else {
        manifest.actions.join(", ")
    };
    let seen = match manifest.hash_matches {
        Some(false) => Seen::new(
            Level::Attention,
            Strength::Fact,
            Text::new(
                format!(
                    "文件带有 {by} 生成的内容凭证(操作:{actions}),但文件现在的字节与凭证中的哈希不一致:\
                     生成凭证之后文件被改动过。"
                ),
                format!(
                    "The file holds content credentials made by {by} (actions: {actions}), and its bytes do not have \
                     the hash in them: it was changed after the credentials were made."
                ),
            ),
        ),
        Some(true) => told(
            format!("文件带有 {by} 生成的内容凭证(操作:{actions}),哈希与文件一致;签名未验证。"),
            format!(
                "The file holds content credentials made by {by} (actions: {actions}); their hash is the file's. The \
                 signature was not verified."
            ),
        ),
        None => told(
            format!("文件带有 {by} 生成的内容凭证(操作:{actions}),其哈希方式无法核对。"),
            format!(
                "The file holds content credentials made by {by} (actions: {actions}), whose kind of hash could not be \
                 checked."
            ),
        ),
    };
    Ruling::Found(vec![seen])
}

fn told(zh: String, en: String) -> Seen {
    Seen::new(Level::Info, Strength::Information, Text::new(zh, en))
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::check::trial::{Trial, at};
    use crate::container::{c2pa, read_structure};

    fn judged(bytes: &[u8]) -> Ruling {
        let mut trial = Trial::photo(at("2026-04-12T01:00:00Z"), 0.0);
        read_structure(&mut Cursor::new(bytes), bytes.len() as u64, "a.jpg").apply(&mut trial.m);
        trial.judge(&CHECK)
    }

    #[test]
    fn a_change_after_signing_is_a_fact_and_a_fitting_hash_is_noted() {
        let mut file = c2pa::tests::signed();
        let Ruling::Found(seen) = judged(&file) else {
            panic!("credentials passed unseen")
        };
        assert_eq!(
            (seen[0].level, seen[0].strength),
            (Level::Info, Strength::Information)
        );
        assert!(seen[0].text.en.contains("Acme Camera/1.0"));
        let at = file.len() - 4;
        file[at] ^= 1;
        let Ruling::Found(seen) = judged(&file) else {
            panic!("a changed file passed")
        };
        assert_eq!(
            (seen[0].level, seen[0].strength),
            (Level::Attention, Strength::Fact)
        );
        assert_eq!(judged(b"\xff\xd8\xff\xda\0\x02\x01\xff\xd9"), Ruling::Pass);
    }
}
