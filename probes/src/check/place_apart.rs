//! `place_apart`: a photo says that it was taken away from the others of its case.

use crate::check::{Aspect, Case, Check, Family, Level, Param, Ruling, Seen, Strength};
use crate::measurements::{Kind, Position};
use crate::text::{StaticText, Text};

/// Others that must have a position for there to be a middle.
const OTHERS_MIN: usize = 3;
/// How near a position comes to the zero of both axes that was never fixed, in
/// degrees; there is only sea.
const ZERO_DEG: f64 = 0.01;

/// The declaration.
pub static CHECK: Check = Check {
    code: "place_apart",
    clause: "no.retake",
    aspect: Aspect::Timeliness,
    family: Family::Metadata,
    strength: Strength::Information,
    kinds: &[Kind::Photo],
    title: StaticText {
        zh: "拍摄地点与同项目照片相距较远",
        en: "Taken away from the other photos of its case",
    },
    pass: StaticText {
        zh: "拍摄地点与同项目照片相近。",
        en: "Taken near the other photos of its case.",
    },
    doc: StaticText {
        zh: "**检查内容** 照片自带的定位与同一项目其他照片的定位是否相近。\n\n\
             **测量方法** 取同一项目中至少三张其他照片定位的中位点,计算本照片到该点的距离(米),扣除设备写明的误差。\
             同时识别未定位的0,0,以及经纬度符号写反或互换。坐标只用于比较,任何报告、页面和回执都不显示坐标。\n\n\
             **可能含义** 照片可能摄于别处,或属于另一现场。仅供参考,不影响任何结论。\n\n\
             **常见的正常原因** 多场所的机构;途中所摄;室内定位漂移或沿用了上一次定位;部分手机按国内要求使用偏移坐标\
             (相差数百米);定位由软件补写。\n\n\
             **如何确认** 由有权限的人员查看原件;询问评审组。",
        en: "**What it looks at** Whether the position in the photo lies near those of the other photos of its \
             case.\n\n\
             **How it is measured** The distance in metres to the median of at least three other photos of the case, \
             less the error that the device states. A position of 0, 0 that was never fixed is told, and signs that \
             are swapped, and axes. Coordinates serve to compare only: no report, page or receipt shows them.\n\n\
             **What it can mean** The photo may have been taken elsewhere, or belong to another visit. It is for \
             information and changes no result.\n\n\
             **Usual innocent causes** An institution with several sites; a picture on the way; a fix that drifted \
             indoors or was an old one; phones that write the shifted coordinates that China requires (some hundred \
             metres off); a position that software added.\n\n\
             **What would settle it** The original, seen by somebody who may; asking the team.",
    },
    see_yourself: "exiftool -gps:all -n {file}",
    params: &[Param {
        key: "apart_m",
        unit: "m",
        default: 1000.0,
        min: 50.0,
        max: 1_000_000.0,
        doc: StaticText {
            zh: "与同项目照片的中位点相距多少米以上才作提示。",
            en: "How many metres from the middle of the case's photos one must lie to be told.",
        },
        source: "named guess: a large site, and above the 300 to 700 m by which shifted coordinates are off",
    }],
    judge,
};

fn judge(case: &Case<'_>) -> Ruling {
    let Some(own) = &case.m.position else {
        return Ruling::NotApplicable;
    };
    if own.latitude_deg.abs() < ZERO_DEG && own.longitude_deg.abs() < ZERO_DEG {
        return Ruling::Found(vec![Seen::new(
            Level::Info,
            Strength::Information,
            Text::new(
                "定位为经纬度零点,并未真正定位。仅供参考。",
                "The position is the zero of both axes: none was fixed. For information.",
            ),
        )]);
    }
    let Some(middle) = case.context.places.as_deref().and_then(|p| middle(p, own)) else {
        return Ruling::NotApplicable;
    };
    let apart_m = (own.distance_m(&middle) - own.error_m.unwrap_or(0.0)).max(0.0);
    let limit_m = case.limits.get("apart_m");
    if apart_m <= limit_m {
        return Ruling::Pass;
    }
    let is_near = |(latitude_deg, longitude_deg): (f64, f64)| {
        let other = Position {
            latitude_deg,
            longitude_deg,
            ..*own
        };
        latitude_deg.abs() <= 90.0 && other.distance_m(&middle) <= limit_m
    };
    let (latitude, longitude) = (own.latitude_deg, own.longitude_deg);
    let flipped = [
        (-latitude, longitude),
        (latitude, -longitude),
        (-latitude, -longitude),
    ];
    let why = if flipped.into_iter().any(is_near) {
        Text::new(
            "将经纬度的符号反过来即与其他照片相近,多半是符号写反。",
            " With the sign of an axis turned it lies near the others: most likely it was written wrongly.",
        )
    } else if is_near((longitude, latitude)) {
        Text::new(
            "将经纬度互换即与其他照片相近,多半是写反。",
            " With its axes swapped it lies near the others: most likely they were written wrongly.",
        )
    } else {
        Text::new("", "")
    };
    let apart = format!("{apart_m:.0}");
    Ruling::Found(vec![Seen {
        measured: Some(apart_m.round()),
        limit: Some(limit_m),
        unit: "m",
        ..Seen::new(
            Level::Info,
            Strength::Information,
            Text::new(
                format!(
                    "定位与同项目其他照片的中位点相距 {apart} 米。{}仅供参考。",
                    why.zh
                ),
                format!(
                    "The position lies {apart} m from the middle of the case's other photos.{} For information.",
                    why.en
                ),
            ),
        )
    }])
}

