//! What a value may be: its kind, its range and the form of its text. Reading,
//! documentation and JSON Schema all ask here, so that they cannot disagree.

use std::net::SocketAddr;

use serde_json::Value;
use unbroken_probes::text::Text;

use crate::naming::Template;

/// One word of a choice with its meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The word as typed.
    pub word: &'static str,
    /// What it means, in Chinese.
    pub zh: &'static str,
    /// What it means, in English.
    pub en: &'static str,
}

/// What a value may be.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// `true` or `false`.
    Bool,
    /// A whole number within a range, both ends included.
    Integer {
        /// Smallest value accepted.
        min: i64,
        /// Largest value accepted.
        max: i64,
    },
    /// A number within a range, both ends included.
    Number {
        /// Smallest value accepted.
        min: f64,
        /// Largest value accepted.
        max: f64,
    },
    /// Text of a certain form.
    Text(Form),
    /// One of a few words.
    Choice(&'static [Choice]),
    /// A list of values of one kind.
    List {
        /// Kind of each entry.
        of: &'static Kind,
        /// Fewest entries.
        min: usize,
        /// Most entries.
        max: usize,
    },
}

/// The form of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Anything, also nothing.
    Any,
    /// Anything but nothing.
    Filled,
    /// A path that must be given.
    Path,
    /// A path, or nothing.
    PathOrEmpty,
    /// A name of one folder, not a path.
    FolderName,
    /// A file name pattern with `*` and `?`, not a path.
    Glob,
    /// ASCII letters, digits, `_`, `-`, `.`; at least one.
    Slug,
    /// The same, or nothing.
    SlugOrEmpty,
    /// A regular expression, at least one character.
    Regex,
    /// An offset from UTC: `+08:00`.
    Offset,
    /// A loopback address with port.
    Loopback,
    /// `http://…` or `https://…`, or nothing.
    WebAddressOrEmpty,
    /// `sqlite:…`, or nothing.
    LedgerOrEmpty,
    /// A template of official names.
    Template,
    /// Directives of the log filter.
    LogFilter,
}

impl Form {
    /// Why `text` does not have this form; `None` if it has.
    pub fn fault(self, text: &str) -> Option<Text> {
        if text.len() > MAX_TEXT_BYTES {
            return Some(Text::new(
                format!("文字过长(最多 {MAX_TEXT_BYTES} 字节)"),
                format!("the text is too long (at most {MAX_TEXT_BYTES} bytes)"),
            ));
        }
        if text.chars().any(|c| c.is_control()) {
            return Some(Text::new(
                "文字中含有控制字符",
                "the text holds a control character",
            ));
        }
        match self {
            Self::Regex => return regex_fault(text),
            Self::Template => return Template::parse(text).err(),
            Self::Loopback => return loopback_fault(text),
            _ => {}
        }
        let fits = match self {
            Self::Any | Self::PathOrEmpty => true,
            Self::Filled | Self::Path => !text.trim().is_empty(),
            Self::FolderName => is_plain_name(text),
            Self::Glob => !text.is_empty() && !text.contains('/'),
            Self::Slug => is_slug(text),
            Self::SlugOrEmpty => text.is_empty() || is_slug(text),
            Self::Offset => offset_s(text).is_some(),
            Self::WebAddressOrEmpty => {
                let host = ["https://", "http://"]
                    .iter()
                    .find_map(|scheme| text.strip_prefix(scheme));
                text.is_empty()
                    || host.is_some_and(|rest| {
                        !rest.is_empty()
                            && !rest.starts_with('/')
                            && !rest.contains(char::is_whitespace)
                            && !rest.contains('@')
                    })
            }
            Self::LedgerOrEmpty => {
                text.is_empty()
                    || text.strip_prefix("sqlite:").is_some_and(|rest| {
                        // A ledger in memory would forget everything at a stop.
                        !rest.trim_start_matches('/').is_empty()
                            && !rest.contains(":memory:")
                            && !rest.contains('?')
                    })
            }
            Self::LogFilter => {
                !text.trim().is_empty()
                    && text
                        .chars()
                        .all(|c| c.is_ascii_alphanumeric() || "_=,:[]{}.-\"/ ".contains(c))
            }
            Self::Regex | Self::Template | Self::Loopback => true,
        };
        (!fits).then(|| {
            let wanted = self.wanted();
            Text::new(
                format!("应为{}", wanted.zh),
                format!("expected {}", wanted.en),
            )
        })
    }

