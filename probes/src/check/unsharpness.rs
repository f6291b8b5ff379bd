//! What took the sharpness of a photo away, in the words of the checks that speak
//! of it.

use crate::check::{Limits, Param};
use crate::measure::photo::Photo;
use crate::measure::sharpness::BlurKind;
use crate::text::{StaticText, Text};

/// What kind of unsharpness it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Unsharpness {
    /// Moved along one direction while it was taken.
    Motion {
        /// 0 to 180 degrees counter-clockwise from horizontal.
        angle_deg: f32,
        /// How far off that may be; `None` if it was not measured.
        error_deg: Option<f32>,
    },
    /// Made larger from a smaller picture.
    Enlarged {
        /// By how many times, or a whole part of that.
        period_px: f32,
    },
    /// A veil of light over the whole: a smeared lens, or light into it.
    Smeared,
    /// The same in all directions: out of focus.
    Defocus,
    /// Smoothed between the edges, which are sharp.
    Smoothed,
}

/// The limits by which kinds are told apart, of the check that names them.
pub const MOTION: Param = Param {
    key: "motion_direction_db",
    unit: "dB",
    default: 2.5,
    min: 0.5,
    max: 20.0,
    doc: StaticText {
        zh: "各方向细节之差达到此值,即为沿一个方向的拖影;越小越常称为拖影。",
        en: "Detail differs by direction by this much where blur is called a movement; smaller says so more often.",
    },
    source: "measured on the tuning half of `accuracy photo`: 99 % of 660 moved pictures reach it, and 1.5 % of 330 \
             blurred otherwise",
};
/// As above.
pub const ENLARGED: Param = Param {
    key: "enlarged_period_db",
    unit: "dB",
    default: 16.0,
    min: 6.0,
    max: 60.0,
    doc: StaticText {
        zh: "不清晰的照片中,像素间的周期高出此值,即为由小图放大而成;越小越常称为放大。",
        en: "A period of its pixels stands out by this much where an unsharp photo is called enlarged; smaller says so \
             more often.",
    },
    source: "measured likewise: pictures enlarged by 2.5 and 3 times 19 and more in 98 of 100, blurred ones 15 and less",
};
/// As above.
pub const SMEARED: Param = Param {
    key: "smeared_veil_db",
    unit: "dB",
    default: 14.5,
    min: 5.0,
    max: 40.0,
    doc: StaticText {
        zh: "最粗的明暗高出此值,即为镜头脏污或迎光的光幕;越小越常如此说。",
        en: "The coarsest shades stand out by this much where a veil of light is spoken of, as of a smeared lens; smaller \
             says so more often.",
    },
    source: "measured likewise: two in five of smeared lenses, one in twenty of other blur",
};
/// As above.
pub const SMOOTHED: Param = Param {
    key: "smoothed_grain_ratio",
    unit: "ratio",
    default: 0.22,
    min: 0.0,
    max: 1.0,
    doc: StaticText {
        zh: "边缘之间的细纹(二阶差分的中位数与均值之比)低于此值,即为降噪或磨皮过度,只作记录;越大越常如此说。",
        en: "Fine texture between the edges (median over mean of second differences) below this is noted as smoothed away \
             by noise reduction; larger says so more often.",
    },
    source: "measured likewise: two in three of heavily smoothed pictures, one in fifty of the others",
};

impl Unsharpness {
    /// What an unsharp photo shows; `earlier` is what its tiles say, which counts
    /// where nothing more is known.
    pub fn of(photo: &Photo, limits: &Limits, earlier: BlurKind) -> Option<Self> {
        let reaches = |value: f32, param: &Param| f64::from(value) >= limits.get(param.key);
        let Some(rolloff) = &photo.rolloff else {
            return match earlier {
                BlurKind::Unclear => None,
                BlurKind::Defocus => Some(Self::Defocus),
                BlurKind::Motion { angle_deg } => Some(Self::Motion {
                    angle_deg,
                    error_deg: None,
                }),
            };
        };
        if reaches(rolloff.direction_db, &MOTION) {
            return Some(Self::Motion {
                angle_deg: rolloff.angle_deg,
                error_deg: Some(rolloff.angle_error_deg),
            });
        }
        let period = photo
            .resolution
            .as_ref()
            .and_then(|r| r.period_px.zip(r.period_db));
        if let Some((period_px, _)) = period.filter(|(_, db)| reaches(*db, &ENLARGED)) {
            return Some(Self::Enlarged { period_px });
        }
        Some(if reaches(rolloff.veil_db, &SMEARED) {
            Self::Smeared
        } else {
            Self::Defocus
        })
    }

