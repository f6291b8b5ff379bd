//! The crate as a whole: what it accepts, refuses, and says of itself.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use unbroken_probes::check::{
    Aspect, Case, Check, ClauseId, Family, Level, Param, Ruling, Strength,
};
use unbroken_probes::judge::{Rules, Verdict};
use unbroken_probes::text::StaticText;

use crate::shape::Shape;
use crate::{Config, ConfigErrors, describe, document, parse, parse_with};

const CLAUSE: ClauseId = "av.clear";
const WORDS: StaticText = StaticText {
    zh: "测试",
    en: "test",
};

fn passes(_: &Case<'_>) -> Ruling {
    Ruling::Pass
}

const fn param(key: &'static str, default: f64) -> Param {
    Param {
        key,
        unit: "s",
        default,
        min: 0.0,
        max: 100.0,
        doc: WORDS,
        source: "named guess",
    }
}

static SAMPLE: Check = Check {
    code: "sample_frozen",
    clause: CLAUSE,
    aspect: Aspect::Quality,
    family: Family::Picture,
    strength: Strength::Fact,
    kinds: &[],
    title: WORDS,
    pass: WORDS,
    doc: WORDS,
    see_yourself: "",
    params: &[
        param("freeze_attention_s", 2.0),
        param("freeze_fail_s", 10.0),
        param("sharp_attention", 40.0),
        param("sharp_fail", 20.0),
    ],
    judge: passes,
};
static SAMPLES: &[&Check] = &[&SAMPLE];

fn with_sample(text: &str) -> Result<Config, ConfigErrors> {
    parse_with(text, "t.toml", SAMPLES, None)
}

fn messages(result: Result<Config, ConfigErrors>) -> String {
    result.expect_err("the text must be refused").to_string()
}

#[test]
fn a_silent_config_is_the_default() {
    assert_eq!(parse("", "t.toml").unwrap(), Config::default());
    assert_eq!(
        parse("version = 1\n[store.s3]\n", "t.toml").unwrap(),
        Config::default()
    );
    assert_eq!(
        parse("\u{feff}version = 1", "t.toml").unwrap(),
        Config::default()
    );
}

#[test]
fn the_defaults_are_those_that_the_contracts_name() {
    let config = Config::default();
    assert_eq!(config.share.paths, [PathBuf::from("./share")]);
    assert_eq!(config.state.dir, Path::new("./state"));
    assert_eq!(config.store_dir(), Path::new("./state/store"));
    assert_eq!(config.ledger_path(), Path::new("./state/ledger.sqlite"));
    assert_eq!(config.web_address().to_string(), "127.0.0.1:8470");
    assert_eq!(config.default_offset_s(), 8 * 3600);
    assert_eq!(config.save_limit_s(), 86_400.0);
    assert_eq!(config.rules(), Rules::default());
}

#[test]
fn the_shipped_text_means_exactly_the_default() {
    let text = document::default_toml_with(SAMPLES);
    let read = with_sample(&text).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(read, Config::defaults(SAMPLES));
    assert_eq!(
        parse(&crate::default_toml(), "t.toml").unwrap(),
        Config::default()
    );
}

/// Holds a file made from code against what the code makes now; `UPDATE=1`
/// writes it.
fn assert_fresh(path: &str, made: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, made).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == made,
        "{} is stale: UPDATE=1 cargo test -p unbroken-config",
        path.display()
    );
}

#[test]
fn the_shipped_files_are_fresh() {
    assert_fresh("unbroken.toml", &crate::default_toml());
    assert_fresh("../docs/config.md", &crate::reference_markdown());
}

fn every_key(shape: &Shape, path: &str, each: &mut impl FnMut(&str, &crate::shape::Key)) {
    for key in &shape.keys {
        each(&format!("{path}{}", key.name), key);
    }
    let lists = shape.lists.iter().map(|list| &list.entry);
    for section in shape.sections.iter().chain(lists) {
        every_key(section, &format!("{path}{}.", section.name), each);
    }
}

