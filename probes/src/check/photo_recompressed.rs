//! `photo_recompressed`: the JPEG's headers look like a program's, not a
//! camera's.

use crate::check::{Aspect, Case, Check, Evidence, Family, Level, Param, Ruling, Seen, Strength};
use crate::exemplar::Feature;
use crate::makers;
use crate::measure::jpeg_tables::JpegTables;
use crate::measurements::{Exif, JpegParts, Kind, Measurements};
use crate::text::{StaticText, Text};

/// What programs write into the comment segment, in lower case
/// (research/forensics.md 2e, 1; the libraries' own sources).
const PROGRAM_COMMENTS: [&str; 3] = ["gd-jpeg", "lavc", "imagemagick"];
/// Number of the progressive frame header, T.81 table B.1.
const PROGRESSIVE: u8 = 2;
/// Shapes that differ by less are one: coders round sides to whole blocks.
const SAME_SHAPE_RATIO: f64 = 0.01;

/// The declaration.
pub static CHECK: Check = Check {
    code: "photo_recompressed",
    clause: "no.edit",
    aspect: Aspect::Integrity,
    family: Family::Bitstream,
    strength: Strength::Strong,
    kinds: &[Kind::Photo],
    title: StaticText {
        zh: "照片可能经软件重新压缩",
        en: "The photo may have been compressed again by a program",
    },
    pass: StaticText {
        zh: "编码头中未见软件重新压缩的迹象。",
        en: "The coding headers show no sign of a program that compressed it again.",
    },
    doc: StaticText {
        zh: "**检查内容** JPEG编码头是否带有软件而非相机的特征。\n\n\
             **测量方法** 查看注释段是否写有图像软件库的名称,是否采用渐进式编码(相机直接输出几乎都是基线式);\
             带有设备信息的照片,其表和段的次序是否为 libjpeg 系列软件库的写法(每张表自成一段,JFIF 在 EXIF 之前,\
             或量化表等于通用公式),而该厂商的原始照片从未这样写(probes/data/makers.toml;OPPO、realme 和采用联发科芯片的手机自身就这样写,只作提示);\
             是否为网络相册所提供副本的写法(只作提示);画面大小是否按比例小于 EXIF 所记;色度采样是否表明经过无损旋转。手机应用把 EXIF 写在 JFIF 之前的只作提示。\
             量化表与通用公式完全一致的情况在相机原始照片中占三分之一以上,单独不说明任何问题,因此不作为迹象。\
             管理员可信文件中同型号也这样写的不列。\n\n\
             **可能含义** 照片由软件重新保存过;并不说明内容被改动。大小与 EXIF 不符为强,其余单独出现时请人工查看。\n\n\
             **常见的正常原因** 聊天软件或网盘传输;系统相册旋转后保存;水印相机;个别手机直接输出渐进式。\n\n\
             **如何确认** 请提交设备中的原始文件;与同一设备其他照片的编码头比较。",
        en: "**What it looks at** Whether the coding headers of a JPEG are those of a program and not of a camera.\n\n\
             **How it is measured** Whether a comment names an imaging library, and whether the coding is \
             progressive (cameras write baseline, almost without exception); where the file names its device, \
             whether tables and segments stand as libjpeg and its kin put them (every table in a segment of its \
             own, JFIF before EXIF, or tables of the common formula) where originals of the maker never were \
             (probes/data/makers.toml; phones of OPPO, of realme and with chips of MediaTek write so themselves, which is only noted), or as \
             in the copies of a photo service (only noted); whether the picture is smaller, in \
             proportion, than EXIF says; whether the chroma sampling is that of a photo turned without loss. An app of a phone puts EXIF before JFIF; that is only noted. \
             Tables that equal the common \
             formula's are found in more than a third of camera originals; alone they mean nothing and are not \
             taken as a sign. What the admin's vouched files of the model have too is not listed.\n\n\
             **What it can mean** A program has saved the photo again; that does not say that it changed it. \
             Another size than EXIF says is strong; the rest alone asks for a person.\n\n\
             **Usual innocent causes** Sent through a chat program or a cloud drive; turned in the phone's \
             gallery; a watermark camera; a few phones write progressive files themselves.\n\n\
             **What would settle it** The file from the device; the headers of other photos of the same device.",
    },
    see_yourself: "exiftool -Comment -EncodingProcess -YCbCrSubSampling {file}",
    params: &[Param {
        key: "size_difference_ratio",
        unit: "ratio",
        default: 0.02,
        min: 0.001,
        max: 0.5,
        doc: StaticText {
            zh: "画面边长与 EXIF 所记相差超过此比例才算不符;越小越严。",
            en: "A side differs from EXIF's if it is off by more than this share; smaller is stricter.",
        },
        source: "named guess: coders round sides to 8 or 16 px, below 1 % of any photo",
    }],
    judge,
};

