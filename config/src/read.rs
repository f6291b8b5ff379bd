//! From TOML to values: walks a text along its declared shape, names what is
//! unknown, and holds every value against its kind.

use std::ops::Range;

use serde::de::DeserializeOwned;
use serde_json::Value;
use toml_edit::{Item, TableLike};
use unbroken_probes::text::Text;

use crate::error::Faults;
use crate::shape::{Section, Shape};
use crate::suggest;

/// Most entries of one list of tables. Named guess: far above any real list,
/// and a bound all the same.
const MAX_ENTRIES: usize = 1000;

/// One section of the text being read.
pub(crate) struct Reader<'a> {
    table: Option<&'a dyn TableLike>,
    shape: &'a Shape,
    root: &'a Shape,
    path: String,
    place: Range<usize>,
    faults: &'a mut dyn Sink,
}

/// Where a reader reports. A trait object, so that readers of nested sections
/// can borrow it in turn.
pub(crate) trait Sink {
    /// Remembers where `key` stands.
    fn place(&mut self, key: &str, span: Range<usize>);
    /// Notes a fault.
    fn fault(&mut self, span: Range<usize>, key: &str, text: Text, meant: Option<String>);
    /// True once no further fault will be listed, so that none need be explained.
    fn is_full(&self) -> bool;
}

impl Sink for Faults<'_> {
    fn place(&mut self, key: &str, span: Range<usize>) {
        Faults::place(self, key, span);
    }

    fn fault(&mut self, span: Range<usize>, key: &str, text: Text, meant: Option<String>) {
        self.at(span, key, text, meant);
    }

    fn is_full(&self) -> bool {
        Faults::is_full(self)
    }
}

impl<'a> Reader<'a> {
    /// A reader of the whole text.
    pub(crate) fn top(
        table: &'a dyn TableLike,
        shape: &'a Shape,
        faults: &'a mut dyn Sink,
    ) -> Self {
        let mut reader = Self {
            table: Some(table),
            shape,
            root: shape,
            path: String::new(),
            place: 0..0,
            faults,
        };
        reader.refuse_unknown();
        reader
    }

    fn dotted(&self, name: &str) -> String {
        if self.path.is_empty() {
            name.to_owned()
        } else {
            format!("{}.{name}", self.path)
        }
    }

    fn refuse_unknown(&mut self) {
        let Some(table) = self.table else { return };
        for (name, item) in table.iter() {
            if self.faults.is_full() {
                return;
            }
            if self.shape.names().any(|known| known == name) {
                continue;
            }
            let span = key_span(table, name)
                .or_else(|| item.span())
                .unwrap_or(self.place.clone());
            let key = self.dotted(name);
            let meant = suggest::nearest(name, self.shape, self.root, &self.path);
            let text = Text::new(
                format!("{key} 不是已知配置项"),
                format!("{key} is not a known key"),
            );
            self.faults.fault(span, &key, text, meant);
        }
    }

    fn item(&self, name: &str) -> Option<(&'a Item, Range<usize>)> {
        let table = self.table?;
        let item = table.get(name).filter(|item| !item.is_none())?;
        let span = item
            .span()
            .or_else(|| key_span(table, name))
            .unwrap_or(self.place.clone());
        Some((item, span))
    }

    /// The value of a key, or `default` if the text is silent or wrong.
    pub(crate) fn value<T: DeserializeOwned>(&mut self, name: &str, default: T) -> T {
        let shape = self.shape;
        let Some(declared) = shape.keys.iter().find(|key| key.name == name) else {
            return default;
        };
        let key = self.dotted(name);
        let unit = if declared.unit.is_empty() {
            Text::default()
        } else {
            Text::new(
                format!("(单位 {})", declared.unit),
                format!(" (unit {})", declared.unit),
            )
        };
        let Some((item, span)) = self.item(name) else {
            if declared.required() {
                let wanted = declared.kind.wanted();
                let text = Text::new(
                    format!("缺少 {key},应为{}{}", wanted.zh, unit.zh),
                    format!("{key} is missing: {}{}", wanted.en, unit.en),
                );
                self.faults.fault(self.place.clone(), &key, text, None);
            }
            return default;
        };
        self.faults.place(&key, span.clone());
        let value = plain(item);
        let fault = match &value {
            Some(value) => declared.kind.fault(value),
            None => Some(Text::new(
                format!("应为{}", declared.kind.wanted().zh),
                format!("expected {}", declared.kind.wanted().en),
            )),
        };
        if let Some(fault) = fault {
            let found = found(item);
            let text = Text::new(
                format!("{key}:{}{},写的是{}", fault.zh, unit.zh, found.zh),
                format!("{key}: {}{}; found {}", fault.en, unit.en, found.en),
            );
            let meant = value
                .as_ref()
                .and_then(|v| suggest::word(v, &declared.kind));
            self.faults.fault(span, &key, text, meant);
            return default;
        }
        match value.map(serde_json::from_value) {
            Some(Ok(value)) => value,
            Some(Err(why)) => {
                let text = Text::new(format!("{key}:{why}"), format!("{key}: {why}"));
                self.faults.fault(span, &key, text, None);
                default
            }
            None => default,
        }
    }

    /// A section inside this one; silent, it has its defaults.
    pub(crate) fn section<S: Section>(&mut self, name: &str) -> S {
        match self.enter(name) {
            Some(mut inner) => S::read(&mut inner),
            None => S::default(),
        }
    }