/// The median of each axis, longitudes counted from `own` so that the date line
/// is no border; `None` if there are too few.
fn middle(others: &[Position], own: &Position) -> Option<Position> {
    let sound = || {
        others
            .iter()
            .filter(|p| p.latitude_deg.abs() >= ZERO_DEG || p.longitude_deg.abs() >= ZERO_DEG)
    };
    let median = |mut values: Vec<f64>| {
        values.sort_by(f64::total_cmp);
        values.get(values.len() / 2).copied()
    };
    if sound().count() < OTHERS_MIN {
        return None;
    }
    let east =
        |p: &Position| (p.longitude_deg - own.longitude_deg + 540.0).rem_euclid(360.0) - 180.0;
    Some(Position {
        latitude_deg: median(sound().map(|p| p.latitude_deg).collect())?,
        longitude_deg: own.longitude_deg + median(sound().map(east).collect())?,
        ..Position::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::trial::{Trial, at};

    fn place(latitude_deg: f64, longitude_deg: f64) -> Position {
        Position {
            latitude_deg,
            longitude_deg,
            ..Position::default()
        }
    }

    /// Near three others, one of which is far away and one never fixed.
    fn trial(own: Position) -> Trial {
        let mut trial = Trial::photo(at("2026-04-12T01:00:00Z"), 0.0);
        trial.m.position = Some(own);
        trial.context.places = Some(vec![
            place(31.0, 121.0),
            place(31.0001, 121.0001),
            place(40.0, 116.0),
            place(31.0, 121.0),
            place(0.0, 0.0),
        ]);
        trial
    }

    fn told(trial: &Trial) -> Option<(Level, Option<f64>, String)> {
        match trial.judge(&CHECK) {
            Ruling::Found(seen) => seen
                .into_iter()
                .next()
                .map(|s| (s.level, s.measured, s.text.en)),
            _ => None,
        }
    }

    #[test]
    fn the_limit_and_either_side() {
        // 0.009 degrees of latitude are 1000.8 m, of which the device's error goes off.
        let near = Position {
            error_m: Some(10.0),
            ..place(31.0091, 121.0)
        };
        assert_eq!(trial(near).judge(&CHECK), Ruling::Pass);
        let (level, apart_m, text) = told(&trial(place(31.0091, 121.0))).unwrap();
        assert_eq!(level, Level::Info);
        assert!(
            apart_m.is_some_and(|m| (1000.0..1013.0).contains(&m)),
            "{apart_m:?}"
        );
        assert!(!text.contains("31.") && !text.contains("121."), "{text}");
    }

    #[test]
    fn wrong_signs_swapped_axes_and_zero_are_told_as_such() {
        for turned in [place(-31.0, 121.0), place(31.0, -121.0)] {
            assert!(told(&trial(turned)).unwrap().2.contains("sign"));
        }
        let mut swapped = trial(place(21.0, 31.0));
        swapped.context.places = Some(vec![place(31.0, 21.0); 3]);
        assert!(told(&swapped).unwrap().2.contains("axes"));
        assert!(told(&trial(place(0.001, 0.0))).unwrap().2.contains("zero"));
    }

    #[test]
    fn the_date_line_is_no_border() {
        let mut trial = trial(place(1.0, 179.9999));
        trial.context.places = Some(vec![place(1.0, -179.9999); 3]);
        assert_eq!(trial.judge(&CHECK), Ruling::Pass);
    }

    #[test]
    fn without_a_position_or_enough_others_it_does_not_speak() {
        let mut alone = trial(place(50.0, 8.0));
        alone.context.places = Some(vec![place(31.0, 121.0); 2]);
        assert_eq!(alone.judge(&CHECK), Ruling::NotApplicable);
        alone.context.places = None;
        assert_eq!(alone.judge(&CHECK), Ruling::NotApplicable);
        alone.m.position = None;
        assert_eq!(alone.judge(&CHECK), Ruling::NotApplicable);
    }
}
