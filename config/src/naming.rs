//! The template of official names (clauses name.licence, name.notice).

use unbroken_probes::text::Text;

/// Longest number that the name budget reckons with, in bytes
/// (research/domain.md 1.10).
pub const NUMBER_BUDGET_BYTES: usize = 60;

/// Longest `{time}`: `20260412T103012-P01`, with a two-digit segment more.
pub const TIME_BUDGET_BYTES: usize = 20;

/// Longest `{ext}` of the kinds of file that are taken in: `jpeg`, `m2ts`;
/// twice that, as a named guess.
pub const EXT_BUDGET_BYTES: usize = 8;

/// Digits of the largest running number that the budget reckons with.
const SEQ_BUDGET_DIGITS: usize = 6;

/// Widest zero padding accepted.
const MAX_SEQ_DIGITS: usize = 9;

/// A compiled template. The empty one gives no name at all and stands only
/// where no template compiles.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Template {
    pieces: Vec<Piece>,
}

/// One piece of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Literal(String),
    Number,
    Node,
    NodeName,
    Seq { digits: usize },
    Time,
    Ext,
}

/// What stands in a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NameParts<'a> {
    /// The case's number.
    pub number: &'a str,
    /// Node code: `A2.2`.
    pub node: &'a str,
    /// Node name: `首次会议`.
    pub node_name: &'a str,
    /// Running number, from 1.
    pub seq: u64,
    /// Capture time, or the words that it is not known.
    pub time: &'a str,
    /// Extension without its dot.
    pub ext: &'a str,
}

impl Template {
    /// Compiles a template. Number, running number and extension must be in
    /// it: without them two files could get one name, or lose their type.
    pub fn parse(text: &str) -> Result<Self, Text> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((literal, tail)) = rest.split_once('{') {
            push_literal(&mut pieces, literal)?;
            let (field, tail) = tail.split_once('}').ok_or_else(|| {
                Text::new("模板中的 { 没有对应的 }", "a { of the template has no }")
            })?;
            pieces.push(field_piece(field)?);
            rest = tail;
        }
        push_literal(&mut pieces, rest)?;
        let missing = [
            ("{number}", pieces.contains(&Piece::Number)),
            (
                "{seq}",
                pieces.iter().any(|p| matches!(p, Piece::Seq { .. })),
            ),
            ("{ext}", pieces.last() == Some(&Piece::Ext)),
        ];
        match missing.iter().find(|(_, there)| !there) {
            Some((field, _)) if *field == "{ext}" => Err(Text::new(
                "模板须以 {ext} 结尾",
                "the template must end in {ext}",
            )),
            Some((field, _)) => Err(Text::new(
                format!("模板缺少 {field}"),
                format!("the template lacks {field}"),
            )),
            None => Ok(Self { pieces }),
        }
    }

    /// The name, safe on every file system (research/domain.md 1.10), at most
    /// `max_bytes` long: the node's name gives way first, then the time and
    /// the extension; number and running number never.
    pub fn render(&self, parts: &NameParts<'_>, max_bytes: usize) -> String {
        let full = self.fill(parts);
        let mut over = full.len().saturating_sub(max_bytes);
        if over == 0 {
            return full;
        }
        let mut cut = |text: &str| {
            let safe = safe_name(text);
            let kept = cut_bytes(&safe, safe.len().saturating_sub(over)).to_owned();
            over = over.saturating_sub(safe.len() - kept.len());
            kept
        };
        let node_name = cut(parts.node_name);
        let time = cut(parts.time);
        let ext = cut(parts.ext);
        self.fill(&NameParts {
            node_name: &node_name,
            time: &time,
            ext: &ext,
            ..*parts
        })
    }

    /// True if names of different nodes of a case differ by the node's code.
    pub fn names_node(&self) -> bool {
        self.pieces.contains(&Piece::Node)
    }

    fn fill(&self, parts: &NameParts<'_>) -> String {
        self.pieces
            .iter()
            .map(|piece| match piece {
                Piece::Literal(text) => text.clone(),
                Piece::Number => safe_name(parts.number),
                Piece::Node => safe_name(parts.node),
                Piece::NodeName => safe_name(parts.node_name),
                Piece::Seq { digits } => format!("{:0digits$}", parts.seq, digits = *digits),
                Piece::Time => safe_name(parts.time),
                Piece::Ext => safe_name(parts.ext),
            })
            .collect()
    }

    /// The longest name in bytes, if a node's code and name take at most
    /// `node_bytes` and `node_name_bytes`.
    pub fn longest_bytes(&self, node_bytes: usize, node_name_bytes: usize) -> usize {
        self.pieces
            .iter()
            .map(|piece| match piece {
                Piece::Literal(text) => text.len(),
                Piece::Number => NUMBER_BUDGET_BYTES,
                Piece::Node => node_bytes,
                Piece::NodeName => node_name_bytes,
                Piece::Seq { digits } => (*digits).max(SEQ_BUDGET_DIGITS),
                Piece::Time => TIME_BUDGET_BYTES,
                Piece::Ext => EXT_BUDGET_BYTES,
            })
            .sum()
    }
}

