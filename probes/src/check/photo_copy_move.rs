//! `photo_copy_move`: a part of the picture stands in it twice.

use crate::check::photo_unmeasured::absent;
use crate::check::{Aspect, Case, Check, Family, Level, Ruling, Seen, Strength};
use crate::measure::copy_move::Copied;
use crate::measure::photo::MeasuredIn;
use crate::measurements::Kind;
use crate::text::{StaticText, Text};

/// The declaration.
pub static CHECK: Check = Check {
    code: "photo_copy_move",
    clause: "no.edit",
    aspect: Aspect::Integrity,
    family: Family::Picture,
    strength: Strength::Information,
    kinds: &[Kind::Photo],
    title: StaticText {
        zh: "照片中有两处内容相同的区域",
        en: "Two parts of the photo are alike",
    },
    pass: StaticText {
        zh: "未见照片内部复制粘贴的区域。",
        en: "No part of the photo was found in it twice.",
    },
    doc: StaticText {
        zh: "**检查内容** 照片的某一部分是否以相同的样子出现在同一照片的另一处,供评审人员目视核对。\n\n\
             **测量方法** 把照片缩到长边1024像素,取对比强烈的角点,以其周围5×5格的明暗(除去亮度和对比度)相互比较;\
             至少8对角点相似、且彼此相差同一位移时,标出两处区域。有多处相似的角点、有三种以上位移的照片(瓷砖、键盘、\
             货架、印刷文字)不算。\n\n\
             **可能含义** 用照片自身的内容遮盖了某处。\n\n\
             **常见的正常原因** 同样的器具、瓶子、标签、瓷砖、窗户;印刷的重复图案;镜中影像;屏幕上的相同界面。\n\n\
             **如何确认** 放大对比两处区域:真实的两件物品在光线、角度和噪声上总有差别,复制的区域则逐像素相同。\
             此项只供参考,从不影响结论。",
        en: "**What it looks at** Whether a part of the photo appears in it a second time, for the reviewer's eye.\n\n\
             **How it is measured** The photo is reduced to a long side of 1024 px; corners of strong contrast are \
             compared by light and dark in 5×5 cells around them, freed of brightness and contrast. At least eight \
             pairs that are alike and apart by one and the same shift mark two parts. Corners with several likenesses \
             and photos with more than three shifts (tiles, keyboards, shelves, print) do not count.\n\n\
             **What it can mean** Something was covered with a part of the photo itself.\n\n\
             **Usual innocent causes** Instruments, bottles, labels, tiles or windows of one kind; printed patterns; \
             a mirror; the same window on two screens.\n\n\
             **What would settle it** Enlarge both parts: two real things differ in light, angle and noise, a copied \
             part is the same pixel by pixel. \
             It is information only and never changes a result.",
    },
    see_yourself: "gimp {file}",
    params: &[],
    judge,
};

fn judge(case: &Case<'_>) -> Ruling {
    // What stands twice in a preview stands at other places in the picture.
    let photo = case.m.photo.as_ref();
    let photo = photo.filter(|photo| photo.measured_in != MeasuredIn::Preview);
    let Some(found) = photo.and_then(|photo| photo.copy_move.as_ref()) else {
        return absent(case.m, "copy_move");
    };
    if found.copies.is_empty() {
        return Ruling::Pass;
    }
    Ruling::Found(found.copies.iter().map(seen).collect())
}

fn seen(copied: &Copied) -> Seen {
    let pairs = copied.pairs_count;
    let text = Text::new(
        format!("所标两处区域有{pairs}对角点相同,位移一致;请目视核对是否为复制粘贴。"),
        format!(
            "The two marked parts have {pairs} corners in common, all apart by one shift; look whether one was \
             copied from the other."
        ),
    );
    Seen {
        regions: vec![copied.one, copied.other],
        ..Seen::new(Level::Info, Strength::Information, text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::trial::{Trial, at};
    use crate::measure::copy_move::CopyMove;
    use crate::measure::photo::Photo;
    use crate::measurements::Region;

    fn ruling(copy_move: Option<CopyMove>) -> Ruling {
        let mut trial = Trial::photo(at("2026-04-12T01:00:00Z"), 0.0);
        trial.m.photo = Some(Photo {
            copy_move,
            ..Photo::default()
        });
        trial.judge(&CHECK)
    }

    #[test]
    fn both_parts_are_shown_and_nothing_is_decided() {
        let region = |x| Region {
            x,
            y: 0.1,
            w: 0.2,
            h: 0.2,
        };
        let copied = Copied {
            one: region(0.1),
            other: region(0.6),
            pairs_count: 21,
        };
        let Ruling::Found(seen) = ruling(Some(CopyMove {
            corners_count: 900,
            copies: vec![copied],
        })) else {
            panic!("nothing found")
        };
        assert_eq!(
            (seen[0].level, seen[0].strength),
            (Level::Info, Strength::Information)
        );
        assert_eq!(seen[0].regions, [region(0.1), region(0.6)]);
        assert!(seen[0].text.en.contains("21 corners"));
    }

    #[test]
    fn without_copies_or_a_measurement_nothing_is_said() {
        assert_eq!(ruling(Some(CopyMove::default())), Ruling::Pass);
        assert_eq!(ruling(None), Ruling::NotApplicable);
    }
}
