//! Which case and node a file is for, and what it is called. Pure: paths and
//! declarations go in, an assignment comes out.
//!
//! Order of trust: `case.toml`, folders, file name (research/domain.md 1.11).
//! Silence sends a file to the inbox (待认领), contradiction to "to be
//! confirmed" (待确认). Neither ever keeps it from being stored.

mod case_list;
mod declaration;
mod name;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use unbroken_config::Config;
use unbroken_config::flow::{Flow, Node};
use unbroken_config::naming::NUMBER_BUDGET_BYTES;
use unbroken_probes::text::Text;

use crate::port::ledger::FileRow;
use crate::port::share::RelPath;
use crate::report::object::CaseFacts;

pub use case_list::{CASE_LIST_BYTES_MAX, CaseList};
pub use declaration::{DECLARATION_BYTES_MAX, Declaration, declaration_paths};
pub use name::{folder, folder_words, official_name, offset, readable_name, readable_path, series};

/// How sure it is where a file belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It belongs to a case.
    Assigned,
    /// Signs disagree: 待确认.
    ToConfirm,
    /// Nobody said: 待认领.
    Unclaimed,
}

impl Standing {
    /// The stable word of report and ledger.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Assigned => "assigned",
            Self::ToConfirm => "to_confirm",
            Self::Unclaimed => "unclaimed",
        }
    }
}

/// Where a file belongs, and how that was found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Assignment {
    /// How sure it is.
    pub standing: Standing,
    /// The case's number as it is officially written.
    pub number: Option<String>,
    /// The number as the team wrote it.
    pub number_written: Option<String>,
    /// `serial` or `notice`.
    pub number_kind: Option<String>,
    /// The flow's code.
    pub flow: Option<String>,
    /// The record node's code.
    pub node: Option<String>,
    /// Which signs said so.
    pub by: Vec<String>,
    /// What disagrees, or cannot be relied on.
    pub conflicts: Vec<Text>,
    /// What was declared and not understood; puts nothing in doubt.
    #[serde(default)]
    pub remarks: Vec<Text>,
    /// A number that may be meant.
    pub suggestion: Option<String>,
    /// The declared visit.
    pub visit: Option<Window>,
    /// The declared institution.
    pub institution: Option<String>,
}

/// A span of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// Start.
    pub start: DateTime<Utc>,
    /// End.
    pub end: DateTime<Utc>,
}

impl Assignment {
    /// The assignment in a ledger row.
    pub fn of(row: &FileRow) -> Option<Self> {
        serde_json::from_value(row.assignment.clone()?).ok()
    }

    /// As the report carries it; `None` if nothing at all is known.
    pub fn facts(&self, config: &Config) -> Option<CaseFacts> {
        let is_silent = self.node.is_none() && self.suggestion.is_none() && self.remarks.is_empty();
        if self.standing == Standing::Unclaimed && is_silent {
            return None;
        }
        Some(CaseFacts {
            number: self.number.clone(),
            kind: self.number_kind.clone(),
            node: self.node.clone(),
            node_name: self.node_in(config).map(|node| node.name_zh.clone()),
            state: self.standing.as_str().to_owned(),
            by: self.by.clone(),
            conflicts: self.conflicts.iter().map(|text| text.zh.clone()).collect(),
            remarks: self.remarks.iter().map(|text| text.zh.clone()).collect(),
            suggestion: self.suggestion.clone(),
        })
    }

    /// The node as the config describes it.
    pub fn node_in<'a>(&self, config: &'a Config) -> Option<&'a Node> {
        config
            .flow(self.flow.as_deref()?)?
            .node(self.node.as_deref()?)
    }
}

/// A number that one sign names.
#[derive(Clone, Debug, PartialEq)]
struct NumberClaim {
    by: &'static str,
    number: String,
    written: String,
    kind: String,
    flows: Vec<String>,
}

/// A node that one sign names.
#[derive(Clone, Debug, PartialEq)]
struct NodeClaim {
    by: &'static str,
    flow: String,
    node: String,
    name: String,
}

