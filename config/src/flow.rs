//! Flows, their nodes, and the numbers of cases: data that other cities and
//! later years replace (research/domain.md 1.2, 1.10, 1.11).

use std::collections::BTreeMap;

use crate::fold::fold;
use crate::form::{Form, Kind, choices};
use crate::keys::whole;
use crate::shape::sections;

/// The four flows of the Shanghai trial plan.
pub const SHANGHAI_2021: &str = include_str!("../flows/shanghai-2021.toml");

choices! {
    #[doc = "A form of record that a node asks for."]
    RecordForm default Photo {
        Photo = "photo", "照片", "photo";
        Video = "video", "视频", "video";
        TextPaper = "text_paper", "文字(纸质)", "text on paper";
        TextElectronic = "text_electronic", "文字(电子)", "electronic text";
    }

    #[doc = "When a node applies."]
    Condition default Always {
        Always = "always", "必须", "always";
        Declared = "declared",
            "如有:由团队声明;未声明不算缺失",
            "if there is one: the team declares it; silence is not a gap";
        IfGranted = "if_granted", "准予许可时", "only if the licence is granted";
    }

    #[doc = "How closely a node's recordings are kept."]
    Protection default None {
        None = "none", "一般", "as all others";
        Risk = "risk", "风险证据:长期保留,限制查看", "risk evidence: held, and seen by few";
    }

    #[doc = "Which set of flows is built upon."]
    FlowBase default Shanghai2021 {
        Shanghai2021 = "shanghai-2021", "上海市试行方案(2021)", "the Shanghai trial plan of 2021";
        None = "none", "不用内置流程", "none of the built-in flows";
    }
}

sections! {
    Flows, "流程的来源", "Where flows come from";
    keys {
        base: FlowBase = FlowBase::Shanghai2021, Kind::Choice(FlowBase::CHOICES), "",
            "内置流程;[[flow]] 按 code 替换其中的流程,或新增流程",
            "Built-in flows; a [[flow]] replaces the one of the same code, or adds one",
            "trial plan 二; research/domain.md 1.2";
    }
    sections {}
    lists {}

    Flow, "流程", "A flow";
    keys {
        code: String = String::new(), Kind::Text(Form::Slug), "",
            "流程代码", "Code of the flow", "";
        name_zh: String = String::new(), Kind::Text(Form::Filled), "",
            "流程名称", "Name in Chinese", "";
        name_en: String = String::new(), Kind::Text(Form::Filled), "",
            "英文名称", "Name in English", "";
        number_kind: String = String::new(), Kind::Text(Form::Slug), "",
            "所用编号的种类,见 [[number]]", "The kind of number that it uses; see [[number]]", "";
    }
    sections {}
    lists { node: Node = Vec::new(); }

    Node, "记录节点", "A record node";
    keys {
        code: String = String::new(), Kind::Text(Form::Slug), "",
            "节点代码", "Code of the node", "";
        stage_zh: String = String::new(), Kind::Text(Form::Any), "",
            "所属阶段", "Its stage, in Chinese", "";
        stage_en: String = String::new(), Kind::Text(Form::Any), "",
            "所属阶段(英文)", "Its stage, in English", "";
        name_zh: String = String::new(), Kind::Text(Form::Filled), "",
            "节点名称", "Name in Chinese", "";
        name_en: String = String::new(), Kind::Text(Form::Filled), "",
            "英文名称", "Name in English", "";
        aliases: Vec<String> = Vec::new(),
            Kind::List { of: &Kind::Text(Form::Filled), min: 0, max: 64 }, "",
            "文件夹名、文件名中可用的其他叫法",
            "Other words for it in folder and file names", "";
        condition: Condition = Condition::Always, Kind::Choice(Condition::CHOICES), "",
            "何时适用", "When it applies", "";
        instead_of: Vec<String> = Vec::new(),
            Kind::List { of: &Kind::Text(Form::Slug), min: 0, max: 64 }, "",
            "可代替哪些节点", "Nodes in whose place it may stand", "";
        all_of: Vec<RecordForm> = Vec::new(),
            Kind::List { of: &Kind::Choice(RecordForm::CHOICES), min: 0, max: 4 }, "",
            "必须全部具备的记录形式", "Forms of record that must all be there", "";
        any_of: Vec<RecordForm> = Vec::new(),
            Kind::List { of: &Kind::Choice(RecordForm::CHOICES), min: 0, max: 4 }, "",
            "至少具备其一的记录形式", "Forms of record of which one must be there", "";
        min_photos: u64 = 0, whole(0, 1000), "",
            "照片至少几张", "Photos at least", "";
        protect: Protection = Protection::None, Kind::Choice(Protection::CHOICES), "",
            "保护级别", "How closely its recordings are kept", "";
        shot_zh: String = String::new(), Kind::Text(Form::Any), "",
            "应拍摄的内容", "What the shot shows, in Chinese", "";
        shot_en: String = String::new(), Kind::Text(Form::Any), "",
            "应拍摄的内容(英文)", "What the shot shows, in English", "";
    }
    sections {}
    lists {}
}

