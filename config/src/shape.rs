//! The shape of the config: sections, keys and lists as declared. One macro
//! makes the struct, its defaults, its reader and this description from one
//! declaration, so that none of them can drift from the others.

use serde_json::Value;

use crate::form::Kind;
use crate::read::Reader;

/// One key as declared.
#[derive(Clone, Debug)]
pub struct Key {
    /// Its name in its section, unit last.
    pub name: String,
    /// What its value may be.
    pub kind: Kind,
    /// Unit of the value; empty if it has none.
    pub unit: &'static str,
    /// Value when the config is silent. `null`: silent by default. A default
    /// that is not of the kind marks a key that must be given.
    pub default: Value,
    /// What it means, in Chinese.
    pub zh: String,
    /// What it means, in English.
    pub en: String,
    /// Where the default comes from.
    pub source: &'static str,
}

impl Key {
    /// True if the config must give it.
    pub fn required(&self) -> bool {
        !self.default.is_null() && self.kind.fault(&self.default).is_some()
    }
}

/// A list of tables `[[…]]`.
#[derive(Clone, Debug)]
pub struct List {
    /// What each entry holds.
    pub entry: Shape,
    /// The entries when the config is silent.
    pub default: Vec<Value>,
}

/// One section.
#[derive(Clone, Debug)]
pub struct Shape {
    /// Its name in the section above; empty at the top.
    pub name: String,
    /// Title, in Chinese.
    pub zh: String,
    /// Title, in English.
    pub en: String,
    /// Its keys, in the order of the documentation.
    pub keys: Vec<Key>,
    /// Sections inside it.
    pub sections: Vec<Shape>,
    /// Lists of tables inside it.
    pub lists: Vec<List>,
    /// Keys that every section inside it has, documented once.
    pub shared: Vec<Key>,
}

impl Shape {
    /// A shape that holds nothing yet.
    pub(crate) fn titled(name: &str, zh: &str, en: &str) -> Self {
        Self {
            name: name.to_owned(),
            zh: zh.to_owned(),
            en: en.to_owned(),
            keys: Vec::new(),
            sections: Vec::new(),
            lists: Vec::new(),
            shared: Vec::new(),
        }
    }

    /// Every name that may stand in this section.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let keys = self.keys.iter().map(|key| key.name.as_str());
        let sections = self.sections.iter().map(|section| section.name.as_str());
        let lists = self.lists.iter().map(|list| list.entry.name.as_str());
        keys.chain(sections).chain(lists)
    }
}

/// A part of the config that can be described and read.
pub(crate) trait Section: Default + serde::Serialize {
    /// Its description under the name `name`.
    fn shape(name: &str) -> Shape;
    /// Reads it, noting every fault; where a value is faulty the default
    /// stands in, so that reading goes on.
    fn read(reader: &mut Reader<'_>) -> Self;
}

/// Declares sections: struct, defaults, description and reader at once.
///
/// The `keys` lines read `field: Type = default, kind, unit, zh, en, source;`.
macro_rules! sections {
    ($(
        $name:ident, $title_zh:literal, $title_en:literal;
        keys { $(
            $field:ident : $type:ty = $default:expr, $kind:expr, $unit:literal,
                $zh:literal, $en:literal, $source:literal;
        )* }
        sections { $( $sub:ident : $sub_type:ty; )* }
        lists { $( $list:ident : $entry:ty = $entries:expr; )* }
    )+) => { $(
        #[doc = $title_en]
        #[derive(Clone, Debug, PartialEq, serde::Serialize)]
        pub struct $name {
            $( #[doc = $en] #[doc = ""] #[doc = concat!("Unit: `", $unit, "`.")]
               #[serde(skip_serializing_if = "crate::shape::is_absent")]
               pub $field: $type, )*
            $( #[doc = concat!("Section `", stringify!($sub), "`.")] pub $sub: $sub_type, )*
            $( #[doc = concat!("Entries `", stringify!($list), "`.")] pub $list: Vec<$entry>, )*
        }

        impl Default for $name {
            fn default() -> Self {
                Self {
                    $( $field: $default, )*
                    $( $sub: <$sub_type>::default(), )*
                    $( $list: $entries, )*
                }
            }
        }

        impl $crate::shape::Section for $name {
            fn shape(name: &str) -> $crate::shape::Shape {
                #[allow(unused_variables, reason = "a section may hold sections only")]
                let defaults = Self::default();
                $crate::shape::Shape {
                    name: name.to_owned(),
                    zh: $title_zh.to_owned(),
                    en: $title_en.to_owned(),
                    keys: vec![ $( $crate::shape::Key {
                        name: stringify!($field).to_owned(),
                        kind: $kind,
                        unit: $unit,
                        default: $crate::shape::plain(&defaults.$field),
                        zh: $zh.to_owned(),
                        en: $en.to_owned(),
                        source: $source,
                    }, )* ],
                    sections: vec![
                        $( <$sub_type as $crate::shape::Section>::shape(stringify!($sub)), )*
                    ],
                    lists: vec![ $( $crate::shape::List {
                        entry: <$entry as $crate::shape::Section>::shape(stringify!($list)),
                        default: defaults.$list.iter().map($crate::shape::plain).collect(),
                    }, )* ],
                    shared: Vec::new(),
                }
            }

            fn read(reader: &mut $crate::read::Reader<'_>) -> Self {
                #[allow(unused_variables, reason = "a section may hold sections only")]
                let defaults = Self::default();
                Self {
                    $( $field: reader.value(stringify!($field), defaults.$field), )*
                    $( $sub: reader.section(stringify!($sub)), )*
                    $( $list: reader.list(stringify!($list), defaults.$list), )*
                }
            }
        }
    )+ };
}
pub(crate) use sections;

/// A value as plain data. What config holds (booleans, finite numbers, text,
/// lists) always converts; a fault of the program reads as `null`, which a
/// test over every key finds.
pub(crate) fn plain<T: serde::Serialize>(value: &T) -> Value {
    serde_json::to_value(value).unwrap_or(Value::Null)
}

/// True for an optional value that is not given.
pub(crate) fn is_absent<T: serde::Serialize>(value: &T) -> bool {
    plain(value).is_null()
}