/// Finds case and node of the file at `path`. `declarations` are the
/// `case.toml` files above it, nearest first; `lists` the configured case lists.
pub fn assign(
    config: &Config,
    path: &RelPath,
    declarations: &[Declaration],
    lists: &[Arc<CaseList>],
) -> Assignment {
    let parts: Vec<String> = path.parts().map(|part| readable_name(part).text).collect();
    let (name, folders) = parts
        .split_last()
        .map_or(("", &[][..]), |(n, f)| (n.as_str(), f));
    let declared = Declaration::nearest_of(declarations);
    let mut conflicts: Vec<Text> = declarations
        .iter()
        .filter_map(|d| d.fault.clone())
        .collect();

    let mut numbers = number_claims(config, folders, name, &declared);
    conflicts.extend(unknown_words(config, &declared, &numbers));
    conflicts.extend(too_long(&mut numbers));
    let number = agree(
        &numbers,
        |claim| claim.number.clone(),
        &mut conflicts,
        ("编号", "number"),
    );
    let flows = flows_of(config, number.as_ref(), &declared);
    let nodes = node_claims(&flows, folders, name);
    let node = agree(
        &nodes,
        |claim| claim.node.clone(),
        &mut conflicts,
        ("节点", "node"),
    );

    let mut suggestion = None;
    if let Some(claim) = &number {
        let (doubts, near) = against_lists(claim, lists);
        conflicts.extend(doubts);
        suggestion = near;
    }
    let unsure = folders.first() == Some(&config.share.special.unclaimed);
    let standing = match (&number, conflicts.is_empty()) {
        (_, false) => Standing::ToConfirm,
        (Some(_), true) if !unsure => Standing::Assigned,
        _ => Standing::Unclaimed,
    };
    let mut by: Vec<String> = Vec::new();
    for sign in numbers
        .iter()
        .map(|c| c.by)
        .chain(nodes.iter().map(|c| c.by))
    {
        if !by.iter().any(|known| known == sign) {
            by.push(sign.to_owned());
        }
    }
    // A team that puts a file into the inbox says that it is unsure; what its
    // name says is then a suggestion and no more.
    if unsure && suggestion.is_none() {
        suggestion = number.as_ref().map(|claim| claim.number.clone());
    }
    let kept = number.filter(|_| standing != Standing::Unclaimed);
    Assignment {
        standing,
        number_written: kept.as_ref().map(|claim| claim.written.clone()),
        number_kind: kept.as_ref().map(|claim| claim.kind.clone()),
        number: kept.map(|claim| claim.number),
        flow: node.as_ref().map(|claim| claim.flow.clone()).or_else(|| {
            flows
                .first()
                .map(|flow| flow.code.clone())
                .filter(|_| flows.len() == 1)
        }),
        node: node.map(|claim| claim.node),
        by,
        conflicts,
        suggestion,
        visit: declared.visit,
        institution: declared.institution,
        remarks: declared.remarks,
    }
}

/// What a declaration says in words that the config does not know.
fn unknown_words(config: &Config, declared: &Declaration, numbers: &[NumberClaim]) -> Vec<Text> {
    let kind = declared
        .kind
        .as_deref()
        .filter(|kind| config.flow(kind).is_none());
    let number = declared
        .number
        .as_deref()
        .filter(|_| !numbers.iter().any(|claim| claim.by == DECLARED));
    [("kind", kind), ("number", number)]
        .into_iter()
        .filter_map(|(key, word)| {
            let word = word?;
            Some(Text::new(
                format!("case.toml 的 {key} 为 {word},无法识别"),
                format!("{key} in case.toml is {word}, which is not known"),
            ))
        })
        .collect()
}

/// Takes out numbers that leave no room for the rest of an official name.
fn too_long(numbers: &mut Vec<NumberClaim>) -> Option<Text> {
    let fits = |claim: &NumberClaim| claim.number.len() <= NUMBER_BUDGET_BYTES;
    let long = numbers.iter().find(|claim| !fits(claim))?.by;
    numbers.retain(fits);
    Some(Text::new(
        format!("{long} 中的编号超过 {NUMBER_BUDGET_BYTES} 字节,无法用于命名"),
        format!(
            "the number of {long} is longer than {NUMBER_BUDGET_BYTES} bytes, no name can hold it"
        ),
    ))
}

/// What the lists of its kind say of a number, and the one that may be meant.
/// Several lists of one kind are one list in several files.
fn against_lists(claim: &NumberClaim, lists: &[Arc<CaseList>]) -> (Vec<Text>, Option<String>) {
    let of_kind = || lists.iter().filter(|list| list.kind == claim.kind);
    if of_kind().next().is_none() || of_kind().any(|list| list.contains(&claim.number)) {
        return (Vec::new(), None);
    }
    let faults: Vec<Text> = of_kind().filter_map(|list| list.fault.clone()).collect();
    if !faults.is_empty() {
        return (faults, None);
    }
    let mut near = of_kind().flat_map(|list| list.near(&claim.number));
    let suggestion = near.next().map(str::to_owned);
    let is_only = near.all(|other| Some(other) == suggestion.as_deref());
    let unlisted = Text::new(
        format!("编号 {} 不在案件名单中", claim.number),
        format!("the number {} is not on the list of cases", claim.number),
    );
    (vec![unlisted], suggestion.filter(|_| is_only))
}

