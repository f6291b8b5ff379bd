//! What is wrong with a config: every fault at once, each with its place, the
//! line with a caret, and what was probably meant. Chinese first, then English.

use std::cmp::Ordering;
use std::fmt;
use std::ops::Range;

use unbroken_probes::text::Text;

/// One fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// The file as the admin named it.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// Characters that the fault covers in its line, at least 1.
    pub width: usize,
    /// The line as it stands in the file; of a very long one the part around
    /// the fault.
    pub excerpt: String,
    /// Column at which the excerpt begins, from 1.
    pub excerpt_column: usize,
    /// The dotted key concerned; empty if the fault is not one of a key.
    pub key: String,
    /// What is wrong, what was found, what is allowed.
    pub text: Text,
    /// The key that was probably meant.
    pub did_you_mean: Option<String>,
}

/// Longest excerpt, in characters; a longer line is cut.
const EXCERPT_CHARS: usize = 160;

/// Characters kept before the fault in a line that is cut.
const EXCERPT_LEAD_CHARS: usize = 40;

/// Most faults listed at once; a file with more was not meant as a config.
const MAX_FAULTS: usize = 100;

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            file, line, column, ..
        } = self;
        let (zh_mean, en_mean) = match &self.did_you_mean {
            Some(key) => (
                format!(" 您是否想写 {key} ?"),
                format!(" Did you mean {key} ?"),
            ),
            None => (String::new(), String::new()),
        };
        let Text { zh, en } = &self.text;
        writeln!(f, "错误 {file} 第 {line} 行 第 {column} 列:{zh}。{zh_mean}")?;
        writeln!(f, "error {file}:{line}:{column}: {en}.{en_mean}")?;
        writeln!(f, "{line:>5} | {}", self.excerpt)?;
        let before = self.column.saturating_sub(self.excerpt_column);
        let lead: String = self.excerpt.chars().take(before).map(blank).collect();
        let mut carets: String = self
            .excerpt
            .chars()
            .skip(before)
            .take(self.width)
            .map(|c| if is_wide(c) { "^^" } else { "^" })
            .collect();
        if carets.is_empty() {
            carets.push('^');
        }
        write!(f, "      | {lead}{carets}")
    }
}

/// Blank space as wide as `c` on a terminal.
fn blank(c: char) -> &'static str {
    match c {
        '\t' => "\t",
        c if is_wide(c) => "  ",
        _ => " ",
    }
}

/// Characters that take two columns: East Asian Wide and Fullwidth of Unicode
/// Standard Annex 11, by their blocks.
pub(crate) fn is_wide(c: char) -> bool {
    matches!(u32::from(c),
        0x1100..=0x115F | 0x2E80..=0x303E | 0x3041..=0xA4CF | 0xAC00..=0xD7A3
        | 0xF900..=0xFAFF | 0xFE30..=0xFE6F | 0xFF00..=0xFF60 | 0xFFE0..=0xFFE6
        | 0x1F300..=0x1F64F | 0x1F900..=0x1F9FF | 0x20000..=0x3FFFD)
}

/// Every fault of a config, in the order of the file; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigErrors(pub Vec<ConfigError>);

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, error) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str("\n\n")?;
            }
            error.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigErrors {}

impl ConfigErrors {
    /// A file that cannot be read at all.
    pub(crate) fn unreadable(file: &str, why: &std::io::Error) -> Self {
        Self(vec![ConfigError {
            file: file.to_owned(),
            line: 1,
            column: 1,
            width: 1,
            excerpt: String::new(),
            excerpt_column: 1,
            key: String::new(),
            text: Text::new(
                format!("无法读取配置文件:{why}"),
                format!("the config file cannot be read: {why}"),
            ),
            did_you_mean: None,
        }])
    }
}

/// Collects the faults of one text.
pub(crate) struct Faults<'a> {
    file: &'a str,
    text: &'a str,
    found: Vec<(usize, ConfigError)>,
    places: Vec<(String, Range<usize>)>,
}