    /// A reader of the section `name`; `None` if it is not declared.
    pub(crate) fn enter(&mut self, name: &str) -> Option<Reader<'_>> {
        let shape = self.shape.sections.iter().find(|s| s.name == name)?;
        let key = self.dotted(name);
        let found = self.item(name);
        let table = found.as_ref().and_then(|(item, _)| item.as_table_like());
        if let Some((item, span)) = &found {
            self.faults.place(&key, span.clone());
            if table.is_none() {
                let found = self::found(item);
                let text = Text::new(
                    format!("{key}:应为表 [{key}],写的是{}", found.zh),
                    format!("{key}: expected a table [{key}]; found {}", found.en),
                );
                self.faults.fault(span.clone(), &key, text, None);
            }
        }
        let place = found.map_or(self.place.clone(), |(_, span)| span);
        Some(self.reader(table, shape, key, place))
    }

    fn reader<'b>(
        &'b mut self,
        table: Option<&'b dyn TableLike>,
        shape: &'b Shape,
        path: String,
        place: Range<usize>,
    ) -> Reader<'b> {
        let mut reader = Reader {
            table,
            shape,
            root: self.root,
            path,
            place,
            faults: &mut *self.faults,
        };
        reader.refuse_unknown();
        reader
    }

    /// The entries of a list of tables, or `default` if the text is silent.
    pub(crate) fn list<S: Section>(&mut self, name: &str, default: Vec<S>) -> Vec<S> {
        let shape = self.shape;
        let Some(declared) = shape.lists.iter().find(|list| list.entry.name == name) else {
            return default;
        };
        let Some((item, span)) = self.item(name) else {
            return default;
        };
        let key = self.dotted(name);
        self.faults.place(&key, span.clone());
        let tables: Option<Vec<(&dyn TableLike, Range<usize>)>> = match item {
            Item::ArrayOfTables(tables) => Some(
                tables
                    .iter()
                    .map(|t| (t as &dyn TableLike, t.span().unwrap_or(span.clone())))
                    .collect(),
            ),
            Item::Value(toml_edit::Value::Array(values)) => values
                .iter()
                .map(|v| {
                    let table = v.as_inline_table()?;
                    Some((table as &dyn TableLike, v.span().unwrap_or(span.clone())))
                })
                .collect(),
            _ => None,
        };
        let Some(tables) = tables.filter(|tables| tables.len() <= MAX_ENTRIES) else {
            let found = found(item);
            let text = Text::new(
                format!(
                    "{key}:应为表的列表 [[{key}]](最多 {MAX_ENTRIES} 项),写的是{}",
                    found.zh
                ),
                format!(
                    "{key}: expected tables [[{key}]] (at most {MAX_ENTRIES}); found {}",
                    found.en
                ),
            );
            self.faults.fault(span, &key, text, None);
            return default;
        };
        let mut entries = Vec::with_capacity(tables.len());
        for (i, (table, place)) in tables.into_iter().enumerate() {
            let path = format!("{key}[{i}]");
            self.faults.place(&path, place.clone());
            let mut inner = self.reader(Some(table), &declared.entry, path, place);
            entries.push(S::read(&mut inner));
        }
        entries
    }
}

fn key_span(table: &dyn TableLike, name: &str) -> Option<Range<usize>> {
    table.get_key_value(name).and_then(|(key, _)| key.span())
}

/// A TOML value as plain data; `None` for what config never holds: tables,
/// dates, numbers that are not finite.
fn plain(item: &Item) -> Option<Value> {
    fn of(value: &toml_edit::Value) -> Option<Value> {
        match value {
            toml_edit::Value::String(text) => Some(Value::from(text.value().as_str())),
            toml_edit::Value::Integer(n) => Some(Value::from(*n.value())),
            toml_edit::Value::Float(n) => serde_json::Number::from_f64(*n.value()).map(Value::from),
            toml_edit::Value::Boolean(b) => Some(Value::from(*b.value())),
            toml_edit::Value::Array(values) => values.iter().map(of).collect(),
            toml_edit::Value::Datetime(_) | toml_edit::Value::InlineTable(_) => None,
        }
    }
    of(item.as_value()?)
}

/// Longest found text quoted, in characters; the line stands below it anyway.
const QUOTE_CHARS: usize = 60;

/// What was found, in words.
fn found(item: &Item) -> Text {
    let quoted = || {
        let text = plain(item).map(|v| v.to_string()).unwrap_or_default();
        let cut: String = text.chars().take(QUOTE_CHARS).collect();
        if cut.len() < text.len() {
            format!("{cut}…")
        } else {
            cut
        }
    };
    match item {
        Item::Value(toml_edit::Value::String(_)) => Text::new(
            format!("文字 {}", quoted()),
            format!("the text {}", quoted()),
        ),
        Item::Value(toml_edit::Value::Integer(_) | toml_edit::Value::Boolean(_)) => {
            Text::new(format!(" {}", quoted()), quoted())
        }
        Item::Value(toml_edit::Value::Float(n)) => {
            Text::new(format!(" {}", n.value()), n.value().to_string())
        }
        Item::Value(toml_edit::Value::Array(_)) => Text::new(
            format!("列表 {}", quoted()),
            format!("the list {}", quoted()),
        ),
        Item::Value(toml_edit::Value::Datetime(_)) => Text::new("日期时间", "a date or time"),
        _ => Text::new("表", "a table"),
    }
}