    /// True if fine texture is missing between the edges, blurred or not.
    pub fn is_smoothed(photo: &Photo, limits: &Limits) -> bool {
        let grain = photo.rolloff.as_ref().and_then(|r| r.grain_ratio);
        grain.is_some_and(|ratio| f64::from(ratio) < limits.get(SMOOTHED.key))
    }

    /// A sentence that goes behind another.
    pub(crate) fn told(self) -> Text {
        match self {
            Self::Motion {
                angle_deg,
                error_deg,
            } => {
                let error = error_deg.map_or(String::new(), |error| format!("±{error:.0}°"));
                Text::new(
                    format!("模糊沿约{angle_deg:.0}°{error}方向(自水平逆时针计),多为拍摄时移动。"),
                    format!(
                        " The blur runs along about {angle_deg:.0}°{error} (counter-clockwise from horizontal), \
                         as of a movement."
                    ),
                )
            }
            Self::Enlarged { period_px } => Text::new(
                format!("像素之间有{period_px:.1}像素的周期,多为由小图放大而成。"),
                format!(
                    " Its pixels have a period of {period_px:.1} px, as of a small picture that was enlarged."
                ),
            ),
            Self::Smeared => Text::new(
                "整幅带有光幕,多为镜头脏污或迎光。",
                " There is a veil of light over the whole, as of a smeared lens or light into it.",
            ),
            Self::Defocus => Text::new(
                "模糊不分方向,多为对焦不准,也可能是镜头脏污或小图放大。",
                " The blur is the same in all directions, as of a missed focus; a smeared lens or an enlarged \
                 picture can look like it.",
            ),
            Self::Smoothed => Text::new(
                "边缘之间没有细纹,如夜间降噪或美颜所致,细小的字和读数可能随之消失;平整的面、印刷品和截图本来如此。",
                "There is nothing fine between the edges, as after noise reduction at night or a beautifying filter, \
                 with which small writing and readings may have gone; plain surfaces, print and screenshots have \
                 nothing there by nature.",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::photo_blurred::CHECK;
    use crate::measure::resolution::Resolution;
    use crate::measure::rolloff::Rolloff;

    fn kind(direction_db: f32, period_db: f32, veil_db: f32) -> Option<Unsharpness> {
        let photo = Photo {
            rolloff: Some(Rolloff {
                direction_db,
                angle_deg: 40.0,
                angle_error_deg: 5.0,
                veil_db,
                ..Rolloff::default()
            }),
            resolution: Some(Resolution {
                period_px: Some(3.0),
                period_db: Some(period_db),
                ..Resolution::default()
            }),
            ..Photo::default()
        };
        Unsharpness::of(&photo, &Limits::defaults(&CHECK), BlurKind::Unclear)
    }

    #[test]
    fn every_kind_at_its_limit_and_either_side() {
        let moved = Unsharpness::Motion {
            angle_deg: 40.0,
            error_deg: Some(5.0),
        };
        assert_eq!(kind(2.5, 30.0, 20.0), Some(moved));
        assert_eq!(
            kind(2.4, 16.0, 20.0),
            Some(Unsharpness::Enlarged { period_px: 3.0 })
        );
        assert_eq!(kind(2.4, 15.9, 14.5), Some(Unsharpness::Smeared));
        assert_eq!(kind(2.4, 15.9, 14.4), Some(Unsharpness::Defocus));
        assert!(moved.told().en.contains("40°±5°"));
    }

    #[test]
    fn of_older_measurements_the_tiles_speak() {
        let of = |earlier| Unsharpness::of(&Photo::default(), &Limits::defaults(&CHECK), earlier);
        assert_eq!(of(BlurKind::Unclear), None);
        assert_eq!(of(BlurKind::Defocus), Some(Unsharpness::Defocus));
        let moved = of(BlurKind::Motion { angle_deg: 10.0 });
        assert!(matches!(
            moved,
            Some(Unsharpness::Motion {
                error_deg: None,
                ..
            })
        ));
    }

    #[test]
    fn smoothing_is_told_below_its_limit() {
        let smoothed = |grain_ratio| {
            let photo = Photo {
                rolloff: Some(Rolloff {
                    grain_ratio,
                    ..Rolloff::default()
                }),
                ..Photo::default()
            };
            Unsharpness::is_smoothed(&photo, &Limits::defaults(&CHECK))
        };
        assert!(smoothed(Some(0.219)) && !smoothed(Some(0.221)) && !smoothed(None));
    }
}