fn judge(case: &Case<'_>) -> Ruling {
    let Some(jpeg) = case.m.photo.as_ref().and_then(|p| p.jpeg.as_ref()) else {
        return Ruling::NotApplicable;
    };
    let is_vouched_for = case
        .exemplars
        .vouch_for_feature(case.m, Feature::JpegCoding)
        && case.exemplars.vouch_for_feature(case.m, Feature::JpegOrder);
    let names_device = case.m.device.make.is_some() || case.m.device.model.is_some();
    let quality = match jpeg.ijg_quality {
        Some(q) => Text::new(
            format!("量化表等于通用公式质量{q}。"),
            format!(" The tables equal the common formula at quality {q}."),
        ),
        None => Text::default(),
    };
    let add = |zh: String, en: String| {
        let text = Text::new(format!("{zh}{}", quality.zh), format!("{en}{}", quality.en));
        let sign = Seen::new(Level::Attention, Strength::Supporting, text);
        sign.resting_on(Evidence::LibrarySave)
    };
    // A file that names a camera is said to come from one; a file without is
    // not held against it.
    let asking = |seen: Seen| {
        if names_device {
            seen.asking_alone()
        } else {
            seen
        }
    };
    let mut seen = Vec::new();
    let names_program = |comment: &&String| {
        let comment = comment.to_lowercase();
        PROGRAM_COMMENTS.iter().any(|name| comment.contains(name))
    };
    if let Some(comment) = jpeg.comments.iter().find(names_program) {
        seen.push(asking(add(
            format!("注释段写有图像软件库的名称:“{comment}”。"),
            format!("A comment names an imaging library: “{comment}”."),
        )));
    }
    if jpeg.frame_type == Some(PROGRESSIVE) && !is_vouched_for {
        seen.push(asking(add(
            "采用渐进式编码,相机直接输出的照片几乎都是基线式。".to_owned(),
            "It is coded progressively; cameras write baseline, almost without exception."
                .to_owned(),
        )));
    }
    if names_device && !is_vouched_for {
        seen.extend(library_order(case.m, jpeg).map(|order| saved_by(order, case.m, &add)));
    }
    if names_device && !is_vouched_for && is_turned_without_loss(case.m, jpeg) {
        seen.push(
            add(
                "亮度的采样因子为 1×2,表和段的次序是软件库的写法:横向减半色度的照片被软件无损旋转后如此。".to_owned(),
                "Luma is sampled 1×2 and the tables stand as a library puts them: so is a photo with chroma halved across after a program turned it without loss."
                    .to_owned(),
            )
            .asking_alone(),
        );
    }
    seen.extend(reduced(case, jpeg));
    if seen.is_empty() {
        Ruling::Pass
    } else {
        Ruling::Found(seen)
    }
}

/// Whose order of segments it is.
enum Order {
    /// A library's, with JFIF in front as it writes it.
    Library,
    /// The same without JFIF, with the library's tables.
    Bare,
    /// The same with EXIF put in front, as Android's ExifInterface does.
    App,
    /// That of a photo service's copies.
    Service,
}

fn library_order(m: &Measurements, jpeg: &JpegTables) -> Option<Order> {
    let parts = m.container.as_ref()?.jpeg.as_ref()?;
    if parts.is_coded_as_by_photo_service() {
        return Some(Order::Service);
    }
    // Phones that build in the library add segments of their own.
    if !parts.is_coded_as_by_libjpeg() || parts.has_makers_segment() {
        return None;
    }
    match &parts.jfif {
        Some(jfif) if jfif.is_before_exif => Some(Order::Library),
        Some(_) => Some(Order::App),
        None => jpeg.ijg_quality.map(|_| Order::Bare),
    }
}