#[test]
fn every_key_is_documented_in_both_languages_and_its_default_is_allowed() {
    let mut keys = 0;
    every_key(&Config::shape(crate::CHECKS), "", &mut |path, key| {
        keys += 1;
        assert!(
            !key.zh.is_empty() && !key.en.is_empty(),
            "{path} has no words"
        );
        assert!(
            key.zh.chars().any(|c| u32::from(c) >= 0x4E00),
            "{path}: no Chinese"
        );
        let in_list = ["number.", "flow.", "time.quirk."]
            .iter()
            .any(|l| path.starts_with(l));
        if !in_list {
            assert!(
                !key.required(),
                "{path}: its default {} is refused",
                key.default
            );
        }
        if path.ends_with("_s") {
            assert!(
                ["s", "B/s"].contains(&key.unit),
                "{path}: unit {}",
                key.unit
            );
        }
        if path.ends_with("_bytes") {
            assert_eq!(key.unit, "B", "{path}");
        }
        let told = describe::explain(path).unwrap_or_else(|| panic!("{path} is not explained"));
        assert!(told.contains(&key.zh) && told.contains(&key.en), "{told}");
    });
    assert!(keys > 80, "{keys}");
}

#[test]
fn numeric_ranges_hold_at_the_limit_and_on_either_side() {
    for (text, fits) in [
        ("[store.s3]\npart_bytes = 5242879", false),
        ("[store.s3]\npart_bytes = 5242880", true),
        ("[store.s3]\npart_bytes = 5368709120", true),
        ("[store.s3]\npart_bytes = 5368709121", false),
        ("[naming]\nmax_bytes = 240", true),
        ("[naming]\nmax_bytes = 241", false),
        ("[settle]\nquiet_s = -0.001", false),
        ("[settle]\nquiet_s = 0", true),
        ("[settle]\nquiet_s = 0.05", true),
        ("[settle]\nquiet_s = nan", false),
        ("[settle]\nquiet_s = inf", false),
        ("[probe]\njobs = 1.0", false),
        ("[deadline]\nwarn_left_h = [6, 2, 1, 23.9]", true),
        ("[deadline]\nwarn_left_h = [24]", false),
    ] {
        assert_eq!(parse(text, "t.toml").is_ok(), fits, "{text}");
    }
}

#[test]
fn an_unknown_key_names_its_place_and_what_was_meant() {
    let text = "version = 1\n[settle]\n  quite_s = 5\n";
    let errors = parse(text, "my.toml").unwrap_err();
    let error = &errors.0[0];
    assert_eq!((error.line, error.column, error.width), (3, 3, 7));
    assert_eq!(error.did_you_mean.as_deref(), Some("quiet_s"));
    assert_eq!(
        errors.to_string(),
        "错误 my.toml 第 3 行 第 3 列:settle.quite_s 不是已知配置项。 您是否想写 quiet_s ?\n\
         error my.toml:3:3: settle.quite_s is not a known key. Did you mean quiet_s ?\n\
         \u{20}   3 |   quite_s = 5\n\
         \u{20}     |   ^^^^^^^"
    );
}

#[test]
fn a_key_in_the_wrong_section_and_a_wrong_word_are_guessed() {
    let text = messages(parse("[watch]\nquiet_client_s = 3\n", "t"));
    assert!(text.contains("settle.quiet_client_s"), "{text}");
    let text = messages(parse("[share]\nmount = \"Clinet\"\n", "t"));
    assert!(
        text.contains("您是否想写 \"client\"") && text.contains("\"local\""),
        "{text}"
    );
    let text = messages(with_sample("[check.sample_frozne]\nenabled = true\n"));
    assert!(text.contains("Did you mean sample_frozen"), "{text}");
}

