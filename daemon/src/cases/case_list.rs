//! The optional list of cases: a number that is not on it was probably typed
//! wrongly.

use unbroken_config::Config;
use unbroken_config::fold;
use unbroken_probes::text::Text;

/// Longest case list that is read.
pub const CASE_LIST_BYTES_MAX: u64 = 16 << 20;

/// The numbers of one list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CaseList {
    /// The kind of number that it holds.
    pub kind: String,
    /// Why it cannot be relied on, if it cannot: a number of its kind is then
    /// to be confirmed.
    pub fault: Option<Text>,
    numbers: Vec<String>,
}

impl CaseList {
    /// Reads a CSV text: the first field of each line that matches the pattern
    /// of `kind` is a number; other lines (a head, a remark) are passed over.
    /// A list without a single number is no list of this kind.
    pub fn parse(config: &Config, kind: &str, text: &str) -> Self {
        let patterns = config.number_patterns();
        let patterns: Vec<_> = patterns.iter().filter(|p| p.kind == kind).collect();
        let first = |line: &str| {
            let field = line
                .split([',', ';', '\t'])
                .next()
                .unwrap_or("")
                .trim_matches(['"', ' ']);
            patterns
                .iter()
                .find_map(|p| p.matches(field))
                .map(|found| found.canonical)
        };
        let mut numbers: Vec<String> = text
            .trim_start_matches('\u{feff}')
            .lines()
            .filter_map(first)
            .collect();
        numbers.sort_unstable();
        numbers.dedup();
        let fault = numbers.is_empty().then(|| {
            Text::new(
                "案件名单中没有可识别的编号",
                "the list of cases holds no number that can be read",
            )
        });
        Self {
            kind: kind.to_owned(),
            fault,
            numbers,
        }
    }

    /// Stands for a list that could not be read.
    pub fn unread(kind: &str, why: &str) -> Self {
        Self {
            kind: kind.to_owned(),
            fault: Some(Text::new(
                format!("案件名单未能读取:{why}"),
                format!("the list of cases could not be read: {why}"),
            )),
            numbers: Vec::new(),
        }
    }

    /// Whether the number is on the list.
    pub fn contains(&self, number: &str) -> bool {
        self.numbers
            .binary_search_by(|known| known.as_str().cmp(number))
            .is_ok()
    }

    /// The numbers that differ in one slip of the pen.
    pub fn near<'a>(&'a self, number: &str) -> impl Iterator<Item = &'a str> {
        self.numbers
            .iter()
            .filter(move |known| differs_by_one(known, number))
            .map(String::as_str)
    }
}

/// One character replaced, missing, added, or two neighbours swapped.
fn differs_by_one(a: &str, b: &str) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (fold(a).chars().collect(), fold(b).chars().collect());
    let same_start = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let (ra, rb) = (&a[same_start..], &b[same_start..]);
    match (ra, rb) {
        ([_, x @ ..], [_, y @ ..]) if x == y => true,
        ([_, x @ ..], y) if x == y => true,
        (x, [_, y @ ..]) if x == y => true,
        ([p, q, x @ ..], [r, s, y @ ..]) => p == s && q == r && x == y,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_slip_is_near_and_two_are_not() {
        for near in [
            "YW2026040002",
            "YW202604001",
            "YW20260400010",
            "YW2026040010",
        ] {
            assert!(differs_by_one("YW2026040001", near), "{near}");
        }
        for far in ["YW2026040022", "YW2026040001", "YW20260400", "XX2026040002"] {
            assert!(!differs_by_one("YW2026040001", far), "{far}");
        }
    }

    #[test]
    fn a_list_without_a_number_is_not_relied_on() {
        let config = Config::default();
        assert!(CaseList::parse(&config, "serial", "\0Y\0W").fault.is_some());
        assert_eq!(
            CaseList::parse(&config, "serial", "YW2026040001").fault,
            None
        );
    }

    #[test]
    fn heads_and_remarks_are_passed_over() {
        let config = Config::default();
        let text =
            "\u{feff}编号,机构\nYW2026040001,甲公司\n\"YW２０２６０４０００２\",乙公司\n备注,无\n";
        let list = CaseList::parse(&config, "serial", text);
        assert!(list.contains("YW2026040001") && list.contains("YW2026040002"));
        assert_eq!(list.near("YW2026040003").count(), 2);
        let near: Vec<&str> = list.near("YW2026140001").collect();
        assert_eq!(near, ["YW2026040001"]);
    }
}
