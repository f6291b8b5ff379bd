//! What the admin taught: the files that `[reference]` names, read together
//! with the config, so that a changed one comes into force with it.

use std::path::Path;
use std::sync::Arc;

use sha2::{Digest, Sha256};
use unbroken_probes::anchors::Anchors;
use unbroken_probes::exemplar::{ExemplarError, Exemplars};
use unbroken_probes::text::Text;
use unbroken_probes::writers::Writers;

use crate::error::Faults;
use crate::keys::Reference;

/// Reads a file that the config names.
pub(crate) type ReadBeside<'a> = &'a dyn Fn(&Path) -> std::io::Result<Vec<u8>>;

/// The contents of the files that `[reference]` names.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Known {
    /// What the files of each model have in common.
    pub exemplars: Arc<Exemplars>,
    /// Who writes what into media files.
    pub writers: Arc<Writers>,
    /// Whom the admin trusts to vouch for a signer of content credentials.
    pub anchors: Arc<Anchors>,
    /// SHA-256 of each file that was read, in hex.
    digests: Vec<String>,
}

impl Known {
    /// Reads them; what is wrong is noted at its key.
    pub(crate) fn read(
        reference: &Reference,
        read: ReadBeside<'_>,
        faults: &mut Faults<'_>,
    ) -> Self {
        let mut known = Self::default();
        let key = "reference.exemplars";
        if let Some(text) = known.text(key, &reference.exemplars, read, faults) {
            match Exemplars::parse(&text) {
                Ok(exemplars) => known.exemplars = Arc::new(exemplars),
                Err(why) => faults.of(key, wrong_exemplars(&reference.exemplars, &why)),
            }
        }
        let key = "reference.writers";
        if let Some(text) = known.text(key, &reference.writers, read, faults) {
            match Writers::with_own(&text) {
                Ok(writers) => known.writers = Arc::new(writers),
                Err(wrong) => {
                    let (file, line) = (reference.writers.display(), wrong.line);
                    let Text { zh, en } = wrong.why;
                    let text = Text::new(
                        format!("签名文件 {file} 第 {line} 行:{zh}。请改正该行"),
                        format!("the signatures in {file}, line {line}: {en}. Mend that line"),
                    );
                    faults.of(key, text);
                }
            }
        }
        let key = "reference.c2pa_anchors";
        if let Some(text) = known.text(key, &reference.c2pa_anchors, read, faults) {
            match Anchors::parse(&text) {
                Ok(anchors) => known.anchors = Arc::new(anchors),
                Err(wrong) => {
                    let (file, line) = (reference.c2pa_anchors.display(), wrong.line);
                    let Text { zh, en } = wrong.why;
                    let text = Text::new(
                        format!("信任根文件 {file} 第 {line} 行:{zh}。请改正该证书"),
                        format!("the anchors in {file}, line {line}: {en}. Mend that certificate"),
                    );
                    faults.of(key, text);
                }
            }
        }
        known
    }

    /// The text of one file, or nothing if none is named or it cannot be read.
    fn text(
        &mut self,
        key: &str,
        path: &Path,
        read: ReadBeside<'_>,
        faults: &mut Faults<'_>,
    ) -> Option<String> {
        if path.as_os_str().is_empty() {
            return None;
        }
        let bytes = match read(path) {
            Ok(bytes) => bytes,
            Err(why) => {
                let file = path.display();
                let text = Text::new(
                    format!("无法读取 {file}:{why}。请改正路径,或清空 {key}"),
                    format!("{file} cannot be read: {why}. Mend the path, or empty {key}"),
                );
                faults.of(key, text);
                return None;
            }
        };
        self.digests.push(hex::encode(Sha256::digest(&bytes)));
        match String::from_utf8(bytes) {
            Ok(text) => Some(text),
            Err(_) => {
                let file = path.display();
                let text = Text::new(
                    format!("{file} 不是 UTF-8 编码:请另存为 UTF-8"),
                    format!("{file} is not UTF-8: save it as UTF-8"),
                );
                faults.of(key, text);
                None
            }
        }
    }

    /// What stands for the contents in the digest of the rules; empty if
    /// nothing was read.
    pub(crate) fn digest(&self) -> String {
        self.digests.concat()
    }
}

fn wrong_exemplars(path: &Path, why: &ExemplarError) -> Text {
    let file = path.display();
    let place = match why {
        ExemplarError::Malformed { line, why, .. } => Text::new(
            format!("参照文件 {file} 第 {line} 行不合格式:{why}"),
            format!("the exemplars in {file}, line {line}, are malformed: {why}"),
        ),
        ExemplarError::Version(_) => Text::new(
            format!("参照文件 {file} 版本不符:{why}"),
            format!("the exemplars in {file}: {why}"),
        ),
    };
    Text::new(
        format!("{}。请用 unbroken calibrate 重新建立", place.zh),
        format!("{}. Make them anew with unbroken calibrate", place.en),
    )
}

#[cfg(test)]
mod tests {
    use std::fs;

    use crate::{Config, load};

    fn loaded(key: &str, content: Option<&[u8]>) -> Result<Config, String> {
        let folder = tempfile::tempdir().unwrap();
        let beside = folder.path().join("beside");
        if let Some(content) = content {
            fs::write(&beside, content).unwrap();
        }
        let config = folder.path().join("unbroken.toml");
        fs::write(
            &config,
            format!("[reference]\n{key} = '{}'\n", beside.display()),
        )
        .unwrap();
        load(&config).map_err(|errors| errors.to_string())
    }

    const OWN: &str = "[[writer]]\npattern = 'dockware'\nwho = \"editor\"\nname = \"Dock\"\nsource = \"our own\"\n";

    #[test]
    fn what_the_admin_taught_is_among_the_rules_and_changes_their_digest() {
        let plain = Config::default();
        let taught = loaded("writers", Some(OWN.as_bytes())).unwrap();
        assert_eq!(taught.rules().writers.own_count(), 1);
        let again = loaded("writers", Some(OWN.replace("Dock", "Docking").as_bytes())).unwrap();
        let exemplars = r#"{"schema": "unbroken.exemplars/1", "entries": []}"#;
        let empty = loaded("exemplars", Some(exemplars.as_bytes())).unwrap();
        assert!(empty.rules().exemplars.is_empty());
        let hashes = [plain.hash(), taught.hash(), again.hash(), empty.hash()];
        let different: std::collections::BTreeSet<_> = hashes.iter().collect();
        assert_eq!(different.len(), hashes.len());
    }

    #[test]
    fn a_wrong_file_is_named_with_its_line_and_what_to_do() {
        for (key, content, wanted) in [
            ("writers", Some(OWN.replace("editor", "nobody")), "line 3"),
            ("exemplars", Some("{\n\"schema\": 7}".to_owned()), "line 2"),
            (
                "exemplars",
                Some(r#"{"schema": "unbroken.exemplars/9"}"#.to_owned()),
                "unbroken calibrate",
            ),
            ("exemplars", None, "Mend the path"),
            (
                "c2pa_anchors",
                Some("\nno certificate".to_owned()),
                "line 1",
            ),
        ] {
            let said = loaded(key, content.as_deref().map(str::as_bytes)).unwrap_err();
            assert!(said.contains("beside") && said.contains(wanted), "{said}");
            assert!(
                said.contains(&format!("{key} = ")),
                "the config's line: {said}"
            );
        }
        assert!(
            loaded("writers", Some(&[0xB2, 0xE2]))
                .unwrap_err()
                .contains("UTF-8")
        );
    }
}