    /// What is wanted, in words.
    pub fn wanted(self) -> Text {
        let (zh, en) = match self {
            Self::Any => ("文字", "text"),
            Self::Filled => ("非空文字", "text that is not empty"),
            Self::Path => ("路径", "a path"),
            Self::PathOrEmpty => ("路径,或留空", "a path, or empty"),
            Self::FolderName => ("单个文件夹名(不含 /)", "the name of one folder (no /)"),
            Self::Glob => (
                "文件名样式(可用 * 和 ?,不含 /)",
                "a file name pattern (* and ?, no /)",
            ),
            Self::Slug => (
                "英文字母、数字、_ - . 组成的代码",
                "a code of ASCII letters, digits, _ - .",
            ),
            Self::SlugOrEmpty => (
                "英文字母、数字、_ - . 组成的代码,或留空",
                "a code of ASCII letters, digits, _ - ., or empty",
            ),
            Self::Regex => ("正则表达式", "a regular expression"),
            Self::Offset => (
                "时区偏移,形如 \"+08:00\",-14:00 至 +14:00",
                "an offset from UTC such as \"+08:00\", -14:00 to +14:00",
            ),
            Self::Loopback => (
                "本机回环地址和端口,形如 \"127.0.0.1:8470\"",
                "a loopback address with port such as \"127.0.0.1:8470\"",
            ),
            Self::WebAddressOrEmpty => (
                "http:// 或 https:// 开头且不含口令的地址,或留空",
                "an address that starts with http:// or https:// and holds no password, or empty",
            ),
            Self::LedgerOrEmpty => (
                "\"sqlite:路径\",或留空(目前只支持 SQLite)",
                "\"sqlite:PATH\", or empty (only SQLite is supported now)",
            ),
            Self::Template => ("正式文件名模板", "a template of official names"),
            Self::LogFilter => (
                "日志过滤指令,形如 \"info\" 或 \"warn,unbroken=debug\"",
                "log filter directives such as \"info\" or \"warn,unbroken=debug\"",
            ),
        };
        Text::new(zh, en)
    }
}

/// Longest text accepted for one value; a path limit of Linux (PATH_MAX).
const MAX_TEXT_BYTES: usize = 4096;

/// Bound on a compiled pattern, in bytes. Named guess: a hundred times what a
/// number pattern needs, and small enough that no pattern can take the memory.
pub(crate) const REGEX_SIZE_LIMIT_BYTES: usize = 1 << 20;

/// Compiles a pattern with bounded size.
pub(crate) fn regex(pattern: &str) -> Result<regex::Regex, regex::Error> {
    regex::RegexBuilder::new(pattern)
        .size_limit(REGEX_SIZE_LIMIT_BYTES)
        .build()
}

fn regex_fault(text: &str) -> Option<Text> {
    if text.is_empty() {
        return Some(Text::new(
            "正则表达式不能为空",
            "the regular expression is empty",
        ));
    }
    let error = regex(text).err()?;
    let last = error.to_string();
    let why = last.lines().last().unwrap_or_default().trim();
    let why = why.strip_prefix("error: ").unwrap_or(why);
    Some(Text::new(
        format!("正则表达式无法编译:{why}"),
        format!("the regular expression does not compile: {why}"),
    ))
}

fn loopback_fault(text: &str) -> Option<Text> {
    match text.parse::<SocketAddr>() {
        Ok(address) if address.ip().is_loopback() => None,
        Ok(_) => Some(Text::new(
            "目前只接受本机回环地址:网页尚无登录,若对外开放,任何人都能看到音像资料(条款 disclose)",
            "only a loopback address is accepted now: the pages have no login yet, and open to \
             the network anybody could see the recordings (clause disclose)",
        )),
        Err(_) => {
            let wanted = Form::Loopback.wanted();
            Some(Text::new(
                format!("应为{}", wanted.zh),
                format!("expected {}", wanted.en),
            ))
        }
    }
}

