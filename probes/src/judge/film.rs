//! What is said of the film inside a motion photo.
//!
//! The photo is the record; the film is what the phone put beside it. So a
//! finding on the film is told as one on the film, has no place in time on the
//! photo, and what is odd about it is one sign of little weight: it may ask for a
//! person and never by itself makes the photo inconsistent with an original.

use super::{Rules, Unweighed, level_cap, limits};
use crate::capture::capture_end;
use crate::check::{
    Alone, Aspect, Case, Check, CheckNotRun, Context, Evidence, Level, Ruling, Seen, Strength,
};
use crate::measurements::Measurements;
use crate::registry::FILM_CHECKS;
use crate::text::Text;

/// What the checks of the film say.
#[derive(Debug, Default)]
pub(super) struct OfFilm {
    pub(super) found: Vec<Unweighed>,
    pub(super) not_run: Vec<CheckNotRun>,
}

/// Asks the checks that make sense of a clip of some seconds.
pub(super) fn judge(film: &Measurements, rules: &Rules, context: &Context) -> OfFilm {
    let mut said = OfFilm::default();
    let capture = capture_end(film, context);
    let asked = FILM_CHECKS.iter().copied();
    for check in asked.filter(|c| !rules.silenced.contains_key(c.code)) {
        if !check.kinds.contains(&film.kind) {
            said.not_run.push(CheckNotRun {
                code: check.code.to_owned(),
                why: of_film(Text::new("无法读取。", "it cannot be read.")),
            });
            continue;
        }
        let limits = limits(rules, check);
        let case = Case {
            m: film,
            context,
            capture: &capture,
            saved: None,
            limits: &limits,
            exemplars: &rules.exemplars,
            anchors: &rules.anchors,
            writers: &rules.writers,
        };
        match (check.judge)(&case) {
            Ruling::NotApplicable | Ruling::Pass => {}
            Ruling::NotRun(why) => said.not_run.push(CheckNotRun {
                code: check.code.to_owned(),
                why: of_film(why),
            }),
            Ruling::Found(seen) => said
                .found
                .extend(seen.into_iter().map(|seen| weighed(check, seen, rules))),
        }
    }
    said
}

fn weighed(check: &Check, seen: Seen, rules: &Rules) -> Unweighed {
    let cap = level_cap(rules, check).min(Level::Attention);
    let (strength, alone) = match (check.aspect, seen.strength) {
        // Few innocent causes: a person should look at photo and film.
        (Aspect::Integrity, Strength::Strong | Strength::Fact) => {
            (Strength::Supporting, Alone::AsksForAPerson)
        }
        (Aspect::Integrity, _) => (Strength::Information, Alone::Told),
        (_, strength) => (strength, Alone::Told),
    };
    let seen = Seen {
        strength,
        alone,
        evidence: Some(Evidence::FilmInside),
        spans: Vec::new(),
        regions: Vec::new(),
        text: of_film(seen.text),
        ..seen
    };
    Unweighed::of(check, seen, cap)
}

fn of_film(text: Text) -> Text {
    Text::new(
        format!("照片内嵌的短片:{}", text.zh),
        format!("Of the film inside the photo: {}", text.en),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::{Integrity, judge as judge_all};
    use crate::measurements::{Container, Kind, Trace};

    fn photo_with(film: Measurements) -> Measurements {
        Measurements {
            kind: Kind::Photo,
            container: Some(Container {
                complete: Some(true),
                ..Container::default()
            }),
            film: Some(Box::new(film)),
            ..Measurements::default()
        }
    }

    fn film() -> Measurements {
        Measurements {
            kind: Kind::Video,
            container: Some(Container {
                complete: Some(true),
                ..Container::default()
            }),
            ..Measurements::default()
        }
    }

    #[test]
    fn a_film_is_spoken_of_as_a_film_and_never_accuses_the_photo() {
        let mut edited = film();
        edited.traces.push(Trace {
            field: "udta.\u{a9}too".to_owned(),
            written: "Lavf59.27.100".to_owned(),
            offset_bytes: None,
        });
        let judged = judge_all(&photo_with(edited), &Rules::default(), &Context::default());
        let told: Vec<_> = judged
            .findings
            .iter()
            .filter(|f| f.code == "editor_trace")
            .collect();
        let [told] = told[..] else {
            panic!("{:?}", judged.findings)
        };
        assert_eq!(
            (told.level, told.strength),
            (Level::Info, Strength::Information)
        );
        assert!(
            told.text.zh.starts_with("照片内嵌的短片"),
            "{}",
            told.text.zh
        );
        assert_ne!(judged.outcome.integrity, Integrity::Inconsistent);
    }

    #[test]
    fn an_editors_own_record_in_the_film_asks_for_a_person() {
        let mut edited = film();
        edited.traces.push(Trace {
            field: "xmp.CreatorTool".to_owned(),
            written: "Adobe Photoshop 25.0 (Windows)".to_owned(),
            offset_bytes: None,
        });
        let judged = judge_all(&photo_with(edited), &Rules::default(), &Context::default());
        let told = judged.findings.iter().find(|f| f.code == "editor_trace");
        assert_eq!(told.unwrap().level, Level::Attention);
        assert_eq!(judged.outcome.integrity, Integrity::CannotTell);
    }

    #[test]
    fn a_film_that_does_not_decode_asks_for_a_person_and_an_unread_one_is_named() {
        let mut broken = film();
        broken.instruments.insert("decoding".to_owned(), 1);
        let judged = judge_all(&photo_with(broken), &Rules::default(), &Context::default());
        let told = judged.findings.iter().find(|f| f.code == "decode_errors");
        assert_eq!(told.unwrap().level, Level::Attention);
        let nothing = Measurements::default();
        let judged = judge_all(&photo_with(nothing), &Rules::default(), &Context::default());
        let named = judged.not_run.iter().filter(|n| n.why.zh.contains("短片"));
        assert_eq!(named.count(), FILM_CHECKS.len());
    }
}