#[test]
fn all_faults_come_at_once_in_the_order_of_the_text() {
    let text = "[watch]\nnotify = 1\nscan_interval_s = \"x\"\n[web]\nbind = \"0.0.0.0:8470\"\n\
                [nonsense]\n[[time.quirk]]\nfield = \"mvhd\"\n";
    let errors = parse(text, "t.toml").unwrap_err();
    let lines: Vec<usize> = errors.0.iter().map(|e| e.line).collect();
    assert_eq!(lines, [2, 3, 5, 6, 7, 7]);
    let text = errors.to_string();
    for part in [
        "写的是 1",
        "0.1 至 86400 的数(单位 s),写的是文字 \"x\"",
        "尚无登录",
        "no login yet",
        "缺少 time.quirk[0].make",
        "time.quirk[0].source is missing",
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
}

#[test]
fn carets_stand_under_what_they_mean_behind_wide_characters() {
    let text = messages(parse(
        "share = { special = { notes = \"说明\", unknwon = 1 } }",
        "t",
    ));
    let caret = text.lines().last().unwrap();
    // Two wide characters stand before the key: two columns more than letters.
    let letters = "share = { special = { notes = \"说明\", ".chars().count();
    assert_eq!(caret.find('^').unwrap(), "      | ".len() + letters + 2);
    assert!(caret.ends_with("^^^^^^^"));
}

#[test]
fn a_long_line_is_cut_around_the_fault_and_too_many_faults_end() {
    let long = format!(
        "share = {{ paths = [\"{}\"], unknwon = 1 }}",
        "长".repeat(1000)
    );
    let errors = parse(&long, "t").unwrap_err();
    let error = &errors.0[0];
    assert!(error.excerpt.chars().count() <= 160, "{}", error.excerpt);
    assert!(error.excerpt.contains("unknwon") && error.column > 1000);
    let shown = errors.to_string();
    let caret = shown.lines().last().unwrap();
    assert!(caret.ends_with(" ^^^^^^^") && caret.len() < 200, "{caret}");
    let many: String = (0..5000).map(|i| format!("k{i} = 1\n")).collect();
    let errors = parse(&many, "t").unwrap_err();
    assert_eq!(errors.0.len(), 101);
    assert!(errors.0[100].text.en.contains("not listed"));
}

#[test]
fn faults_of_an_own_flow_stand_in_its_own_lines() {
    let text = "[[flow]]\ncode = \"E\"\nname_zh = \"甲\"\nname_en = \"a\"\n\
                number_kind = \"nonesuch\"\n[[flow.node]]\ncode = \"E1\"\nname_zh = \"乙\"\n\
                name_en = \"b\"\n";
    let errors = parse(text, "t").unwrap_err();
    let lines: Vec<usize> = errors.0.iter().map(|e| e.line).collect();
    assert_eq!(lines, [5, 6], "{errors}");
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

    #[test]
    fn no_text_brings_the_reader_down(at in 0_usize..12_000, cut in 0_usize..40, put in ".{0,12}") {
        let mut text = crate::default_toml();
        let from = floor(&text, at);
        let to = floor(&text, at.saturating_add(cut)).max(from);
        text.replace_range(from..to, &put);
        if let Err(errors) = parse(&text, "t") {
            proptest::prop_assert!(!errors.0.is_empty());
            for error in &errors.0 {
                proptest::prop_assert!(error.line >= 1 && error.column >= error.excerpt_column);
            }
            proptest::prop_assert!(errors.to_string().contains('^'));
        }
    }
}

fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

#[test]
fn broken_toml_and_newer_versions_are_refused_with_their_place() {
    let errors = parse("version = 1\n[share\n", "t.toml").unwrap_err();
    assert_eq!(errors.0[0].line, 2, "{errors}");
    let errors = parse("# x\nversion = 2\nfuture_key = 1\n", "t.toml").unwrap_err();
    assert_eq!(errors.0.len(), 1, "{errors}");
    assert_eq!((errors.0[0].line, errors.0[0].column), (2, 11));
    assert!(errors.to_string().contains("upgrade the program"));
    assert!(parse("version = 0", "t").is_err());
    assert!(parse("version = \"1\"", "t").is_err());
}

#[test]
fn checks_bring_their_keys_ranges_and_pairs() {
    let ok = "[check.sample_frozen]\nfreeze_attention_s = 10\nfreeze_fail_s = 10\nsharp_fail = 40";
    let config = with_sample(ok).unwrap();
    let rules = config.rules();
    assert_eq!(
        rules.limits["sample_frozen"].get("freeze_attention_s"),
        10.0
    );
    assert_eq!(rules.limits["sample_frozen"].get("sharp_attention"), 40.0);
    for bad in [
        "freeze_attention_s = 10.1",
        "sharp_fail = 40.1",
        "sharp_fail = 100.1",
        "freeze_warn_s = 1",
    ] {
        let text = format!("[check.sample_frozen]\n{bad}");
        let errors = with_sample(&text).unwrap_err();
        assert_eq!(errors.0.len(), 1, "{errors}");
    }
}

#[test]
fn a_check_is_capped_or_silenced_only_with_a_reason() {
    let section = |lines: &str| with_sample(&format!("[check.sample_frozen]\n{lines}"));
    let rules = section("max_level = \"attention\"").unwrap().rules();
    assert_eq!(rules.max_level["sample_frozen"], Level::Attention);
    let rules = section("enabled = false\nsilence_reason = \"新固件误报\"")
        .unwrap()
        .rules();
    assert_eq!(rules.silenced["sample_frozen"], "新固件误报");
    assert!(section("enabled = false").is_err());
    assert!(section("enabled = false\nsilence_reason = \" \"").is_err());
    assert!(section("silence_reason = \"x\"").is_err());
    assert!(section("max_level = \"unknown\"").is_err());
}

#[test]
fn the_verdict_rule_follows_the_config() {
    let text = "[verdict]\ninconsistent = \"fail\"\nlate = \"attention\"";
    let rule = parse(text, "t").unwrap().rules().verdict;
    assert_eq!(
        (rule.inconsistent, rule.late),
        (Verdict::Fail, Verdict::Attention)
    );
    assert!(parse("[verdict]\nlate = \"pass\"", "t").is_err());
}

#[test]
fn the_hash_follows_the_meaning_and_nothing_else() {
    let plain = Config::default().hash();
    assert_eq!(plain.len(), 64);
    let same = "# comment\n[deadline]\nlimit_h = 24\n[settle]\nquiet_s = 5.0\n";
    assert_eq!(parse(same, "t").unwrap().hash(), plain);
    assert_eq!(parse(&crate::default_toml(), "t").unwrap().hash(), plain);
    let other = parse("[settle]\nquiet_s = 5.1", "t").unwrap().hash();
    assert_ne!(other, plain);
}

#[test]
fn paths_must_not_lie_in_each_other() {
    for (text, key) in [
        ("[state]\ndir = \"./share/state\"", "state.dir"),
        ("[state]\ndir = \"share\"", "state.dir"),
        ("[state]\ndir = \"./x/../share/./s\"", "state.dir"),
        ("[share]\npaths = [\"./state/in\"]", "state.dir"),
        ("[store]\ndir = \"./share/store\"", "store.dir"),
        ("[store]\ndir = \"./state\"", "store.dir"),
        ("[ledger]\nurl = \"sqlite:share/l.db\"", "ledger.url"),
        ("[share]\npaths = [\"/a\", \"/a/b\"]", "share.paths"),
        ("[share]\npaths = [\"/a\", \"/a/\"]", "share.paths"),
    ] {
        let errors = parse(text, "t").unwrap_err();
        assert!(errors.0.iter().any(|e| e.key == key), "{text}: {errors}");
    }
    for text in [
        "[share]\npaths = [\"/a\", \"/ab\", \"b\"]",
        "[state]\ndir = \"share2\"",
        "[state]\ndir = \"../share\"",
    ] {
        assert!(parse(text, "t").is_ok(), "{text}");
    }
}

#[test]
fn other_contradictions_are_refused() {
    for text in [
        "[store]\nkind = \"s3\"",
        "[store.s3]\nobject_lock = \"compliance\"",
        "[retry]\nbase_s = 10\ncap_s = 9",
        "[settle]\nincomplete_unknown_s = 86400",
        "[share.special]\nreceipts = \"_待认领\"",
        "[share.special]\nunclaimed = \"@eaDir\"",
        "[ledger]\nurl = \"postgres://db/unbroken\"",
        "[ledger]\nurl = \"sqlite::memory:\"",
        "[ledger]\nurl = \"sqlite:///\"",
        "[flows]\nbase = \"none\"",
        "[[number]]\nkind = \"serial\"\npattern = 'YW(\\d+'",
        "[[number]]\nkind = \"serial\"\npattern = 'YW\\d+'",
        "[time]\ndefault_offset = \"+8\"",
        "[time]\ndefault_offset = \"+14:01\"",
        "[store.s3]\nendpoint = \"https://user:secret@host\"",
    ] {
        assert!(parse(text, "t").is_err(), "{text}");
    }
    let name = "{number}_{number}_{number}_{number}_{node_name}_{seq}.{ext}";
    let text = format!("[naming]\ntemplate = \"{name}\"");
    assert!(messages(parse(&text, "t")).contains("240"));
}

/// As much of JSON Schema as the schema uses.
fn conforms(schema: &Value, value: &Value, path: &str) {
    let number = |name: &str| schema.get(name).and_then(Value::as_f64);
    let fits = match schema["type"].as_str().unwrap() {
        "object" => value.as_object().is_some_and(|fields| {
            for (name, inner) in fields {
                let declared = &schema["properties"][name];
                assert!(declared.is_object(), "{path}.{name} is not in the schema");
                conforms(declared, inner, &format!("{path}.{name}"));
            }
            let required = schema["required"].as_array().unwrap();
            required
                .iter()
                .all(|name| fields.contains_key(name.as_str().unwrap()))
        }),
        "array" => value.as_array().is_some_and(|entries| {
            entries
                .iter()
                .for_each(|entry| conforms(&schema["items"], entry, path));
            true
        }),
        "string" => value.as_str().is_some_and(|text| {
            let listed = schema.get("enum").and_then(Value::as_array);
            let pattern = schema.get("pattern").and_then(Value::as_str);
            listed.is_none_or(|words| words.contains(value))
                && pattern.is_none_or(|p| regex::Regex::new(p).unwrap().is_match(text))
                && (number("minLength").is_none_or(|n| text.chars().count() as f64 >= n))
        }),
        "boolean" => value.is_boolean(),
        "integer" | "number" => value.as_f64().is_some_and(|n| {
            number("minimum").is_none_or(|min| n >= min)
                && number("maximum").is_none_or(|max| n <= max)
        }),
        other => panic!("{path}: type {other}"),
    };
    assert!(fits, "{path}: {value} does not fit {schema}");
}

#[test]
fn the_default_config_fits_the_schema() {
    let mut value = serde_json::to_value(Config::defaults(SAMPLES)).unwrap();
    // The struct holds thresholds beside the cap; the text holds them together.
    for (_, check) in value["check"].as_object_mut().unwrap() {
        let limits = check["limits"].take();
        check.as_object_mut().unwrap().remove("limits");
        for (name, limit) in limits.as_object().unwrap() {
            check[name] = limit.clone();
        }
    }
    let schema = describe::schema_with(SAMPLES);
    conforms(&schema, &value, "");
    let mut key = &schema;
    for part in ["settle", "quiet_s"] {
        key = &key["properties"][part];
    }
    assert_eq!(
        (&key["x-unit"], &key["default"]),
        (&json!("s"), &json!(5.0))
    );
}

#[test]
fn explain_knows_checks_sections_and_only_what_exists() {
    let told = describe::explain_with("check.sample_frozen.freeze_fail_s", SAMPLES).unwrap();
    assert!(
        told.contains("0 至 100 的数") && told.contains("unit: s"),
        "{told}"
    );
    assert!(
        crate::explain("store.s3")
            .unwrap()
            .contains("store.s3.bucket")
    );
    assert!(
        crate::explain("number.pattern")
            .unwrap()
            .contains("must be given")
    );
    assert_eq!(crate::explain("store.s4"), None);
    assert_eq!(crate::explain(""), None);
    assert_eq!(
        crate::nearest_key("settle.quite_s").as_deref(),
        Some("settle.quiet_s")
    );
}

#[test]
fn a_file_in_gbk_is_refused_with_its_place_and_the_cure() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("unbroken.toml");
    // 测试 in GBK.
    std::fs::write(&path, b"version = 1\n# \xB2\xE2\xCA\xD4\n").unwrap();
    let errors = crate::load(&path).unwrap_err();
    assert_eq!((errors.0[0].line, errors.0[0].column), (2, 3), "{errors}");
    assert!(errors.to_string().contains("另存为 UTF-8"));
    std::fs::write(&path, "version = 1\n# 说明\n").unwrap();
    assert_eq!(crate::load(&path).unwrap(), Config::default());
}

#[test]
fn a_missing_file_is_an_error_that_names_it() {
    let errors = crate::load(Path::new("/nonexistent/unbroken.toml")).unwrap_err();
    assert!(errors.to_string().contains("/nonexistent/unbroken.toml"));
}
