//! `photo_compressed_twice`: the coefficients were quantised once before.

use crate::check::photo_unmeasured::absent;
use crate::check::{Aspect, Case, Check, Evidence, Family, Level, Param, Ruling, Seen, Strength};
use crate::measurements::Kind;
use crate::text::{StaticText, Text};

/// The declaration.
pub static CHECK: Check = Check {
    code: "photo_compressed_twice",
    clause: "no.edit",
    aspect: Aspect::Integrity,
    family: Family::Picture,
    strength: Strength::Supporting,
    kinds: &[Kind::Photo],
    title: StaticText {
        zh: "照片曾被压缩过两次",
        en: "The photo was compressed twice",
    },
    pass: StaticText {
        zh: "DCT系数中未见两次压缩的痕迹。",
        en: "The DCT coefficients show no trace of a second compression.",
    },
    doc: StaticText {
        zh: "**检查内容** JPEG的DCT系数是否先后用两种步长量化过,即照片在压缩之后又被保存过一次。\n\n\
             **测量方法** 两次量化使某些系数值缺失、另一些成倍增多,呈周期性(Lukáš与Fridrich,2003;Mahdian与Saic,2009)。\
             取前9个低频亮度系数,用同一照片中错开半个块的位置推知未量化时的分布,据此预计只量化一次、以及先用2、3、4……为步长\
             再用现有步长量化两次的结果,比较哪一种与照片相符。“增益”是两次量化的解释比一次量化平均每个系数值节省的比特数,\
             只压缩过一次的照片约为0。\n\n\
             **可能含义** 照片经软件打开并重新保存;并不说明内容被改动。\n\n\
             **常见的正常原因** 系统相册旋转、裁边或调整后保存;聊天软件或网盘传输;水印相机在已压缩的照片上加字;\
             个别手机的相机流程自身压缩两次;大面积单一颜色或表格扫描件使统计失准。\n\n\
             **不能说明的** 第二次步长是第一次的整数倍,或两次步长相同时,不留痕迹。\n\n\
             **如何确认** 请提交设备中的原始文件;与同一设备的其他照片比较。",
        en: "**What it looks at** Whether the DCT coefficients were quantised with two steps one after the other: the \
             photo was saved once more after it had been compressed.\n\n\
             **How it is measured** Two quantisations leave some values of a coefficient empty and others doubly \
             full, with a period (Lukáš and Fridrich 2003, Mahdian and Saic 2009). For the first nine luma \
             coefficients the law before quantisation is seen half a block further in the same photo; from it one \
             quantisation, and a first one by 2, 3, 4 … followed by the present one, are foretold and held against \
             the photo. The gain is what two quantisations save over one, in bits a value; about 0 for a photo that \
             was compressed once.\n\n\
             **What it can mean** A program opened the photo and saved it again; that does not say that it changed \
             it.\n\n\
             **Usual innocent causes** Turned, trimmed or adjusted in the phone's gallery; sent through a chat \
             program or a cloud drive; a watermark camera that writes on a compressed photo; a few phones compress \
             twice themselves; large plain areas and scanned forms upset the statistics.\n\n\
             **What it cannot say** Where the second step is a multiple of the first, or equal to it, no trace is \
             left.\n\n\
             **What would settle it** The file from the device; other photos of the same device.",
    },
    see_yourself: "djpeg -verbose -verbose {file} > /dev/null",
    params: &[Param {
        key: "gain_min_bits",
        unit: "bits",
        default: 0.025,
        min: 0.0,
        max: 4.0,
        doc: StaticText {
            zh: "增益不低于此值则记录;越小越严。",
            en: "A gain of at least this is told; smaller is stricter.",
        },
        source: "measured: of 108 untouched camera photos the largest has 0.020, the next 0.001",
    }],
    judge,
};

fn judge(case: &Case<'_>) -> Ruling {
    let photo = case.m.photo.as_ref();
    let Some(save) = photo.and_then(|photo| photo.first_save.as_ref()) else {
        return absent(case.m, "first_save");
    };
    let Some(gain) = save.gain_bits.map(f64::from) else {
        return Ruling::NotRun(Text::new(
            "画面细节太少,无法判断是否压缩过两次。",
            "There is too little detail to tell whether it was compressed twice.",
        ));
    };
    let limit = case.limits.get("gain_min_bits");
    if gain < limit {
        return Ruling::Pass;
    }
    let (quality_zh, quality_en) = match save.ijg_quality {
        Some(quality) => (
            format!(",第一次最接近通用公式的质量{quality}"),
            format!("; the first came nearest to quality {quality} of the common formula"),
        ),
        None => Default::default(),
    };
    let text = Text::new(
        format!("DCT系数先后量化过两次:两次量化的解释每个值节省{gain:.2}比特{quality_zh}。"),
        format!(
            "The DCT coefficients were quantised twice: that explains each value with {gain:.2} bits less{quality_en}."
        ),
    );
    let sign = Seen {
        measured: Some((gain * 1000.0).round() / 1000.0),
        limit: Some(limit),
        unit: "bits",
        ..Seen::new(Level::Attention, Strength::Supporting, text)
    };
    Ruling::Found(vec![sign.resting_on(Evidence::LibrarySave)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::trial::{Trial, at};
    use crate::measure::first_save::FirstSave;
    use crate::measure::photo::Photo;

    fn ruling(first_save: Option<FirstSave>) -> Ruling {
        let mut trial = Trial::photo(at("2026-04-12T01:00:00Z"), 0.0);
        trial.m.photo = Some(Photo {
            first_save,
            ..Photo::default()
        });
        trial.judge(&CHECK)
    }

    fn with(gain_bits: Option<f32>) -> Ruling {
        ruling(Some(FirstSave {
            gain_bits,
            ijg_quality: Some(71),
            ..FirstSave::default()
        }))
    }

    #[test]
    fn the_limit_and_either_side() {
        let limit = CHECK.params[0].default as f32;
        assert_eq!(with(Some(limit - 0.001)), Ruling::Pass);
        let Ruling::Found(seen) = with(Some(limit + 0.001)) else {
            panic!("nothing found")
        };
        assert_eq!(seen[0].strength, Strength::Supporting);
        assert_eq!(seen[0].evidence, Some(Evidence::LibrarySave));
        assert!(seen[0].text.en.contains("quality 71"));
    }

    #[test]
    fn without_detail_or_a_jpeg_nothing_is_said() {
        assert!(matches!(with(None), Ruling::NotRun(_)));
        assert_eq!(ruling(None), Ruling::NotApplicable);
    }
}
