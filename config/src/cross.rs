//! What must hold between keys.

use std::path::{Component, Path, PathBuf};

use unbroken_probes::check::Check;
use unbroken_probes::text::Text;

use crate::checks;
use crate::config::Config;
use crate::error::Faults;
use crate::flow::Flow;
use crate::gate::{MAX_GLOBS_BYTES, globs};
use crate::keys::{ObjectLock, StoreKind};
use crate::naming::Template;
use crate::number::NumberPattern;

/// Notes everything that contradicts itself.
pub(crate) fn check(config: &Config, checks: &[&'static Check], faults: &mut Faults<'_>) {
    paths(config, faults);
    store(config, faults);
    numbers(config, faults);
    flows(config, faults);
    name_length(config, faults);
    waits(config, faults);
    lists(config, faults);
    folders(config, faults);
    checks::cross(&config.check, checks, faults);
}

/// A path without `.` and with `..` resolved by the text alone.
fn lexical(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if plain.file_name().is_some_and(|n| n != "..") => {
                plain.pop();
            }
            part => plain.push(part),
        }
    }
    plain
}

/// True if `inner` is `outer` or lies inside it, by their text. Callers that
/// can ask the file system hand over resolved paths; a relative path and an
/// absolute one are never nested by their text.
pub fn nested(outer: &Path, inner: &Path) -> bool {
    let (outer, inner) = (lexical(outer), lexical(inner));
    outer.is_absolute() == inner.is_absolute() && inner.starts_with(&outer)
}

fn paths(config: &Config, faults: &mut Faults<'_>) {
    let ledger = config.ledger_path();
    let store = config.store_dir();
    let mut own = vec![("state.dir", &config.state.dir), ("ledger.url", &ledger)];
    if config.store.kind == StoreKind::Directory {
        own.push(("store.dir", &store));
    }
    for (i, share) in config.share.paths.iter().enumerate() {
        for other in config.share.paths.iter().skip(i + 1) {
            if nested(share, other) || nested(other, share) {
                let (a, b) = (share.display(), other.display());
                faults.of(
                    "share.paths",
                    Text::new(
                        format!("share.paths:{a} 与 {b} 相同或互相包含,同一文件会被收取两次"),
                        format!(
                            "share.paths: {a} and {b} are the same or one holds the other; files \
                             would be taken in twice"
                        ),
                    ),
                );
            }
        }
        for (key, path) in &own {
            let (inside, outside) = (nested(share, path), nested(path, share));
            // The share may not lie in our folders either; a file holds nothing.
            if inside || (outside && *key != "ledger.url") {
                let (share, path) = (share.display(), path.display());
                faults.of(
                    key,
                    Text::new(
                        format!(
                            "{key}({path})与投递共享 {share} 互相包含:本程序的数据会被当作来件"
                        ),
                        format!(
                            "{key} ({path}) and the share {share} lie in each other: this \
                             program's own data would be taken in"
                        ),
                    ),
                );
            }
        }
    }
    if config.store.kind == StoreKind::Directory && nested(&store, &config.state.dir) {
        faults.of(
            "store.dir",
            Text::new(
                "store.dir:存储不得与状态目录相同,也不得包含它",
                "store.dir: the store must not be the state directory nor hold it",
            ),
        );
    }
}

fn store(config: &Config, faults: &mut Faults<'_>) {
    let s3 = &config.store.s3;
    if config.store.kind == StoreKind::S3 && s3.bucket.is_empty() {
        faults.of(
            "store.s3.bucket",
            Text::new(
                "store.kind = \"s3\" 时须写 store.s3.bucket",
                "store.kind = \"s3\" needs store.s3.bucket",
            ),
        );
    }
    if s3.prefix.starts_with('/') || !s3.prefix.is_ascii() {
        faults.of(
            "store.s3.prefix",
            Text::new(
                "store.s3.prefix:只用英文字符,不以 / 开头",
                "store.s3.prefix: ASCII only, and no leading /",
            ),
        );
    }
    if s3.object_lock != ObjectLock::None && s3.retain_days == 0 {
        faults.of(
            "store.s3.retain_days",
            Text::new(
                "启用 object_lock 时,retain_days 至少为 1",
                "with object_lock, retain_days must be at least 1",
            ),
        );
    }
    if config.retry.cap_s < config.retry.base_s {
        faults.of(
            "retry.cap_s",
            Text::new(
                format!(
                    "retry.cap_s({})不应小于 retry.base_s({})",
                    config.retry.cap_s.0, config.retry.base_s.0
                ),
                format!(
                    "retry.cap_s ({}) must not be below retry.base_s ({})",
                    config.retry.cap_s.0, config.retry.base_s.0
                ),
            ),
        );
    }
}

fn numbers(config: &Config, faults: &mut Faults<'_>) {
    for (i, row) in config.number.iter().enumerate() {
        if row.pattern.is_empty() {
            continue;
        }
        for (key, text) in NumberPattern::faults(row) {
            faults.of(&format!("number[{i}].{key}"), text);
        }
        for code in &row.flow {
            if config.flow(code).is_none() {
                faults.of(
                    &format!("number[{i}].flow"),
                    Text::new(
                        format!("没有代码为 {code} 的流程"),
                        format!("there is no flow with the code {code}"),
                    ),
                );
            }
        }
    }
}