/// Flows that replace or extend a base, by code; the base's order is kept.
pub(crate) fn merge(mut base: Vec<Flow>, own: Vec<Flow>) -> Vec<Flow> {
    for flow in own {
        match base.iter_mut().find(|known| known.code == flow.code) {
            Some(known) => *known = flow,
            None => base.push(flow),
        }
    }
    base
}

impl Flow {
    /// The node with this code, without regard to case.
    pub fn node(&self, code: &str) -> Option<&Node> {
        self.node
            .iter()
            .find(|node| node.code.eq_ignore_ascii_case(code))
    }

    /// The node that a folder is for: its code, its name or an alias, each
    /// also with a leading number (`04-现场试验考核`, `05授权签字人考核(如有)`).
    /// `None` if none or several are meant.
    pub fn node_of_folder(&self, folder: &str) -> Option<&Node> {
        let folded = fold(folder);
        let whole = strip_if_any(folded.trim());
        let bare = without_leading_number(whole);
        let mut hits = self.node.iter().filter(|node| {
            [whole, bare].iter().any(|word| {
                !word.is_empty()
                    && node
                        .words()
                        .any(|known| fold(known).eq_ignore_ascii_case(word))
            })
        });
        let hit = hits.next();
        hit.filter(|_| hits.next().is_none())
    }

    /// The nodes whose names, aliases or codes stand in a file's name; the
    /// longest word wins where one holds another. Several mean that the name
    /// does not decide.
    pub fn nodes_in_name(&self, name: &str) -> Vec<&Node> {
        let folded = fold(name).to_lowercase();
        let mut by_word: BTreeMap<(usize, usize), &Node> = BTreeMap::new();
        for node in &self.node {
            for word in node.words() {
                let word = fold(word).to_lowercase();
                for (at, _) in folded.match_indices(&word) {
                    let end = at + word.len();
                    let stands_alone = !word.is_ascii() || is_bounded(&folded, at, end);
                    if !word.is_empty() && stands_alone {
                        by_word.entry((at, end)).or_insert(node);
                    }
                }
            }
        }
        let spans: Vec<(usize, usize)> = by_word.keys().copied().collect();
        let mut found: Vec<&Node> = Vec::new();
        for ((start, end), node) in by_word {
            let inside = |s: usize, e: usize| s <= start && end <= e && (s, e) != (start, end);
            let shadowed = spans.iter().any(|(s, e)| inside(*s, *e));
            if !shadowed && !found.iter().any(|known| known.code == node.code) {
                found.push(node);
            }
        }
        found
    }
}

impl Node {
    /// Every word by which a folder or file may call it.
    fn words(&self) -> impl Iterator<Item = &str> {
        [
            self.code.as_str(),
            self.name_zh.as_str(),
            self.name_en.as_str(),
        ]
        .into_iter()
        .chain(self.aliases.iter().map(String::as_str))
    }

    /// True if it asks for a picture or a recording, so that files from a
    /// share belong to it.
    pub fn asks_for_media(&self) -> bool {
        self.all_of
            .iter()
            .chain(&self.any_of)
            .any(|form| matches!(form, RecordForm::Photo | RecordForm::Video))
    }
}

/// The plan writes 如有 behind the name of a conditional node.
fn strip_if_any(word: &str) -> &str {
    word.strip_suffix("〔如有〕").unwrap_or(word).trim_end()
}

fn without_leading_number(word: &str) -> &str {
    let rest = word.trim_start_matches(|c: char| c.is_ascii_digit());
    if rest.len() == word.len() {
        return word;
    }
    rest.trim_start_matches(['-', '_', '.', ' ', '、'])
}

/// True if no ASCII letter or digit touches the span: `C1` is not in `C12`.
fn is_bounded(text: &str, start: usize, end: usize) -> bool {
    let touches = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    let before = text.get(..start).and_then(|t| t.chars().next_back());
    let after = text.get(end..).and_then(|t| t.chars().next());
    !touches(before) && !touches(after)
}
