//! The ignore list: names of temporary files and of what systems leave behind.

/// Patterns for names and for folders. `*` stands for any run of characters;
/// letters are compared without regard to case.
#[derive(Clone, Debug, Default)]
pub(super) struct Ignore {
    names: Vec<Vec<u8>>,
    folders: Vec<Vec<u8>>,
}

impl Ignore {
    /// Takes the patterns.
    pub(super) fn new(names: &[String], folders: &[String]) -> Self {
        let fold = |patterns: &[String]| patterns.iter().map(|p| folded(p.as_bytes())).collect();
        Self {
            names: fold(names),
            folders: fold(folders),
        }
    }

    /// True if a file of this name is ignored.
    pub(super) fn name(&self, name: &[u8]) -> bool {
        is_any(&self.names, name)
    }

    /// True if everything in a folder of this name is ignored.
    pub(super) fn folder(&self, name: &[u8]) -> bool {
        is_any(&self.folders, name)
    }
}

fn is_any(patterns: &[Vec<u8>], name: &[u8]) -> bool {
    if patterns.is_empty() {
        return false;
    }
    let name = folded(name);
    patterns.iter().any(|pattern| matches(pattern, &name))
}

/// Lower case; names that are no UTF-8 are folded in their ASCII letters only.
fn folded(name: &[u8]) -> Vec<u8> {
    match std::str::from_utf8(name) {
        Ok(text) if !text.is_ascii() => text.to_lowercase().into_bytes(),
        _ => name.to_ascii_lowercase(),
    }
}

/// Compares with `*`, in time `pattern × name` at worst: on a mismatch only the
/// last `*` has to take one byte more.
fn matches(pattern: &[u8], name: &[u8]) -> bool {
    let (mut p, mut n) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        if pattern.get(p) == Some(&b'*') {
            star = Some((p, n));
            p += 1;
        } else if pattern.get(p).is_some() && pattern.get(p) == name.get(n) {
            p += 1;
            n += 1;
        } else if let Some((star_p, star_n)) = star {
            p = star_p + 1;
            n = star_n + 1;
            star = Some((star_p, n));
        } else {
            return false;
        }
    }
    pattern
        .get(p..)
        .is_some_and(|rest| rest.iter().all(|b| *b == b'*'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        for (pattern, name, expected) in [
            ("*.part", "film.mp4.part", true),
            ("*.part", "film.part.mp4", false),
            ("*.part", ".part", true),
            ("~$*", "~$报告.docx", true),
            ("~$*", "报告~$.docx", false),
            ("thumbs.db", "Thumbs.db", true),
            ("thumbs.db", "Thumbs.db2", false),
            (".syncthing.*.tmp", ".syncthing.a.b.tmp", true),
            (".syncthing.*.tmp", ".syncthing.tmp", false),
            ("*a*b*c", "xxaxxbxbxc", true),
            ("*a*b*c", "xxaxxbxbxcx", false),
            ("*", "", true),
            ("", "", true),
            ("", "x", false),
            ("É*", "été", true),
        ] {
            let ignore = Ignore::new(&[pattern.to_owned()], &[]);
            assert_eq!(
                ignore.name(name.as_bytes()),
                expected,
                "{pattern} on {name}"
            );
            assert!(!ignore.folder(name.as_bytes()));
        }
        let ignore = Ignore::new(&[], &["@eadir".to_owned()]);
        assert!(ignore.folder(b"@eaDir"));
        assert!(!ignore.name(b"@eaDir"));
        assert!(Ignore::new(&["*.TMP".to_owned()], &[]).name(b"\xff\xfe.tmp"));
    }

    /// A pattern cannot be made to take long.
    #[test]
    fn many_stars_stay_cheap() {
        let pattern = "*a".repeat(60) + "b";
        let name = "a".repeat(255);
        assert!(!Ignore::new(&[pattern], &[]).name(name.as_bytes()));
    }
}