/// How a claim of a declaration is signed.
const DECLARED: &str = "case.toml";

fn number_claims(
    config: &Config,
    folders: &[String],
    name: &str,
    declared: &Declaration,
) -> Vec<NumberClaim> {
    let patterns = config.number_patterns();
    let mut claims = Vec::new();
    let mut find = |by: &'static str, text: &str| {
        for pattern in &patterns {
            for found in pattern.find(text) {
                claims.push(NumberClaim {
                    by,
                    number: found.canonical,
                    written: found.written,
                    kind: pattern.kind.clone(),
                    flows: pattern.flow.clone(),
                });
            }
        }
    };
    if let Some(number) = declared.number.as_deref() {
        find(DECLARED, number);
    }
    for folder in folders {
        find("folder", folder);
    }
    find("name", name);
    claims
}

/// The flows that a file can be of: the declared one, those of its number, or
/// all of them while nothing is known.
fn flows_of<'a>(
    config: &'a Config,
    number: Option<&NumberClaim>,
    declared: &Declaration,
) -> Vec<&'a Flow> {
    if let Some(flow) = declared.kind.as_deref().and_then(|k| config.flow(k)) {
        return vec![flow];
    }
    config
        .flow
        .iter()
        .filter(|flow| {
            number.is_none_or(|claim| {
                flow.number_kind == claim.kind
                    && (claim.flows.is_empty() || claim.flows.contains(&flow.code))
            })
        })
        .collect()
}

/// What folders and name say of the node. Of flows that share a node's name,
/// one that asks for recordings there is meant.
fn node_claims(flows: &[&Flow], folders: &[String], name: &str) -> Vec<NodeClaim> {
    let mut claims: Vec<NodeClaim> = Vec::new();
    let add = |claims: &mut Vec<NodeClaim>, by: &'static str, found: Vec<(&Flow, &Node)>| {
        let media: Vec<_> = found.iter().filter(|(_, n)| n.asks_for_media()).collect();
        let chosen = if media.is_empty() {
            found.iter().collect()
        } else {
            media
        };
        for (flow, node) in chosen {
            let claim = NodeClaim {
                by,
                flow: flow.code.clone(),
                node: node.code.clone(),
                name: node.name_zh.clone(),
            };
            // The same node of two flows is one node until the flow is known.
            if !claims
                .iter()
                .any(|known| known.by == by && known.name == claim.name)
            {
                claims.push(claim);
            }
        }
    };
    for folder in folders {
        let found = flows
            .iter()
            .filter_map(|f| Some((*f, f.node_of_folder(folder)?)))
            .collect();
        add(&mut claims, "folder", found);
    }
    // An everyday word in a file's name, part of the institution's name as often
    // as not, does not contradict the folder that its team chose.
    let folder_speaks = !claims.is_empty();
    let in_name = flows
        .iter()
        .flat_map(|flow| {
            let nodes = if folder_speaks {
                flow.nodes_named_outright(name)
            } else {
                flow.nodes_in_name(name)
            };
            nodes.into_iter().map(move |node| (*flow, node))
        })
        .collect();
    add(&mut claims, "name", in_name);
    claims
}

/// The first claim, if all say the same; otherwise a conflict.
fn agree<C: Claim>(
    claims: &[C],
    value: impl Fn(&C) -> String,
    conflicts: &mut Vec<Text>,
    (zh, en): (&str, &str),
) -> Option<C> {
    let first = claims.first()?;
    let Some(other) = claims.iter().find(|claim| value(claim) != value(first)) else {
        return Some(first.clone());
    };
    conflicts.push(Text::new(
        format!(
            "{zh}不一致:{} 为 {},{} 为 {}",
            first.by(),
            first.says(),
            other.by(),
            other.says()
        ),
        format!(
            "the {en} differs: {} says {}, {} says {}",
            first.by(),
            first.says(),
            other.by(),
            other.says()
        ),
    ));
    None
}

trait Claim: Clone {
    fn by(&self) -> &'static str;
    fn says(&self) -> String;
}

impl Claim for NumberClaim {
    fn by(&self) -> &'static str {
        self.by
    }

    fn says(&self) -> String {
        self.number.clone()
    }
}

impl Claim for NodeClaim {
    fn by(&self) -> &'static str {
        self.by
    }

    fn says(&self) -> String {
        format!("{} {}", self.node, self.name)
    }
}

#[cfg(test)]
mod tests;