/// What an order of segments says of a file that names its device.
fn saved_by(order: Order, m: &Measurements, add: &impl Fn(String, String) -> Seen) -> Seen {
    let told = |zh: &str, en: &str| Seen {
        level: Level::Info,
        strength: Strength::Information,
        ..add(zh.to_owned(), en.to_owned())
    };
    let make = m.device.make.as_deref().unwrap_or_default();
    let known = makers::of(make).filter(|maker| match order {
        Order::Bare => maker.never_library_bare,
        _ => maker.never_library,
    });
    match (order, known) {
        (Order::Library | Order::Bare, Some(maker)) => add(
            format!(
                "表和段的次序是 libjpeg 系列软件库的写法,而文件自称由“{make}”拍摄;所见该厂商 {} 个型号 {} 张原始照片均不这样写。",
                maker.models, maker.files
            ),
            format!(
                "Tables and segments stand as libjpeg and its kin put them, in a file that says that “{make}” took it; \
                 none of {} originals of {} of its models was written so.",
                maker.files, maker.models
            ),
        )
        .asking_alone(),
        (Order::Library | Order::Bare, None) => told(
            "表和段的次序是 libjpeg 系列软件库的写法:可能另存过,也可能是该型号手机自身的写法(如 OPPO、realme、采用联发科芯片的手机)。与同一设备其他照片比较即知。",
            "Tables and segments stand as libjpeg and its kin put them: it may have been saved anew, or its phone writes \
             so itself (as those of OPPO, of realme and with chips of MediaTek do). Other photos of the device tell.",
        ),
        (Order::App, _) => told(
            "由手机应用保存(EXIF 在 JFIF 之前):可能是水印相机等拍摄应用,也可能是相册另存。",
            "An app of a phone has saved it (EXIF before JFIF): a watermark camera, which is the first recording, or an \
             album.",
        ),
        (Order::Service, _) => told(
            "表和段的次序是网络相册(Google 相册)所提供副本的写法:可能不是设备中的原始文件。",
            "Tables and segments stand as in the copies of a photo service (Google Photos): it may not be the file from \
             the device.",
        ),
    }
}

/// Sampled as only a turn leaves a photo, and put together by a library. Some
/// cameras turn photos so themselves, in their own order of segments.
fn is_turned_without_loss(m: &Measurements, jpeg: &JpegTables) -> bool {
    let parts = m.container.as_ref().and_then(|c| c.jpeg.as_ref());
    jpeg.sampling.first().is_some_and(|luma| luma == "1x2")
        && parts.is_some_and(JpegParts::is_coded_as_by_libjpeg)
}

/// EXIF's size and the picture's, if they differ and the shape is the same.
fn reduced(case: &Case<'_>, jpeg: &JpegTables) -> Option<Seen> {
    let sizes = Sizes::of(case.m.exif.as_ref()?, jpeg)?;
    let limit = case.limits.get("size_difference_ratio");
    let change = sizes.change().filter(|change| change.abs() > limit)?;
    let Sizes { exif, picture } = sizes;
    let text = Text::new(
        format!(
            "画面为 {}×{},而 EXIF 记为 {}×{}:拍摄后被按比例改变大小(或裁成同样形状)并另存。请提供设备中的原始文件。",
            picture.0, picture.1, exif.0, exif.1
        ),
        format!(
            "The picture has {}×{} pixels and EXIF says {}×{}: it was resized, or cropped in the same shape, and saved after capture. The original \
             file from the device is asked for.",
            picture.0, picture.1, exif.0, exif.1
        ),
    );
    Some(Seen {
        measured: Some(change),
        limit: Some(limit),
        unit: "ratio",
        ..Seen::new(Level::Attention, Strength::Strong, text)
    })
}

/// The size in EXIF and the size of the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sizes {
    pub(crate) exif: (u32, u32),
    pub(crate) picture: (u32, u32),
}

impl Sizes {
    /// Both, if the file states both.
    pub(crate) fn of(exif: &Exif, jpeg: &JpegTables) -> Option<Self> {
        let stated = exif.width_px.zip(exif.height_px)?;
        let picture = (u32::from(jpeg.width_px?), u32::from(jpeg.height_px?));
        (stated.0 > 0 && stated.1 > 0).then_some(Self {
            exif: stated,
            picture,
        })
    }

