//! Which case and node a file is for, and what it is called. Pure: paths and
//! declarations go in, an assignment comes out.
//!
//! Order of trust: `case.toml`, folders, file name (research/domain.md 1.11).
//! Silence sends a file to the inbox (待认领), contradiction to "to be
//! confirmed" (待确认). Neither ever keeps it from being stored.

mod case_list;
mod declaration;
mod name;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use unbroken_config::Config;
use unbroken_config::flow::{Flow, Node};
use unbroken_probes::text::Text;

use crate::port::ledger::FileRow;
use crate::port::share::RelPath;
use crate::report::object::CaseFacts;

pub use case_list::{CASE_LIST_BYTES_MAX, CaseList};
pub use declaration::{DECLARATION_BYTES_MAX, Declaration, declaration_paths};
pub use name::{folder, folder_words, official_name, offset, readable_name, series};

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
    /// What disagrees.
    pub conflicts: Vec<Text>,
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
        if self.standing == Standing::Unclaimed && self.node.is_none() {
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
    lists: &[CaseList],
) -> Assignment {
    let parts: Vec<String> = path.parts().map(|part| readable_name(part).text).collect();
    let (name, folders) = parts
        .split_last()
        .map_or(("", &[][..]), |(n, f)| (n.as_str(), f));
    let declared = declarations.iter().find(|d| d.fault.is_none());
    let mut conflicts: Vec<Text> = declarations
        .iter()
        .filter_map(|d| d.fault.clone())
        .collect();

    let numbers = number_claims(config, folders, name, declared);
    let number = agree(
        &numbers,
        |claim| claim.number.clone(),
        &mut conflicts,
        ("编号", "number"),
    );
    let flows = flows_of(config, number.as_ref(), declared);
    let nodes = node_claims(&flows, folders, name);
    let node = agree(
        &nodes,
        |claim| claim.node.clone(),
        &mut conflicts,
        ("节点", "node"),
    );

    let mut suggestion = None;
    if let Some(claim) = &number {
        let listed = lists.iter().filter(|list| list.kind == claim.kind);
        for list in listed {
            if !list.contains(&claim.number) {
                suggestion = list.nearest(&claim.number);
                conflicts.push(Text::new(
                    format!("编号 {} 不在案件名单中", claim.number),
                    format!("the number {} is not on the list of cases", claim.number),
                ));
            }
        }
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
        visit: declared.and_then(|d| d.visit),
        institution: declared.and_then(|d| d.institution.clone()),
    }
}

fn number_claims(
    config: &Config,
    folders: &[String],
    name: &str,
    declared: Option<&Declaration>,
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
    if let Some(number) = declared.and_then(|d| d.number.as_deref()) {
        find("case.toml", number);
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
    declared: Option<&Declaration>,
) -> Vec<&'a Flow> {
    if let Some(flow) = declared
        .and_then(|d| d.kind.as_deref())
        .and_then(|k| config.flow(k))
    {
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
    let mut add = |by: &'static str, found: Vec<(&Flow, &Node)>| {
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
        add("folder", found);
    }
    let in_name = flows
        .iter()
        .flat_map(|flow| {
            flow.nodes_in_name(name)
                .into_iter()
                .map(move |node| (*flow, node))
        })
        .collect();
    add("name", in_name);
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
