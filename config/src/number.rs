//! Patterns of the numbers that cases go by (research/domain.md 1.10).
//!
//! The real formats of 业务流水号 and 监管通知书编号 are not public; the shipped
//! patterns are stand-ins to be settled with the bureau.

use std::path::PathBuf;

use regex::Regex;
use unbroken_probes::text::Text;
use unicode_normalization::UnicodeNormalization;

use crate::fold::fold;
use crate::form::{self, Form, Kind};
use crate::keys::texts;
use crate::shape::sections;

sections! {
    Number, "编号样式;真实格式请向主管部门确认;写了任何一条,即取代全部内置各条",
        "A pattern of numbers; the real formats must be had from the bureau; giving any replaces \
         all of the built-in ones";
    keys {
        kind: String = String::new(), Kind::Text(Form::Slug), "",
            "编号种类,流程以 number_kind 引用", "Kind of number, as number_kind of flows names it", "";
        flow: Vec<String> = Vec::new(),
            Kind::List { of: &Kind::Text(Form::Slug), min: 0, max: 64 }, "",
            "只用于哪些流程(代码);留空为所有引用此种类的流程",
            "Codes of the flows it is for; empty: every flow of this kind of number", "";
        pattern: String = String::new(), Kind::Text(Form::Regex), "",
            "编号的正则表达式;先折叠全角字符,各种括号一律写作〔〕",
            "Regular expression of the number; texts are folded first: half-width, and every \
             bracket written 〔〕", "";
        canonical: String = String::new(), Kind::Text(Form::Any), "",
            "编号的规范写法,$1、$2 为样式中的分组;留空则照所写",
            "How the number is written officially, with $1, $2 for the groups; empty: as found", "";
        examples: Vec<String> = Vec::new(),
            Kind::List { of: &Kind::Text(Form::Filled), min: 0, max: 64 }, "",
            "样例,启动时须与样式相符", "Examples; each must match when the config is read", "";
        case_list: PathBuf = PathBuf::new(), Kind::Text(Form::PathOrEmpty), "",
            "案件名单(CSV),可选:编号不在名单内的待确认",
            "List of cases (CSV), optional: a number not on it waits to be confirmed", "";
    }
    sections {}
    lists {}
}

/// The shipped stand-ins.
pub(crate) fn stand_ins() -> Vec<Number> {
    let number = |kind: &str, pattern: &str, canonical: &str, examples: &[&str]| Number {
        kind: kind.to_owned(),
        pattern: pattern.to_owned(),
        canonical: canonical.to_owned(),
        examples: texts(examples),
        ..Number::default()
    };
    vec![
        number(
            "serial",
            r"[Yy][Ww](\d{10})",
            "YW$1",
            &["YW2026040001", "YW２０２６０４０００１"],
        ),
        number(
            "notice",
            r"沪监通(?:〔(\d{4})〕 ?|(\d{4})-)(\d{4})号?",
            "沪监通〔$1$2〕$3号",
            &[
                "沪监通〔2026〕0012号",
                "沪监通2026-0012",
                "沪监通（2026）0012号",
            ],
        ),
    ]
}

/// A compiled pattern.
#[derive(Clone, Debug)]
pub struct NumberPattern {
    /// Kind of number.
    pub kind: String,
    /// Codes of the flows it is for; empty for every flow of this kind.
    pub flow: Vec<String>,
    /// List of cases; empty if there is none.
    pub case_list: PathBuf,
    canonical: String,
    within: Regex,
    whole: Regex,
}

/// A number found in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundNumber {
    /// The official way to write it.
    pub canonical: String,
    /// As it was typed, before folding.
    pub written: String,
}

impl NumberPattern {
    /// Compiles a row.
    pub fn new(row: &Number) -> Result<Self, Text> {
        let pattern = unanchored(&row.pattern);
        let compile = |pattern: &str| {
            form::regex(pattern).map_err(|why| {
                Text::new(
                    format!("正则表达式无法编译:{why}"),
                    format!("the regular expression does not compile: {why}"),
                )
            })
        };
        Ok(Self {
            kind: row.kind.clone(),
            flow: row.flow.clone(),
            case_list: row.case_list.clone(),
            canonical: row.canonical.clone(),
            within: compile(pattern)?,
            whole: compile(&format!("^(?:{pattern})$"))?,
        })
    }

    /// The number that `text` is, as a whole.
    pub fn matches(&self, text: &str) -> Option<FoundNumber> {
        self.found(&self.whole, text.trim()).into_iter().next()
    }

    /// Every different number in `text`, a folder's or file's name. A match
    /// that touches another ASCII letter or digit is a part of something
    /// longer and no number.
    pub fn find(&self, text: &str) -> Vec<FoundNumber> {
        self.found(&self.within, text)
    }