    /// True if width and height have changed places.
    pub(crate) fn is_turned(self) -> bool {
        self.exif != self.picture && self.exif == (self.picture.1, self.picture.0)
    }

    /// By which share the longer side has changed, if the shape has not,
    /// turned or not. `None` if the shape is another.
    pub(crate) fn change(self) -> Option<f64> {
        let sides = |(a, b): (u32, u32)| (f64::from(a.max(b)), f64::from(a.min(b)));
        let ((old_long, old_short), (long, short)) = (sides(self.exif), sides(self.picture));
        let shape = (long / short) / (old_long / old_short) - 1.0;
        // Rounding to whole pixels shows in small copies.
        let slack = 1.5 / short;
        (shape.abs() <= SAME_SHAPE_RATIO + slack).then_some(long / old_long - 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Alone;
    use crate::check::trial::{Trial, at};
    use crate::container::jpeg_parts::Jfif;
    use crate::measure::photo::Photo;
    use crate::measurements::Container;

    fn trial(make: Option<&str>, jpeg: Option<JpegTables>) -> Trial {
        let mut trial = Trial::photo(at("2026-04-12T01:00:00Z"), 0.0);
        trial.m.device.make = make.map(str::to_owned);
        trial.m.photo = Some(Photo {
            jpeg,
            ..Photo::default()
        });
        trial
    }

    fn found(trial: &Trial) -> Vec<(Level, Strength, Alone)> {
        match trial.judge(&CHECK) {
            Ruling::Found(seen) => seen
                .iter()
                .map(|s| (s.level, s.strength, s.alone))
                .collect(),
            _ => Vec::new(),
        }
    }

    const TOLD: (Level, Strength, Alone) = (Level::Attention, Strength::Supporting, Alone::Told);
    const ASKS: (Level, Strength, Alone) = (
        Level::Attention,
        Strength::Supporting,
        Alone::AsksForAPerson,
    );

    fn standard() -> JpegTables {
        JpegTables {
            frame_type: Some(0),
            ijg_quality: Some(95),
            standard_huffman: Some(true),
            comments: vec!["LEICA M8".to_owned()],
            width_px: Some(4000),
            height_px: Some(3000),
            ..JpegTables::default()
        }
    }

    #[test]
    fn a_common_table_alone_is_nothing() {
        let camera = trial(Some("LEICA"), Some(standard()));
        assert_eq!(camera.judge(&CHECK), Ruling::Pass);
        assert_eq!(trial(None, None).judge(&CHECK), Ruling::NotApplicable);
    }

    #[test]
    fn comments_and_progressive_coding_ask_only_under_a_device_s_name() {
        let program = || JpegTables {
            frame_type: Some(2),
            ijg_quality: Some(82),
            comments: vec!["CREATOR: gd-jpeg v1.0 (using IJG JPEG v62), quality = 82".to_owned()],
            ..JpegTables::default()
        };
        let nameless = trial(None, Some(program()));
        let Ruling::Found(seen) = nameless.judge(&CHECK) else {
            panic!("nothing found")
        };
        assert!(seen[0].text.en.contains("gd-jpeg") && seen[1].text.zh.contains("质量82"));
        assert_eq!(found(&nameless), [TOLD, TOLD]);
        assert_eq!(found(&trial(Some("Canon"), Some(program()))), [ASKS, ASKS]);
    }

    fn ordered(order: &[&str], jfif: Option<bool>, jpeg: JpegTables) -> Trial {
        let mut trial = trial(Some("Canon"), Some(jpeg));
        trial.m.container = Some(Container {
            jpeg: Some(JpegParts {
                order: order.iter().map(|s| (*s).to_owned()).collect(),
                jfif: jfif.map(|is_before_exif| Jfif {
                    is_before_exif,
                    ..Jfif::default()
                }),
                ..JpegParts::default()
            }),
            ..Container::default()
        });
        trial
    }

    const LIBRARY: &[&str] = &["APP0 JFIF", "APP1 Exif", "DQT ×2", "SOF0", "DHT ×4"];
    const CAMERA: &[&str] = &["APP1 Exif", "DQT", "SOF0", "DHT"];

    #[test]
    fn the_order_of_a_library_asks_and_an_app_s_is_noted() {
        let own_tables = || JpegTables {
            ijg_quality: None,
            ..standard()
        };
        assert_eq!(found(&ordered(LIBRARY, Some(true), own_tables())), [ASKS]);
        let app = ordered(LIBRARY, Some(false), standard());
        assert_eq!(found(&app)[0].0, Level::Info);
        assert_eq!(found(&ordered(LIBRARY, None, standard())), [ASKS]);
        assert_eq!(found(&ordered(LIBRARY, None, own_tables())), []);
        assert_eq!(found(&ordered(CAMERA, None, standard())), []);
        let phone = ["APP0 JFIF", "APP6", "APP1 Exif", "DQT ×2", "SOF0", "DHT ×4"];
        assert_eq!(found(&ordered(&phone, Some(true), standard())), []);
        let service = ["APP0 JFIF", "APP1 Exif", "DQT", "SOF0", "DHT ×4"];
        assert_eq!(
            found(&ordered(&service, Some(true), own_tables()))[0].0,
            Level::Info
        );
        assert_eq!(found(&ordered(&service, Some(false), own_tables())), []);
        let mut nameless = ordered(LIBRARY, Some(true), standard());
        nameless.m.device.make = None;
        assert_eq!(found(&nameless), []);
    }

    #[test]
    fn a_maker_whose_phones_write_so_is_only_told() {
        for make in ["OPPO", "realme", "vivo", "HONOR"] {
            let mut phone = ordered(LIBRARY, Some(true), standard());
            phone.m.device.make = Some(make.to_owned());
            let told = [(Level::Info, Strength::Information, Alone::Told)];
            assert_eq!(found(&phone), told, "{make}");
        }
        for (make, is_told_bare) in [
            ("Apple", false),
            ("NIKON", false),
            ("samsung", true),
            ("Xiaomi", true),
        ] {
            let mut phone = ordered(LIBRARY, Some(true), standard());
            phone.m.device.make = Some(make.to_owned());
            assert_eq!(found(&phone), [ASKS], "{make}");
            let mut bare = ordered(LIBRARY, None, standard());
            bare.m.device.make = Some(make.to_owned());
            assert_eq!(found(&bare)[0].0 == Level::Info, is_told_bare, "{make}");
        }
    }

    #[test]
    fn a_sampling_that_only_a_turn_makes_asks() {
        let sampled = |luma: &str| JpegTables {
            sampling: [luma, "1x1", "1x1"].map(str::to_owned).to_vec(),
            ..standard()
        };
        let own_tables = |luma: &str| JpegTables {
            ijg_quality: None,
            ..sampled(luma)
        };
        assert_eq!(found(&ordered(LIBRARY, None, own_tables("1x2"))), [ASKS]);
        assert_eq!(found(&ordered(LIBRARY, None, own_tables("2x1"))), []);
        assert_eq!(found(&ordered(CAMERA, None, own_tables("1x2"))), []);
    }

    fn sized(exif: (u32, u32), picture: (u16, u16)) -> Trial {
        let mut trial = trial(
            Some("Canon"),
            Some(JpegTables {
                width_px: Some(picture.0),
                height_px: Some(picture.1),
                ..standard()
            }),
        );
        trial.m.exif = Some(Exif {
            width_px: Some(exif.0),
            height_px: Some(exif.1),
            ..Exif::default()
        });
        trial
    }

    #[test]
    fn another_size_of_the_same_shape_is_strong() {
        let strong = (Level::Attention, Strength::Strong, Alone::Told);
        assert_eq!(found(&sized((4000, 3000), (1280, 960))), [strong]);
        assert_eq!(found(&sized((4000, 3000), (960, 1280))), [strong]);
        assert_eq!(found(&sized((4000, 3000), (113, 85))), [strong]);
        for honest in [
            sized((4000, 3000), (4000, 3000)),
            sized((4000, 3000), (3000, 4000)),
            sized((4000, 3000), (4000, 2992)),
            sized((0, 0), (4000, 3000)),
            // Cropped, which is another check's.
            sized((4000, 3000), (2000, 2000)),
        ] {
            assert_eq!(found(&honest), []);
        }
    }
}
