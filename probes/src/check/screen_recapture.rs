//! `screen_recapture`: the photo may show a screen.

use crate::check::photo_unmeasured::absent;
use crate::check::{Aspect, Case, Check, Family, Level, Param, Ruling, Seen, Strength};
use crate::measure::photo::MeasuredIn;
use crate::measurements::Kind;
use crate::text::{StaticText, Text};

/// Squares that must be judged; in fewer, agreement is chance.
const SQUARES_MIN: u32 = 4;

/// The declaration.
pub static CHECK: Check = Check {
    code: "screen_recapture",
    clause: "no.retake",
    aspect: Aspect::Integrity,
    family: Family::Picture,
    strength: Strength::Information,
    kinds: &[Kind::Photo],
    title: StaticText {
        zh: "照片可能翻拍自屏幕",
        en: "The photo may show a screen",
    },
    pass: StaticText {
        zh: "未见屏幕像素留下的周期纹理。",
        en: "No pattern of a screen's pixels was found.",
    },
    doc: StaticText {
        zh: "**检查内容** 整幅照片是否布满同一周期的细密纹理,屏幕的像素及其与传感器之间的摩尔纹就是如此。\n\n\
             **测量方法** 在原始分辨率下取3×3个128像素见方的小块做傅里叶变换。自然景物的功率随频率平缓下降;某一频率高出周围\
             中位数20分贝以上即为峰。坐标轴附近的频率(横竖边缘和JPEG网格)不计。各块的峰频率一致的比例达到限值时报告。\
             108张原始照片中有一张为九块中三块一致,其余更少。\n\n\
             **可能含义** 拍摄的是显示器或手机上的画面,而不是现场。\n\n\
             **常见的正常原因** 现场本来就要拍仪器或电脑的屏幕;织物、纱网、百叶窗、孔板、LED显示屏;网点印刷品。\n\n\
             **不能说明的** 拍得较远、对焦稍虚或缩小过的翻拍照片不留此纹理;屏幕恰与画面平行时也看不见。\n\n\
             **如何确认** 放大查看是否有像素格、反光和屏幕边框;询问拍摄的是什么。\
             此项只供参考,从不影响结论。",
        en: "**What it looks at** Whether a fine pattern of one period covers the whole photo, as the pixels of a screen \
             do, or the moiré between them and the sensor.\n\n\
             **How it is measured** 3×3 squares of 128 pixels at the photo's own resolution are Fourier-transformed. In \
             natural scenes power falls smoothly with frequency; a frequency 20 dB above the median around it is a \
             peak. Frequencies near the axes (level and upright edges, the grid of JPEG) do not count. It is told if \
             the peaks of enough squares agree. Of 108 untouched photos one had three of nine agree, the others fewer.\n\n\
             **What it can mean** A picture on a monitor or phone was photographed and not the place itself.\n\n\
             **Usual innocent causes** An instrument's or computer's screen is what was to be shown; fabric, mesh, \
             blinds, perforated plates, LED walls; printed matter.\n\n\
             **What it cannot say** From afar, slightly out of focus or reduced in size a screen leaves no such \
             pattern; nor is it seen where the screen is exactly parallel to the picture.\n\n\
             **What would settle it** Enlarge it and look for pixels, reflections and the screen's frame; ask what was \
             photographed. \
             It is information only and never changes a result.",
    },
    see_yourself: "convert {file} -gravity center -crop 512x512+0+0 -fft +delete -auto-level -evaluate log 10000 spectrum.png",
    params: &[Param {
        key: "agreeing_min_ratio",
        unit: "ratio",
        default: 0.5,
        min: 0.1,
        max: 1.0,
        doc: StaticText {
            zh: "峰频率一致的小块所占比例不低于此值则记录;越小越严。",
            en: "Told if at least this share of the squares agree in their peak; smaller is stricter.",
        },
        source: "measured on 108 untouched camera photos: 3 of 9 squares at most",
    }],
    judge,
};

fn judge(case: &Case<'_>) -> Ruling {
    // The pattern of a preview is not the picture's.
    let photo = case.m.photo.as_ref();
    let photo = photo.filter(|photo| photo.measured_in != MeasuredIn::Preview);
    let Some(moire) = photo.and_then(|photo| photo.moire.as_ref()) else {
        return absent(case.m, "moire");
    };
    let (agreeing, squares) = (moire.agreeing_count, moire.squares_count);
    if squares < SQUARES_MIN {
        return Ruling::NotRun(Text::new(
            "画面过于单一,无法判断是否翻拍自屏幕。",
            "The picture is too plain to tell whether it shows a screen.",
        ));
    }
    let limit = case.limits.get("agreeing_min_ratio");
    let ratio = f64::from(agreeing) / f64::from(squares);
    let (Some(period_px), Some(peak_db)) = (moire.period_px, moire.peak_db) else {
        return Ruling::Pass;
    };
    if ratio < limit {
        return Ruling::Pass;
    }
    let text = Text::new(
        format!(
            "{squares}个小块中有{agreeing}个带有同一细密纹理,周期约{period_px:.1}像素,高出周围{peak_db:.0}分贝:\
             可能翻拍自屏幕,请目视核对。"
        ),
        format!(
            "{agreeing} of {squares} squares carry one fine pattern, period about {period_px:.1} px, {peak_db:.0} dB \
             above what surrounds it: the photo may show a screen; look at it."
        ),
    );
    Ruling::Found(vec![Seen {
        measured: Some((ratio * 100.0).round() / 100.0),
        limit: Some(limit),
        unit: "ratio",
        ..Seen::new(Level::Info, Strength::Information, text)
    }])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::trial::{Trial, at};
    use crate::measure::moire::Moire;
    use crate::measure::photo::Photo;

    fn ruling(moire: Option<Moire>) -> Ruling {
        let mut trial = Trial::photo(at("2026-04-12T01:00:00Z"), 0.0);
        trial.m.photo = Some(Photo {
            moire,
            ..Photo::default()
        });
        trial.judge(&CHECK)
    }

    fn with(agreeing_count: u32, squares_count: u32) -> Ruling {
        ruling(Some(Moire {
            squares_count,
            peaked_count: agreeing_count,
            agreeing_count,
            period_px: Some(3.2),
            peak_db: Some(31.0),
        }))
    }

    #[test]
    fn the_limit_and_either_side() {
        assert_eq!(with(3, 8), Ruling::Pass);
        let Ruling::Found(seen) = with(4, 8) else {
            panic!("nothing found")
        };
        assert_eq!(seen[0].strength, Strength::Information);
        assert!(seen[0].text.en.contains("4 of 8 squares") && seen[0].text.zh.contains("3.2像素"));
    }

    #[test]
    fn plain_pictures_and_missing_measurements_are_no_pass() {
        assert!(matches!(with(3, 3), Ruling::NotRun(_)));
        assert!(matches!(ruling(Some(Moire::default())), Ruling::NotRun(_)));
        assert_eq!(ruling(None), Ruling::NotApplicable);
    }
}
