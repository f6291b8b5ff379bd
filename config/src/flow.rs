//! Flows, their nodes, and the numbers of cases: data that other cities and
//! later years replace (research/domain.md 1.2, 1.10, 1.11).

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
        shows_writing: bool = false, Kind::Bool, "",
            "照片上须有可辨认的文字(铭牌、门牌号);未发现的需复核",
            "Its photos must show writing that can be read, such as a nameplate or a door number; \
             a person looks where none is found", "";
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

/// Flows that replace or extend a base, by code; the base's order is kept. A
/// code that comes twice among the admin's own stays twice, so that it is
/// found and refused.
pub(crate) fn merge(mut base: Vec<Flow>, own: Vec<Flow>) -> Vec<Flow> {
    let mut seen: Vec<String> = Vec::new();
    for flow in own {
        let twice = seen.contains(&flow.code);
        seen.push(flow.code.clone());
        match base.iter_mut().find(|known| known.code == flow.code) {
            Some(known) if !twice => *known = flow,
            _ => base.push(flow),
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
    /// also with a leading number, and its code before its name
    /// (`04-现场试验考核`, `05授权签字人考核(如有)`, `A2.2首次会议`). `None` if
    /// none or several are meant.
    pub fn node_of_folder(&self, folder: &str) -> Option<&Node> {
        let folded = fold(folder).to_lowercase();
        let whole = strip_if_any(folded.trim());
        let bare = without_leading_number(whole);
        let mut hits = self.node.iter().filter(|node| {
            let code = fold(&node.code).to_lowercase();
            let after_code = whole.strip_prefix(&code).map(without_separator);
            node.words().any(|known| {
                let known = fold(known).to_lowercase();
                known == whole || known == bare || Some(known.as_str()) == after_code
            })
        });
        let hit = hits.next();
        hit.filter(|_| hits.next().is_none())
    }

    /// The nodes whose words stand in a file's name. Where one word holds
    /// another, the longer counts; and where some node stands there by its
    /// code or full name, aliases of others do not count (`某某试验公司_首次会议`
    /// speaks of the meeting). A code counts only between separators, and only
    /// if its node asks for recordings: `会议室B1` is a room, and `A1.jpg` a
    /// camera's name. Several nodes mean that the name does not decide.
    pub fn nodes_in_name(&self, name: &str) -> Vec<&Node> {
        let hits = self.hits(name);
        let by_name = hits.iter().any(|hit| !hit.is_alias);
        Self::nodes_of(&hits, |hit| !(by_name && hit.is_alias))
    }

    /// The nodes that stand in a file's name by code or full name.
    pub fn nodes_named_outright(&self, name: &str) -> Vec<&Node> {
        Self::nodes_of(&self.hits(name), |hit| !hit.is_alias)
    }

    /// Every word of every node in a name.
    fn hits(&self, name: &str) -> Vec<Hit<'_>> {
        let folded = fold(name).to_lowercase();
        let mut hits: Vec<Hit<'_>> = Vec::new();
        for node in &self.node {
            for word in node.words() {
                let is_alias = node.aliases.iter().any(|alias| alias == word);
                let word = fold(word).to_lowercase();
                if word.is_empty() {
                    continue;
                }
                let is_code = word == fold(&node.code).to_lowercase();
                if is_code && !node.asks_for_media() {
                    continue;
                }
                for (start, _) in folded.match_indices(&word) {
                    let end = start + word.len();
                    let counts = match (is_code, word.is_ascii()) {
                        (true, _) => {
                            let name = fold(&node.name_zh).to_lowercase();
                            is_apart(&folded, start, end, &name)
                        }
                        (false, true) => is_bounded(&folded, start, end),
                        (false, false) => true,
                    };
                    if counts {
                        hits.push(Hit {
                            node,
                            start,
                            end,
                            is_alias,
                        });
                    }
                }
            }
        }
        hits
    }

    /// The different nodes of the hits that count.
    fn nodes_of<'a>(hits: &[Hit<'a>], counts: impl Fn(&Hit<'a>) -> bool) -> Vec<&'a Node> {
        let mut found: Vec<&Node> = Vec::new();
        for hit in hits {
            let shadowed = hits.iter().any(|other| other.holds(hit));
            let known = found.iter().any(|known| known.code == hit.node.code);
            if counts(hit) && !shadowed && !known {
                found.push(hit.node);
            }
        }
        found
    }
}

/// One word of a node in a name.
struct Hit<'a> {
    node: &'a Node,
    start: usize,
    end: usize,
    is_alias: bool,
}