    fn found(&self, regex: &Regex, text: &str) -> Vec<FoundNumber> {
        let folded = &fold(text);
        // Folding composes and then replaces character by character, so places
        // in the composed text are places in the folded one.
        let typed = |start: usize, length: usize| -> String {
            let before = folded.get(..start).map_or(0, |t| t.chars().count());
            text.nfc().skip(before).take(length).collect()
        };
        let mut all: Vec<FoundNumber> = Vec::new();
        for groups in regex.captures_iter(folded) {
            let Some(hit) = groups.get(0) else { continue };
            let touches = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
            let before = folded
                .get(..hit.start())
                .and_then(|t| t.chars().next_back());
            let after = folded.get(hit.end()..).and_then(|t| t.chars().next());
            if hit.is_empty() || touches(before) || touches(after) {
                continue;
            }
            let canonical = if self.canonical.is_empty() {
                hit.as_str().to_owned()
            } else {
                let mut canonical = String::new();
                groups.expand(&self.canonical, &mut canonical);
                canonical
            };
            if !all.iter().any(|known| known.canonical == canonical) {
                all.push(FoundNumber {
                    canonical,
                    written: typed(hit.start(), hit.as_str().chars().count()),
                });
            }
        }
        all
    }

    /// What is wrong with a row that compiles: an example that does not match,
    /// or a canonical form that the pattern itself does not know again.
    pub(crate) fn faults(row: &Number) -> Vec<(&'static str, Text)> {
        let pattern = match Self::new(row) {
            Ok(pattern) => pattern,
            Err(text) => return vec![("pattern", text)],
        };
        let mut faults = Vec::new();
        for example in &row.examples {
            match pattern.matches(example) {
                None => faults.push((
                    "examples",
                    Text::new(
                        format!("样例 {example} 与样式不符"),
                        format!("the example {example} does not match the pattern"),
                    ),
                )),
                Some(found) => {
                    let again = pattern.matches(&found.canonical);
                    if again.is_none_or(|again| again.canonical != found.canonical) {
                        faults.push((
                            "canonical",
                            Text::new(
                                format!("规范写法 {} 自身与样式不符", found.canonical),
                                format!(
                                    "the canonical form {} does not match the pattern itself",
                                    found.canonical
                                ),
                            ),
                        ));
                    }
                }
            }
        }
        faults
    }
}

/// The pattern without `^` at its start and `$` at its end: whether the whole
/// text or a part of it is meant is the caller's to say.
fn unanchored(pattern: &str) -> &str {
    let pattern = pattern.strip_prefix('^').unwrap_or(pattern);
    match pattern.strip_suffix('$') {
        Some(rest) if !rest.ends_with('\\') => rest,
        _ => pattern,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Config;

    fn all(text: &str) -> Vec<String> {
        let config = Config::default();
        let patterns = config.number_patterns();
        let found = patterns.iter().flat_map(|pattern| pattern.find(text));
        found.map(|number| number.canonical).collect()
    }

    #[test]
    fn numbers_are_found_in_folder_and_file_names() {
        for (text, number) in [
            ("YW2026040001", "YW2026040001"),
            ("YW２０２６０４０００１_首次会议.jpg", "YW2026040001"),
            ("YW2026040001_某某检测公司", "YW2026040001"),
            ("yw2026040001-1.jpg", "YW2026040001"),
            ("沪监通2026-0012_某某检测公司", "沪监通〔2026〕0012号"),
            ("沪监通〔2026〕0012号", "沪监通〔2026〕0012号"),
            ("沪监通【２０２６】0012号风险监控", "沪监通〔2026〕0012号"),
        ] {
            assert_eq!(all(text), [number], "{text}");
        }
    }

    #[test]
    fn a_part_of_something_longer_is_no_number() {
        for text in [
            "YW20260400012",
            "XYW2026040001",
            "YW202604001",
            "沪监通2026-00123",
            "",
        ] {
            assert!(all(text).is_empty(), "{text}");
        }
        let twice = all("YW2026040001 YW2026040002 YW2026040001");
        assert_eq!(twice, ["YW2026040001", "YW2026040002"]);
    }

    #[test]
    fn a_whole_match_takes_nothing_more() {
        let config = Config::default();
        let patterns = config.number_patterns();
        let serial = patterns.iter().find(|p| p.kind == "serial").unwrap();
        assert_eq!(
            serial.matches(" YW2026040001 ").unwrap().canonical,
            "YW2026040001"
        );
        assert!(serial.matches("YW2026040001_x").is_none());
    }

    #[test]
    fn anchors_of_a_pattern_do_not_hinder_finding() {
        let row = Number {
            kind: "serial".to_owned(),
            pattern: r"^N\d{3}\$?$".to_owned(),
            ..Number::default()
        };
        let pattern = NumberPattern::new(&row).unwrap();
        assert_eq!(pattern.find("a N123 b").len(), 1);
        assert_eq!(unanchored(r"^a\$"), r"a\$");
    }

    #[test]
    fn examples_and_canonical_forms_are_held_against_the_pattern() {
        let text = |pattern: &str, canonical: &str, example: &str| {
            format!(
                "[[number]]\nkind = \"notice\"\npattern = '监(\\d+)'\n[[number]]\nkind = \
                 \"serial\"\npattern = '{pattern}'\ncanonical = '{canonical}'\nexamples = \
                 ['{example}']\n"
            )
        };
        assert!(crate::parse(&text(r"n(\d)", "n$1", "n1"), "t").is_ok());
        let errors = crate::parse(&text(r"n(\d)", "n$1", "n12"), "t").unwrap_err();
        assert_eq!(errors.0[0].key, "number[1].examples");
        let errors = crate::parse(&text(r"n(\d)", "m$1", "n1"), "t").unwrap_err();
        assert_eq!(errors.0[0].key, "number[1].canonical");
    }
}
