//! The optional list of cases: a number that is not on it was probably typed
//! wrongly.

use unbroken_config::Config;
use unbroken_config::fold;

/// Longest case list that is read.
pub const CASE_LIST_BYTES_MAX: u64 = 16 << 20;

/// The numbers of one list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CaseList {
    /// The kind of number that it holds.
    pub kind: String,
    numbers: Vec<String>,
}

impl CaseList {
    /// Reads a CSV text: the first field of each line that matches the pattern
    /// of `kind` is a number; other lines (a head, a remark) are passed over.
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
        Self {
            kind: kind.to_owned(),
            numbers,
        }
    }

    /// Whether the number is on the list.
    pub fn contains(&self, number: &str) -> bool {
        self.numbers
            .binary_search_by(|known| known.as_str().cmp(number))
            .is_ok()
    }

    /// The only number that differs in one character, if there is just one.
    pub fn nearest(&self, number: &str) -> Option<String> {
        let mut near = self
            .numbers
            .iter()
            .filter(|known| differs_by_one(known, number));
        let hit = near.next()?;
        near.next().is_none().then(|| hit.clone())
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
    fn heads_and_remarks_are_passed_over() {
        let config = Config::default();
        let text =
            "\u{feff}编号,机构\nYW2026040001,甲公司\n\"YW２０２６０４０００２\",乙公司\n备注,无\n";
        let list = CaseList::parse(&config, "serial", text);
        assert!(list.contains("YW2026040001") && list.contains("YW2026040002"));
        assert_eq!(
            list.nearest("YW2026040003"),
            None,
            "two are near, so none is meant"
        );
        assert_eq!(
            list.nearest("YW2026140001"),
            Some("YW2026040001".to_owned())
        );
    }
}