impl Hit<'_> {
    /// True if `other` is a part of this longer word.
    fn holds(&self, other: &Hit<'_>) -> bool {
        self.start <= other.start
            && other.end <= self.end
            && self.end - self.start > other.end - other.start
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
    without_separator(rest)
}

fn without_separator(word: &str) -> &str {
    word.trim_start_matches(['-', '_', '.', ' ', '、'])
}

/// True if no ASCII letter or digit touches the span: `C1` is not in `C12`.
fn is_bounded(text: &str, start: usize, end: usize) -> bool {
    let touches = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    let before = text.get(..start).and_then(|t| t.chars().next_back());
    let after = text.get(end..).and_then(|t| t.chars().next());
    !touches(before) && !touches(after)
}

/// True if nothing but separators touches the span, or `name` follows it at once:
/// `C1` is not in `机房C1`, and `A2.2` is in `A2.2首次会议`.
fn is_apart(text: &str, start: usize, end: usize, name: &str) -> bool {
    let touches = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let before = text.get(..start).and_then(|t| t.chars().next_back());
    let after = text.get(end..).unwrap_or_default();
    !touches(before) && (!touches(after.chars().next()) || after.starts_with(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Config;

    fn flow(code: &str) -> Flow {
        Config::default().flow(code).cloned().unwrap()
    }

    fn codes(nodes: &[&Node]) -> Vec<String> {
        nodes.iter().map(|node| node.code.clone()).collect()
    }

    #[test]
    fn the_built_in_flows_are_the_plan_s() {
        // The text of the built-in flows read as an admin's own must be free
        // of faults, and change nothing.
        let own =
            crate::parse(SHANGHAI_2021, "shanghai-2021.toml").unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(own, Config::default());
        let nodes = |code: &str| flow(code).node.len();
        assert_eq!(["A", "B", "C", "D"].map(nodes), [11, 3, 8, 1]);
        let media = |code: &str| {
            let flow = flow(code);
            let media = flow.node.iter().filter(|node| node.asks_for_media());
            media.map(|node| node.code.clone()).collect::<Vec<_>>()
        };
        assert_eq!(media("A"), ["A2.1", "A2.2", "A2.4", "A2.5", "A2.6"]);
        assert_eq!(media("C"), ["C1", "C2", "C4", "C5", "C6", "C7"]);
        assert!(media("B").is_empty() && media("D").is_empty());
    }

    #[test]
    fn writing_is_asked_for_where_the_plan_names_a_nameplate() {
        for code in ["A", "C"] {
            let flow = flow(code);
            let asks = flow.node.iter().filter(|node| node.shows_writing);
            let shots: Vec<&str> = asks.map(|node| node.shot_zh.as_str()).collect();
            assert_eq!(shots, ["带有铭牌、门牌号(如有)的经营场所"], "{code}");
        }
    }

    #[test]
    fn the_traps_of_the_tables_are_kept_apart() {
        let (a, c) = (flow("A"), flow("C"));
        let forms = |flow: &Flow, code: &str| flow.node(code).unwrap().all_of.clone();
        assert_eq!(forms(&a, "A2.3"), [RecordForm::TextElectronic]);
        assert_eq!(forms(&c, "C3"), [RecordForm::TextPaper]);
        assert_eq!(forms(&a, "A2.7"), [RecordForm::TextElectronic]);
        assert_eq!(forms(&c, "C8"), [RecordForm::TextPaper]);
        let risk = c.node("c7").unwrap();
        assert_eq!(risk.any_of, [RecordForm::Photo, RecordForm::Video]);
        assert_eq!(risk.all_of, [RecordForm::TextPaper]);
        assert_eq!(
            (risk.condition, risk.protect),
            (Condition::Declared, Protection::Risk)
        );
        let declared = |flow: &Flow| {
            let declared = flow
                .node
                .iter()
                .filter(|n| n.condition == Condition::Declared);
            declared.map(|n| n.code.clone()).collect::<Vec<_>>()
        };
        assert_eq!(declared(&a), ["A2.5"]);
        assert_eq!(declared(&c), ["C5", "C7"]);
        let written = a.node("A3").unwrap();
        assert_eq!(written.instead_of.len(), 7);
    }

    #[test]
    fn folders_name_nodes_in_every_way_that_teams_write() {
        let a = flow("A");
        for (folder, code) in [
            ("A2.2", "A2.2"),
            ("a2.2", "A2.2"),
            ("首次会议", "A2.2"),
            ("02首次会议", "A2.2"),
            ("02-首次会议", "A2.2"),
            ("04-现场试验考核", "A2.4"),
            ("４、现场试验考核", "A2.4"),
            ("05授权签字人考核(如有)", "A2.5"),
            ("05授权签字人考核（如有）", "A2.5"),
            ("A2.2首次会议", "A2.2"),
            ("A2.2_首次会议", "A2.2"),
            ("进场", "A2.1"),
            ("02-a2.2", "A2.2"),
            ("First Meeting", "A2.2"),
        ] {
            let node = a.node_of_folder(folder).map(|node| node.code.as_str());
            assert_eq!(node, Some(code), "{folder}");
        }
        for folder in [
            "",
            "02",
            "A2",
            "A2.2末次会议",
            "会议",
            "评审意见汇总",
            "YW2026040001",
        ] {
            assert!(a.node_of_folder(folder).is_none(), "{folder}");
        }
    }

    #[test]
    fn file_names_name_nodes_or_stay_silent() {
        let a = flow("A");
        for (name, expected) in [
            ("YW2026040001_首次会议.jpg", vec!["A2.2"]),
            ("IMG_0001.JPG", vec![]),
            ("首次会议和末次会议.jpg", vec!["A2.2", "A2.6"]),
            ("现场试验考核2.jpg", vec!["A2.4"]),
            ("某某试验检测公司_首次会议.jpg", vec!["A2.2"]),
            ("某某试验.jpg", vec!["A2.4"]),
            ("YW2026040001_A2.4_003.jpg", vec!["A2.4"]),
            ("XA2.4.jpg", vec![]),
            ("A2.45.jpg", vec![]),
            ("评审意见汇总.pdf", vec!["A2.7", "A3"]),
        ] {
            assert_eq!(codes(&a.nodes_in_name(name)), expected, "{name}");
        }
        let c = flow("C");
        assert_eq!(codes(&c.nodes_in_name("C1 进场.jpg")), ["C1"]);
        assert_eq!(codes(&c.nodes_in_name("C2_0001.jpg")), ["C2"]);
        for room in ["机房C2.jpg", "C2机房.jpg", "2号楼C1会客室.jpg"] {
            assert!(c.nodes_in_name(room).is_empty(), "{room}");
        }
        for camera in ["A1.jpg", "IMG_A1_0001.jpg"] {
            assert!(a.nodes_in_name(camera).is_empty(), "{camera}");
        }
        let company = "某某试验公司.jpg";
        assert_eq!(codes(&a.nodes_in_name(company)), ["A2.4"]);
        assert!(a.nodes_named_outright(company).is_empty());
    }

    #[test]
    fn a_flow_of_the_same_code_replaces_and_a_new_one_is_added() {
        let node = "[[flow.node]]\ncode = \"X1\"\nname_zh = \"远程核查\"\nname_en = \"Remote\"\n\
                    any_of = [\"video\"]\n";
        let text = |code: &str| {
            format!(
                "[[flow]]\ncode = \"{code}\"\nname_zh = \"远程评审\"\nname_en = \"Remote\"\n\
                 number_kind = \"serial\"\n{node}"
            )
        };
        let codes = |text: &str| {
            let config = crate::parse(text, "t").unwrap();
            config
                .flow
                .iter()
                .map(|f| f.code.clone())
                .collect::<Vec<_>>()
        };
        assert_eq!(codes(&text("E")), ["A", "B", "C", "D", "E"]);
        assert_eq!(codes(&text("B")), ["A", "B", "C", "D"]);
        let config = crate::parse(&text("B"), "t").unwrap();
        assert_eq!(config.flow("B").unwrap().name_zh, "远程评审");
        let alone = format!("[flows]\nbase = \"none\"\n{}", text("E"));
        assert_eq!(codes(&alone), ["E"]);
        for bad in [
            text("E").replace("serial", "nonesuch"),
            text("E").replace("any_of = [\"video\"]", ""),
            text("E").replace("any_of", "instead_of = [\"X9\"]\nany_of"),
            format!("{}{node}", text("E")),
            format!("{}{}", text("E"), text("E")),
        ] {
            assert!(crate::parse(&bad, "t").is_err(), "{bad}");
        }
    }
}
