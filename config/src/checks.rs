//! The sections `[check.<code>]`, made from the registry of checks, so that a
//! new check brings its own keys, ranges and words.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use unbroken_probes::check::{Check, Level, Limits};
use unbroken_probes::text::Text;

use crate::error::Faults;
use crate::form::{Form, Kind};
use crate::keys::MaxLevel;
use crate::read::Reader;
use crate::shape::{Key, Shape};

/// What is in force for one check.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CheckRules {
    /// False: it does not run, and every report says so with the reason.
    pub enabled: bool,
    /// The highest level that it may give.
    pub max_level: MaxLevel,
    /// Why it is switched off.
    pub silence_reason: String,
    /// Every declared threshold.
    pub limits: BTreeMap<&'static str, f64>,
}

impl CheckRules {
    /// The declared defaults of `check`.
    pub(crate) fn defaults(check: &Check) -> Self {
        Self {
            enabled: true,
            max_level: MaxLevel::Fail,
            silence_reason: String::new(),
            limits: Limits::defaults(check).0,
        }
    }

    /// The cap on the levels that the check may give.
    pub(crate) fn cap(&self) -> Level {
        match self.max_level {
            MaxLevel::Info => Level::Info,
            MaxLevel::Attention => Level::Attention,
            MaxLevel::Fail => Level::Fail,
        }
    }
}

/// The rules of every check by its code.
pub type CheckTable = BTreeMap<&'static str, CheckRules>;

/// The defaults of `checks`.
pub(crate) fn defaults(checks: &[&'static Check]) -> CheckTable {
    checks
        .iter()
        .map(|check| (check.code, CheckRules::defaults(check)))
        .collect()
}

/// The section `[check]` as declared by `checks`.
pub(crate) fn shape(checks: &[&'static Check]) -> Shape {
    let mut shape = Shape::titled("check", "各项检查", "The checks");
    shape.shared = shared();
    shape.sections = checks.iter().map(|check| one(check)).collect();
    shape
}

/// The keys that every check has.
fn shared() -> Vec<Key> {
    let key = |name: &str, kind, default: Value, zh: &str, en: &str| Key {
        name: name.to_owned(),
        kind,
        unit: "",
        default,
        zh: zh.to_owned(),
        en: en.to_owned(),
        source: "",
    };
    vec![
        key(
            "enabled",
            Kind::Bool,
            Value::from(true),
            "是否进行此项检查;停用须写明理由,报告会列为“未检测”",
            "Whether the check runs; switching it off needs a reason, and reports list it as not \
             run",
        ),
        key(
            "max_level",
            Kind::Choice(MaxLevel::CHOICES),
            Value::from("fail"),
            "此项检查最多给到的级别",
            "The highest level that this check may give",
        ),
        key(
            "silence_reason",
            Kind::Text(Form::Any),
            Value::from(""),
            "停用的理由(写入每份报告)",
            "Why it is switched off; every report quotes it",
        ),
    ]
}

fn one(check: &Check) -> Shape {
    let mut shape = Shape::titled(
        check.code,
        &format!("{}(条款 {})", check.title.zh, check.clause),
        &format!("{} (clause {})", check.title.en, check.clause),
    );
    let params = check.params.iter().map(|param| Key {
        name: param.key.to_owned(),
        kind: Kind::Number {
            min: param.min,
            max: param.max,
        },
        unit: param.unit,
        default: Value::from(param.default),
        zh: param.doc.zh.to_owned(),
        en: param.doc.en.to_owned(),
        source: param.source,
    });
    shape.keys = params.chain(shared()).collect();
    shape
}

/// Reads `[check]`.
pub(crate) fn read(reader: &mut Reader<'_>, checks: &[&'static Check]) -> CheckTable {
    let mut table = defaults(checks);
    let Some(mut all) = reader.enter("check") else {
        return table;
    };
    for check in checks {
        let Some(mut one) = all.enter(check.code) else {
            continue;
        };
        if let Some(rules) = table.get_mut(check.code) {
            for (key, limit) in &mut rules.limits {
                *limit = one.value(key, *limit);
            }
            rules.max_level = one.value("max_level", rules.max_level);
            rules.enabled = one.value("enabled", rules.enabled);
            rules.silence_reason = one.value("silence_reason", String::new());
        }
    }
    table
}

/// What holds between the keys of one check.
pub(crate) fn cross(table: &CheckTable, checks: &[&'static Check], faults: &mut Faults<'_>) {
    for check in checks {
        let Some(rules) = table.get(check.code) else {
            continue;
        };
        let path = format!("check.{}", check.code);
        let reason = rules.silence_reason.trim();
        if !rules.enabled && reason.is_empty() {
            faults.of(
                &format!("{path}.enabled"),
                Text::new(
                    format!("停用 {} 须在 silence_reason 写明理由", check.code),
                    format!("{} is switched off without a silence_reason", check.code),
                ),
            );
        }
        if rules.enabled && !reason.is_empty() {
            faults.of(
                &format!("{path}.silence_reason"),
                Text::new(
                    "写了停用理由而未停用:请加 enabled = false,或删去此行",
                    "a reason to switch off, yet the check is on: add enabled = false or remove \
                     this line",
                ),
            );
        }
        for (fail, attention, fail_below) in pairs(check) {
            let (Some(f), Some(a)) = (rules.limits.get(fail), rules.limits.get(attention)) else {
                continue;
            };
            let kept = if fail_below { f <= a } else { f >= a };
            if !kept {
                let (zh, en) = if fail_below {
                    ("不应大于", "must not be above")
                } else {
                    ("不应小于", "must not be below")
                };
                faults.of(
                    &format!("{path}.{fail}"),
                    Text::new(
                        format!("{path}:{fail}({f}){zh} {attention}({a})"),
                        format!("{path}: {fail} ({f}) {en} {attention} ({a})"),
                    ),
                );
            }
        }
    }
}

/// Thresholds that come in pairs by their names, `…fail…` and `…attention…`,
/// and whether the failing one is the smaller, as their defaults say.
fn pairs(check: &Check) -> impl Iterator<Item = (&'static str, &'static str, bool)> {
    check.params.iter().filter_map(|fail| {
        let words: Vec<&str> = fail.key.split('_').collect();
        if !words.contains(&"fail") {
            return None;
        }
        let twin = words
            .iter()
            .map(|word| if *word == "fail" { "attention" } else { word })
            .collect::<Vec<_>>()
            .join("_");
        let attention = check.params.iter().find(|param| param.key == twin)?;
        let fail_below = match fail.default.partial_cmp(&attention.default)? {
            std::cmp::Ordering::Less => true,
            std::cmp::Ordering::Greater => false,
            std::cmp::Ordering::Equal => return None,
        };
        Some((fail.key, attention.key, fail_below))
    })
}