fn flows(config: &Config, faults: &mut Faults<'_>) {
    if config.flow.is_empty() {
        faults.of(
            "flows.base",
            Text::new(
                "没有任何流程:请选内置流程,或写 [[flow]]",
                "there is no flow at all: choose the built-in ones or write a [[flow]]",
            ),
        );
    }
    for (i, flow) in config.flow.iter().enumerate() {
        if config.flow.iter().skip(i + 1).any(|f| f.code == flow.code) {
            let entry = faults.entry("flow", &flow.code);
            faults.of(
                &entry,
                Text::new(
                    format!("流程代码 {} 出现两次", flow.code),
                    format!("the flow code {} comes twice", flow.code),
                ),
            );
        }
        if !config.number.iter().any(|row| row.kind == flow.number_kind) {
            let entry = faults.entry("flow", &flow.code);
            faults.of(
                &format!("{entry}.number_kind"),
                Text::new(
                    format!(
                        "流程 {} 所用的编号种类 {} 没有样式",
                        flow.code, flow.number_kind
                    ),
                    format!(
                        "the flow {} uses numbers of kind {}, for which there is no pattern",
                        flow.code, flow.number_kind
                    ),
                ),
            );
        }
        nodes(flow, faults);
    }
}

fn nodes(flow: &Flow, faults: &mut Faults<'_>) {
    let list = format!("{}.node", faults.entry("flow", &flow.code));
    for (i, node) in flow.node.iter().enumerate() {
        let entry = faults.entry(&list, &node.code);
        if flow.node.iter().skip(i + 1).any(|n| n.code == node.code) {
            faults.of(
                &entry,
                Text::new(
                    format!("流程 {} 中节点 {} 出现两次", flow.code, node.code),
                    format!("the flow {} has the node {} twice", flow.code, node.code),
                ),
            );
        }
        let unknown = node
            .instead_of
            .iter()
            .find(|code| flow.node(code).is_none());
        if let Some(code) = unknown {
            faults.of(
                &entry,
                Text::new(
                    format!("节点 {} 的 instead_of:没有节点 {code}", node.code),
                    format!("instead_of of node {}: there is no node {code}", node.code),
                ),
            );
        }
        if node.all_of.is_empty() && node.any_of.is_empty() {
            faults.of(
                &entry,
                Text::new(
                    format!("节点 {} 须写 all_of 或 any_of", node.code),
                    format!("the node {} needs all_of or any_of", node.code),
                ),
            );
        }
    }
}

fn name_length(config: &Config, faults: &mut Faults<'_>) {
    let Ok(template) = Template::parse(&config.naming.template) else {
        return;
    };
    let nodes = || config.flow.iter().flat_map(|flow| &flow.node);
    let longest = nodes()
        .map(|node| template.longest_bytes(node.code.len(), node.name_zh.len()))
        .max()
        .unwrap_or_default();
    let max_bytes = usize::try_from(config.naming.max_bytes).unwrap_or(usize::MAX);
    if longest > max_bytes {
        faults.of(
            "naming.template",
            Text::new(
                format!("按此模板,最长的正式文件名为 {longest} 字节,超过上限 {max_bytes} 字节"),
                format!(
                    "with this template the longest official name takes {longest} bytes, more \
                     than {max_bytes}"
                ),
            ),
        );
    }
}

fn waits(config: &Config, faults: &mut Faults<'_>) {
    let limit_h = config.deadline.limit_h;
    if config
        .deadline
        .warn_left_h
        .iter()
        .any(|left| *left >= limit_h)
    {
        faults.of(
            "deadline.warn_left_h",
            Text::new(
                format!("deadline.warn_left_h:各项须小于时限 {limit_h} 小时"),
                format!("deadline.warn_left_h: each must be below the limit of {limit_h} h"),
            ),
        );
    }
    let settle = &config.settle;
    for (key, wait) in [
        ("settle.incomplete_closed_s", settle.incomplete_closed_s),
        ("settle.incomplete_unknown_s", settle.incomplete_unknown_s),
        ("settle.quiet_s", settle.quiet_s),
        ("settle.quiet_client_s", settle.quiet_client_s),
    ] {
        if wait.0 >= config.save_limit_s() {
            faults.of(
                key,
                Text::new(
                    format!("{key}:等待不得达到 24 小时规则的时限({limit_h} 小时)"),
                    format!("{key}: the wait must stay below the limit of save.24h ({limit_h} h)"),
                ),
            );
        }
    }
}

fn lists(config: &Config, faults: &mut Faults<'_>) {
    for (key, list) in [
        ("share.ignore_names", &config.share.ignore_names),
        ("share.temp_names", &config.share.temp_names),
        ("share.ignore_dirs", &config.share.ignore_dirs),
        ("intake.chat_patterns", &config.intake.chat_patterns),
    ] {
        let bytes: usize = list.iter().map(String::len).sum();
        if bytes > MAX_GLOBS_BYTES {
            faults.of(
                key,
                Text::new(
                    format!("{key}:各样式合计 {bytes} 字节,超过 {MAX_GLOBS_BYTES} 字节"),
                    format!(
                        "{key}: the patterns take {bytes} bytes together, more than \
                         {MAX_GLOBS_BYTES}"
                    ),
                ),
            );
        }
    }
}

fn folders(config: &Config, faults: &mut Faults<'_>) {
    let special = &config.share.special;
    let skipped = globs(&config.share.ignore_dirs);
    let names = [
        ("share.special.unclaimed", &special.unclaimed),
        ("share.special.receipts", &special.receipts),
        ("share.special.notes", &special.notes),
    ];
    for (i, (key, name)) in names.iter().enumerate() {
        if names.iter().take(i).any(|(_, other)| other == name) {
            faults.of(
                key,
                Text::new(
                    format!("{key}:与另一特殊文件夹同名({name})"),
                    format!("{key}: the same name as another special folder ({name})"),
                ),
            );
        }
        if skipped.is_match(name) {
            faults.of(
                key,
                Text::new(
                    format!("{key}:{name} 与 share.ignore_dirs 相符,不会被扫描"),
                    format!("{key}: {name} matches share.ignore_dirs and would not be entered"),
                ),
            );
        }
    }
}
