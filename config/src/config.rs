//! The whole config: what is in force.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use unbroken_probes::capture::ClockQuirk;
use unbroken_probes::check::{Check, Limits as CheckLimits};
use unbroken_probes::judge::{Rules, Verdict, VerdictRule};
use unbroken_probes::registry::CHECKS;

use crate::checks::{self, CheckTable};
use crate::flow::{Flow, FlowBase, Flows, merge};
use crate::form::{self, Kind};
use crate::gate::{NameGate, globs};
use crate::keys::{
    Deadline, Device, Intake, Ledger, Limits, Log, Naming, Probe, Reference, Release, Report,
    Retry, Settle, Share, Stage, State, Store, Time, VerdictWeights, Watch, Web, Weight,
};
use crate::known::Known;
use crate::migrate::CURRENT_VERSION;
use crate::naming::Template;
use crate::number::{Number, NumberPattern, stand_ins};
use crate::read::Reader;
use crate::shape::{Key, List, Section, Shape, plain};

/// Puts the sections together, in the order of the documentation.
macro_rules! config {
    ($( $section:ident : $type:ty; )*) => {
        /// Everything that is in force.
        #[derive(Clone, Debug, PartialEq, Serialize)]
        pub struct Config {
            /// Version of the config's shape.
            pub version: u64,
            $( #[doc = concat!("Section `[", stringify!($section), "]`.")] pub $section: $type, )*
            /// Patterns of numbers, `[[number]]`.
            pub number: Vec<Number>,
            /// Flows in force, `[[flow]]` merged over the base.
            pub flow: Vec<Flow>,
            /// The checks, `[check.<code>]`.
            pub check: CheckTable,
            /// The contents of the files that `[reference]` names.
            #[serde(skip)]
            pub known: Known,
        }

        impl Config {
            pub(crate) fn defaults(checks: &[&'static Check]) -> Self {
                Self {
                    version: CURRENT_VERSION,
                    $( $section: <$type>::default(), )*
                    number: stand_ins(),
                    flow: crate::built_in(FlowBase::default()),
                    check: checks::defaults(checks),
                    known: Known::default(),
                }
            }

            /// The shape of the config with the sections of `checks`.
            pub(crate) fn shape(checks: &[&'static Check]) -> Shape {
                let numbers = stand_ins();
                Shape {
                    name: String::new(),
                    zh: "unbroken(全程)的配置".to_owned(),
                    en: "The config of unbroken".to_owned(),
                    keys: vec![version_key()],
                    sections: vec![
                        $( <$type as Section>::shape(stringify!($section)), )*
                        checks::shape(checks),
                    ],
                    lists: vec![
                        List {
                            entry: Number::shape("number"),
                            default: numbers.iter().map(plain).collect(),
                        },
                        List { entry: Flow::shape("flow"), default: Vec::new() },
                    ],
                    shared: Vec::new(),
                }
            }

            pub(crate) fn read(reader: &mut Reader<'_>, checks: &[&'static Check]) -> Self {
                let mut config = Self {
                    version: reader.value("version", CURRENT_VERSION),
                    $( $section: reader.section(stringify!($section)), )*
                    number: reader.list("number", stand_ins()),
                    flow: reader.list("flow", Vec::new()),
                    check: checks::read(reader, checks),
                    known: Known::default(),
                };
                let base = crate::built_in(config.flows.base);
                config.flow = merge(base, std::mem::take(&mut config.flow));
                config
            }
        }
    };
}

config! {
    share: Share;
    watch: Watch;
    settle: Settle;
    intake: Intake;
    state: State;
    ledger: Ledger;
    stage: Stage;
    probe: Probe;
    store: Store;
    retry: Retry;
    release: Release;
    deadline: Deadline;
    time: Time;
    verdict: VerdictWeights;
    naming: Naming;
    flows: Flows;
    device: Device;
    reference: Reference;
    report: Report;
    web: Web;
    log: Log;
    limits: Limits;
}

fn version_key() -> Key {
    Key {
        name: "version".to_owned(),
        kind: Kind::Integer {
            min: 1,
            max: i64::try_from(CURRENT_VERSION).unwrap_or(i64::MAX),
        },
        unit: "",
        default: Value::from(CURRENT_VERSION),
        zh: "配置格式的版本;不写即为 1".to_owned(),
        en: "Version of the config's shape; absent: 1".to_owned(),
        source: "",
    }
}

impl Default for Config {
    fn default() -> Self {
        Self::defaults(CHECKS)
    }
}

impl Config {
    /// The rules that files are judged by.
    pub fn rules(&self) -> Rules {
        let weight = |weight| match weight {
            Weight::Attention => Verdict::Attention,
            Weight::Fail => Verdict::Fail,
        };
        let rows = || self.check.iter().map(|(code, rules)| (*code, rules));
        Rules {
            limits: rows()
                .map(|(code, rules)| (code, CheckLimits(rules.limits.clone())))
                .collect(),
            max_level: rows()
                .map(|(code, rules)| (code, rules.cap()))
                .filter(|(_, cap)| *cap != unbroken_probes::check::Level::Fail)
                .collect(),
            silenced: rows()
                .filter(|(_, rules)| !rules.enabled)
                .map(|(code, rules)| (code, rules.silence_reason.clone()))
                .collect(),
            verdict: VerdictRule {
                inconsistent: weight(self.verdict.inconsistent),
                late: weight(self.verdict.late),
            },
            exemplars: self.known.exemplars.clone(),
            anchors: self.known.anchors.clone(),
            writers: self.known.writers.clone(),
        }
    }

    /// A digest of what the config means, for reports: SHA-256 in hex over its
    /// values as JSON with sorted keys, and what the files say that it names.
    /// Comments, order, and defaults written out or left out do not change it.
    pub fn hash(&self) -> String {
        let meant = sorted(plain(self)).to_string() + &self.known.digest();
        hex::encode(Sha256::digest(meant))
    }

    /// Where the directory store is.
    pub fn store_dir(&self) -> PathBuf {
        if self.store.dir.as_os_str().is_empty() {
            self.state.dir.join("store")
        } else {
            self.store.dir.clone()
        }
    }

    /// The SQLite file of the ledger.
    pub fn ledger_path(&self) -> PathBuf {
        match self.ledger.url.strip_prefix("sqlite:") {
            Some(path) => PathBuf::from(path.strip_prefix("//").unwrap_or(path)),
            None => self.state.dir.join("ledger.sqlite"),
        }
    }

    /// Address of the pages.
    pub fn web_address(&self) -> SocketAddr {
        let shipped = SocketAddr::from((Ipv4Addr::LOCALHOST, 8470));
        self.web.bind.parse().unwrap_or(shipped)
    }

    /// Seconds east of UTC of times that name no zone.
    pub fn default_offset_s(&self) -> i32 {
        form::offset_s(&self.time.default_offset).unwrap_or(0)
    }

    /// The time limit of save.24h in seconds.
    pub fn save_limit_s(&self) -> f64 {
        self.deadline.limit_h * 3600.0
    }

    /// Makers' habits with times.
    pub fn clock_quirks(&self) -> Vec<ClockQuirk> {
        self.time
            .quirk
            .iter()
            .map(|quirk| ClockQuirk {
                make: quirk.make.clone(),
                model: quirk.model.clone(),
                field: quirk.field.clone(),
                local: quirk.local,
                names_end: quirk.names_end,
            })
            .collect()
    }

    /// The names that the scanner passes over, compiled.
    pub fn name_gate(&self) -> NameGate {
        let share = &self.share;
        NameGate::new(&share.ignore_names, &share.temp_names, &share.ignore_dirs)
    }

    /// The names that messengers give, compiled.
    pub fn chat_names(&self) -> regex::RegexSet {
        globs(&self.intake.chat_patterns)
    }

    /// The patterns of numbers, compiled. A config that was read holds only
    /// patterns that compile.
    pub fn number_patterns(&self) -> Vec<NumberPattern> {
        self.number
            .iter()
            .filter_map(|row| NumberPattern::new(row).ok())
            .collect()
    }

    /// The template of official names, compiled; the shipped one stands in for
    /// one that code set and that does not compile.
    pub fn name_template(&self) -> Template {
        Template::parse(&self.naming.template)
            .or_else(|_| Template::parse(&Naming::default().template))
            .unwrap_or_default()
    }

    /// The flow with this code.
    pub fn flow(&self, code: &str) -> Option<&Flow> {
        self.flow.iter().find(|flow| flow.code == code)
    }
}

impl FlowBase {
    /// The text of the built-in flows.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Shanghai2021 => crate::flow::SHANGHAI_2021,
            Self::None => "",
        }
    }
}

/// JSON with the keys of every object in order.
fn sorted(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<(String, Value)> = fields
                .into_iter()
                .map(|(name, value)| (name, sorted(value)))
                .collect();
            fields.sort_by(|a, b| a.0.cmp(&b.0));
            Value::Object(fields.into_iter().collect())
        }
        Value::Array(entries) => Value::Array(entries.into_iter().map(sorted).collect()),
        other => other,
    }
}