fn is_plain_name(text: &str) -> bool {
    !text.trim().is_empty() && text != "." && text != ".." && !text.contains(['/', '\\'])
}

fn is_slug(text: &str) -> bool {
    !text.is_empty()
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c))
}

/// Seconds east of UTC of an offset as typed: `+08:00`, `-03:30`.
pub fn offset_s(text: &str) -> Option<i32> {
    let (sign, rest) = match text.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = rest.split_once(':')?;
    let two_digits = |s: &str| {
        (s.len() == 2 && s.bytes().all(|b| b.is_ascii_digit()))
            .then(|| s.parse::<i32>().ok())
            .flatten()
    };
    let (hours, minutes) = (two_digits(hours)?, two_digits(minutes)?);
    let total_s = hours * 3600 + minutes * 60;
    (minutes < 60 && total_s <= 14 * 3600).then_some(sign * total_s)
}

impl Kind {
    /// Why `value` is not of this kind; `None` if it is. A whole number is
    /// also a number.
    pub fn fault(&self, value: &Value) -> Option<Text> {
        let fits = match (self, value) {
            (Self::Bool, Value::Bool(_)) => true,
            (Self::Integer { min, max }, Value::Number(n)) => {
                n.as_i64().is_some_and(|n| (*min..=*max).contains(&n))
            }
            (Self::Number { min, max }, Value::Number(n)) => {
                n.as_f64().is_some_and(|n| (*min..=*max).contains(&n))
            }
            (Self::Text(form), Value::String(text)) => return form.fault(text),
            (Self::Choice(choices), Value::String(text)) => {
                choices.iter().any(|choice| choice.word == text)
            }
            (Self::List { of, min, max }, Value::Array(entries)) => {
                if let Some(fault) = entries.iter().find_map(|entry| of.fault(entry)) {
                    return Some(fault);
                }
                (*min..=*max).contains(&entries.len())
            }
            _ => false,
        };
        (!fits).then(|| {
            let wanted = self.wanted();
            Text::new(
                format!("应为{}", wanted.zh),
                format!("expected {}", wanted.en),
            )
        })
    }

    /// What is wanted, in words, range included.
    pub fn wanted(&self) -> Text {
        match self {
            Self::Bool => Text::new("true 或 false", "true or false"),
            Self::Integer { min, max } if *max == i64::MAX => Text::new(
                format!("不小于 {min} 的整数"),
                format!("a whole number of at least {min}"),
            ),
            Self::Integer { min, max } => Text::new(
                format!("{min} 至 {max} 的整数"),
                format!("a whole number from {min} to {max}"),
            ),
            Self::Number { min, max } => Text::new(
                format!("{min} 至 {max} 的数"),
                format!("a number from {min} to {max}"),
            ),
            Self::Text(form) => form.wanted(),
            Self::Choice(choices) => {
                let words: Vec<String> =
                    choices.iter().map(|c| format!("\"{}\"", c.word)).collect();
                Text::new(
                    format!("以下之一:{}", words.join("、")),
                    format!("one of {}", words.join(", ")),
                )
            }
            Self::List { of, min, max } => {
                let of = of.wanted();
                Text::new(
                    format!("列表({min} 至 {max} 项),每项为{}", of.zh),
                    format!("a list ({min} to {max} entries), each {}", of.en),
                )
            }
        }
    }
}

/// Declares an enumeration together with its words and their meanings.
macro_rules! choices {
    ($( #[doc = $doc:literal] $name:ident default $default:ident {
        $( $variant:ident = $word:literal, $zh:literal, $en:literal; )+
    } )+) => { $(
        #[doc = $doc]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        pub enum $name {
            $( #[doc = $en] #[serde(rename = $word)] $variant, )+
        }

        impl $name {
            /// Every word with its meaning.
            pub const CHOICES: &'static [$crate::form::Choice] = &[
                $( $crate::form::Choice { word: $word, zh: $zh, en: $en }, )+
            ];
        }

        impl Default for $name {
            fn default() -> Self {
                Self::$default
            }
        }
    )+ };
}
pub(crate) use choices;