fn push_literal(pieces: &mut Vec<Piece>, literal: &str) -> Result<(), Text> {
    if literal.contains('}') {
        return Err(Text::new(
            "模板中的 } 没有对应的 {",
            "a } of the template has no {",
        ));
    }
    if let Some(bad) = literal.chars().find(|c| is_unsafe(*c)) {
        return Err(Text::new(
            format!("模板中不能有 {bad}"),
            format!("the template must not hold {bad}"),
        ));
    }
    if !literal.is_empty() {
        pieces.push(Piece::Literal(literal.to_owned()));
    }
    Ok(())
}

fn field_piece(field: &str) -> Result<Piece, Text> {
    let unknown = || {
        Text::new(
            format!(
                "模板字段 {{{field}}} 未知,可用:{{number}} {{node}} {{node_name}} {{seq:03}} \
                 {{time}} {{ext}}"
            ),
            format!(
                "the template's field {{{field}}} is not known; there are {{number}} {{node}} \
                 {{node_name}} {{seq:03}} {{time}} {{ext}}"
            ),
        )
    };
    Ok(match field {
        "number" => Piece::Number,
        "node" => Piece::Node,
        "node_name" => Piece::NodeName,
        "seq" => Piece::Seq { digits: 1 },
        "time" => Piece::Time,
        "ext" => Piece::Ext,
        _ => {
            let digits = field
                .strip_prefix("seq:0")
                .and_then(|digits| digits.parse::<usize>().ok())
                .filter(|digits| (1..=MAX_SEQ_DIGITS).contains(digits))
                .ok_or_else(unknown)?;
            Piece::Seq { digits }
        }
    })
}

/// Characters that some file system or shell of the users refuses, and those
/// that are not seen or turn the direction of writing: with them a name reads
/// as another (`gpj.exe` as `exe.jpg`).
fn is_unsafe(c: char) -> bool {
    c.is_control() || "/\\:*?\"<>|".contains(c) || is_unseen(c)
}

/// Marks of direction, zero-width characters, invisible operators, tags and
/// variation selectors (Unicode's Bidi_Control and Default_Ignorable).
fn is_unseen(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
        | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// A text made safe as a part of a file name: what Windows refuses becomes
/// `_`, and dots and spaces at its ends go.
pub fn safe_name(text: &str) -> String {
    let safe: String = text
        .chars()
        .map(|c| if is_unsafe(c) { '_' } else { c })
        .collect();
    safe.trim().trim_end_matches(['.', ' ']).to_owned()
}

/// At most `max_bytes` of `text`, whole characters only.
fn cut_bytes(text: &str, max_bytes: usize) -> &str {
    let mut end = max_bytes.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHIPPED: &str = "{number}_{node}{node_name}_{seq:03}_{time}.{ext}";

    fn parts() -> NameParts<'static> {
        NameParts {
            number: "YW2026040001",
            node: "A2.2",
            node_name: "首次会议",
            seq: 2,
            time: "20260412T091455",
            ext: "jpg",
        }
    }

    #[test]
    fn writes_the_example_of_the_domain_report() {
        let name = Template::parse(SHIPPED).unwrap().render(&parts(), 255);
        assert_eq!(name, "YW2026040001_A2.2首次会议_002_20260412T091455.jpg");
    }

    #[test]
    fn a_long_name_gives_way_in_the_node_name_and_only_by_whole_characters() {
        let template = Template::parse(SHIPPED).unwrap();
        let node_name = "会".repeat(100);
        let long = NameParts {
            node_name: &node_name,
            ..parts()
        };
        for max_bytes in 60..300 {
            let name = template.render(&long, max_bytes);
            assert!(name.len() <= max_bytes, "{max_bytes}: {}", name.len());
            assert!(name.starts_with("YW2026040001_A2.2"), "{name}");
            assert!(name.contains("_002_"), "{name}");
        }
        // A character takes three bytes, so at most two are left over.
        assert!(template.render(&long, 255).len() > 252);
    }

    #[test]
    fn a_number_and_a_running_number_are_never_cut() {
        let template = Template::parse(SHIPPED).unwrap();
        let name = template.render(&parts(), 10);
        assert!(name.starts_with("YW2026040001_A2.2_002_"), "{name}");
    }

    #[test]
    fn dangerous_characters_are_made_safe() {
        assert_eq!(
            safe_name("a/b\\c:d*e?f\"g<h>i|j\u{7}. "),
            "a_b_c_d_e_f_g_h_i_j_"
        );
        assert_eq!(safe_name(".."), "");
        assert_eq!(
            safe_name("a\u{202e}gpj\u{200b}b\u{2066}\u{feff}c"),
            "a_gpj_b__c"
        );
    }

    #[test]
    fn faulty_templates_are_refused() {
        for bad in [
            "{number}_{time}.{ext}",
            "{seq}.{ext}",
            "{number}_{seq}",
            "{number}_{seq}.{ext}x",
            "{number}/{seq}.{ext}",
            "{number}_{seq:3}.{ext}",
            "{number}_{seq:010}.{ext}",
            "{number_{seq}.{ext}",
            "number}_{seq}.{ext}",
            "{nomber}_{seq}.{ext}",
        ] {
            assert!(Template::parse(bad).is_err(), "{bad}");
        }
    }
}
