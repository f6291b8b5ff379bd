//! Which names the scanner passes over, compiled once.

use regex::RegexSet;

use crate::form::REGEX_SIZE_LIMIT_BYTES;

/// What a file's name says of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameClass {
    /// To be taken in.
    Ordinary,
    /// A system's own file: counted, not taken in.
    System,
    /// Still under way: waited for until it is renamed.
    Temporary,
}

/// The compiled patterns of names.
#[derive(Clone, Debug)]
pub struct NameGate {
    system: RegexSet,
    temporary: RegexSet,
    dirs: RegexSet,
}

impl NameGate {
    /// Compiles patterns in which `*` stands for any characters and `?` for
    /// one; case does not matter.
    pub(crate) fn new(system: &[String], temporary: &[String], dirs: &[String]) -> Self {
        Self {
            system: globs(system),
            temporary: globs(temporary),
            dirs: globs(dirs),
        }
    }

    /// What the name of a file says. A name that is both a system's and
    /// temporary counts as temporary: waiting loses nothing.
    pub fn file(&self, name: &str) -> NameClass {
        if self.temporary.is_match(name) {
            NameClass::Temporary
        } else if self.system.is_match(name) {
            NameClass::System
        } else {
            NameClass::Ordinary
        }
    }

    /// True if the folder is not entered.
    pub fn skips_dir(&self, name: &str) -> bool {
        self.dirs.is_match(name)
    }
}

/// Most bytes of one list of patterns. Named guess: twenty times the longest
/// shipped one; a test holds that any list within it compiles.
pub(crate) const MAX_GLOBS_BYTES: usize = 8 << 10;

/// Patterns of names as one set. Each is escaped, so each compiles; a list
/// beyond [`MAX_GLOBS_BYTES`], which only code can make, may be too large and
/// then gives an empty set, by which more is taken in, never less.
pub(crate) fn globs(patterns: &[String]) -> RegexSet {
    let patterns = patterns.iter().map(|glob| {
        let mut pattern = String::from("^");
        for c in glob.chars() {
            match c {
                '*' => pattern.push_str(".*"),
                '?' => pattern.push('.'),
                c => pattern.push_str(&regex::escape(c.encode_utf8(&mut [0; 4]))),
            }
        }
        pattern.push('$');
        pattern
    });
    regex::RegexSetBuilder::new(patterns)
        .case_insensitive(true)
        .dot_matches_new_line(true)
        .size_limit(GLOBS_SIZE_LIMIT_FACTOR * REGEX_SIZE_LIMIT_BYTES)
        .build()
        .unwrap_or_else(|_| RegexSet::empty())
}

/// A set holds many patterns, so it may take more. Named guess.
const GLOBS_SIZE_LIMIT_FACTOR: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Config;

    #[test]
    fn the_shipped_lists_know_what_was_measured() {
        let gate = Config::default().name_gate();
        for name in [
            "Thumbs.db",
            "THUMBS.DB",
            "._IMG_0001.JPG",
            ".DS_Store",
            "desktop.ini",
        ] {
            assert_eq!(gate.file(name), NameClass::System, "{name}");
        }
        for name in [
            "IMG_0001.JPG.filepart",
            "a.mp4.part",
            "~$报告.docx",
            ".syncthing.IMG.jpg.tmp",
            "x.ocTransferId12345.part",
        ] {
            assert_eq!(gate.file(name), NameClass::Temporary, "{name}");
        }
        for name in [
            "IMG_0001.JPG",
            "part.mp4",
            "首次会议.jpg",
            "Thumbs.db.jpg",
            "a\nb.jpg",
        ] {
            assert_eq!(gate.file(name), NameClass::Ordinary, "{name}");
        }
        assert!(gate.skips_dir("@eadir") && gate.skips_dir("#recycle"));
        assert!(!gate.skips_dir("_待认领") && !gate.skips_dir("YW2026040001"));
    }

    #[test]
    fn pattern_characters_other_than_the_two_mean_themselves() {
        let set = globs(&["a.b+(c)?".to_owned()]);
        assert!(set.is_match("A.B+(c)x"));
        assert!(!set.is_match("axb+(c)x") && !set.is_match("a.b+(c)"));
    }

    #[test]
    fn the_largest_lists_that_are_accepted_compile() {
        for (letter, count) in [("?", 16), ("a", 16), ("会", 16), ("*a", 16), ("?", 500)] {
            let each = MAX_GLOBS_BYTES / count / letter.len();
            let list: Vec<String> = (0..count).map(|_| letter.repeat(each)).collect();
            assert_eq!(globs(&list).len(), count, "{letter} × {each}");
        }
    }

    #[test]
    fn a_list_beyond_the_bound_is_refused() {
        let list = |bytes: usize| {
            let third = "a".repeat(bytes / 3);
            let rest = "b".repeat(bytes - 2 * (bytes / 3));
            let text = format!("[share]\nignore_dirs = ['{third}', '{third}', '{rest}']");
            crate::parse(&text, "t")
        };
        assert!(list(MAX_GLOBS_BYTES).is_ok());
        assert!(list(MAX_GLOBS_BYTES + 1).is_err());
    }
}