impl<'a> Faults<'a> {
    pub(crate) fn new(file: &'a str, text: &'a str) -> Self {
        Self {
            file,
            text,
            found: Vec::new(),
            places: Vec::new(),
        }
    }

    /// Remembers where the value of `key` stands.
    pub(crate) fn place(&mut self, key: &str, span: Range<usize>) {
        self.places.push((key.to_owned(), span));
    }

    /// Where `key` stands, or else the nearest section above it, or else the
    /// top of the file.
    fn span_of(&self, key: &str) -> Range<usize> {
        let mut key = key;
        loop {
            if let Some((_, span)) = self.places.iter().find(|(at, _)| at == key) {
                return span.clone();
            }
            match key.rfind(['.', '[']) {
                Some(cut) => key = key.get(..cut).unwrap_or_default(),
                None => return 0..0,
            }
        }
    }

    /// The entry of the list `list` that the text gives the code `code`; the
    /// last one if there are several, the list itself if there is none.
    pub(crate) fn entry(&self, list: &str, code: &str) -> String {
        let entries = self.places.iter().rev().filter_map(|(key, span)| {
            let entry = key.strip_suffix(".code")?;
            let index = entry.strip_prefix(list)?;
            let is_entry = index.starts_with('[') && !index.contains('.');
            let written = self.text.get(span.clone())?.trim_matches(['"', '\'']);
            (is_entry && written == code).then(|| entry.to_owned())
        });
        entries
            .into_iter()
            .next()
            .unwrap_or_else(|| list.to_owned())
    }

    /// Notes a fault of `key` where its value stands.
    pub(crate) fn of(&mut self, key: &str, text: Text) {
        let span = self.span_of(key);
        self.at(span, key, text, None);
    }

    /// True once no further fault will be listed.
    pub(crate) fn is_full(&self) -> bool {
        self.found.len() > MAX_FAULTS
    }

    /// Notes a fault at a byte span.
    pub(crate) fn at(
        &mut self,
        span: Range<usize>,
        key: &str,
        text: Text,
        did_you_mean: Option<String>,
    ) {
        let text = match self.found.len().cmp(&MAX_FAULTS) {
            Ordering::Less => text,
            Ordering::Equal => Text::new(
                "错误过多,其余未列出",
                "there are more errors, which are not listed",
            ),
            Ordering::Greater => return,
        };
        let start = floor_char(self.text, span.start);
        let end = floor_char(self.text, span.end.max(start));
        let before = self.text.get(..start).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let rest = self.text.get(line_start..).unwrap_or_default();
        let whole_line = rest.split(['\n', '\r']).next().unwrap_or_default();
        let column = before.get(line_start..).unwrap_or_default().chars().count() + 1;
        let covered = self.text.get(start..end).unwrap_or_default();
        let covered = covered.split(['\n', '\r']).next().unwrap_or_default();
        let excerpt_column = if column > EXCERPT_CHARS - EXCERPT_LEAD_CHARS {
            column - EXCERPT_LEAD_CHARS
        } else {
            1
        };
        let excerpt = whole_line.chars().skip(excerpt_column - 1);
        let error = ConfigError {
            file: self.file.to_owned(),
            line,
            column,
            width: covered.chars().count().max(1),
            excerpt: excerpt.take(EXCERPT_CHARS).collect(),
            excerpt_column,
            key: key.to_owned(),
            text,
            did_you_mean,
        };
        self.found.push((start, error));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// All faults in the order of the text.
    pub(crate) fn into_errors(mut self) -> ConfigErrors {
        self.found.sort_by_key(|(start, _)| *start);
        ConfigErrors(self.found.into_iter().map(|(_, error)| error).collect())
    }
}

fn floor_char(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at = at.saturating_sub(1);
    }
    at
}
