//! `photo_metadata_rewritten`: the EXIF block was written anew after the maker's
//! program had written it.

mod contradictions;

use crate::check::{Aspect, Case, Check, Family, Level, Param, Ruling, Seen, Strength};
use crate::exemplar::Feature;
use crate::makers;
use crate::measurements::{Exif, Kind, Measurements};
use crate::text::{StaticText, Text};

/// The declaration.
pub static CHECK: Check = Check {
    code: "photo_metadata_rewritten",
    clause: "no.edit",
    aspect: Aspect::Integrity,
    family: Family::Metadata,
    strength: Strength::Strong,
    kinds: &[Kind::Photo],
    title: StaticText {
        zh: "照片的拍摄信息被重新写过",
        en: "The photo's metadata were written anew",
    },
    pass: StaticText {
        zh: "拍摄信息(EXIF)的写法未见重写迹象。",
        en: "The way in which EXIF is written shows no sign of a later writing.",
    },
    doc: StaticText {
        zh: "**检查内容** EXIF 数据块是否还是相机写下的样子,还是被其他程序重新排过。\n\n\
             **测量方法** 逐字节读取目录和数据的位置:厂商私有数据中的指针是否仍指向原处,私有数据属于哪家厂商;\
             目录后是否少了指向下一目录的字段;是否有 Windows 为以后修改预留的空间、第二个 EXIF 数据块、\
             Windows 的 XMP 数据包;多画面索引所列的画面是否还在;拍摄时间与数字化时间、照片与缩略图目录的时间是否相同,与厂商私有数据中的时间(索尼、柯达、宾得等)、三星手机写在文件末尾的时间是否相同,\
             与卫星定位时间是否相差数日、写有时区时是否早于卫星定位时间;定位信息是否只有版本和经纬度而没有接收机同时写入的其他内容(所见 130 张带定位的原始照片均不如此);型号与厂商是否一致;全部数据是否按重写程序的方式紧密排列,\
             而该厂商的原始照片从未这样写(probes/data/makers.toml)。管理员可信文件中同型号也这样写的不列。\n\n\
             **可能含义** 拍摄后有程序修改过时间、地点、说明、方向等信息。画面不一定改动。\
             私有数据属于另一厂商的为强,其余单独出现时请人工查看,不作与原始照片不符的认定。\n\n\
             **常见的正常原因** 在相册或看图软件中旋转、评分、加说明;地理标记软件;照片管理软件导入;网盘整理;扫描的旧照片(数字化时间较晚)。\n\n\
             **如何确认** 请提供设备中的原始文件;与同一设备其他照片的 EXIF 比较。",
        en: "**What it looks at** Whether the EXIF block is still as the camera wrote it, or was laid out anew by \
             another program.\n\n\
             **How it is measured** Directories and values are followed byte by byte: whether pointers in the \
             maker's notes still point to their place, and whose notes they are; directories without the pointer \
             to the next one; the room that Windows leaves for later edits, a second EXIF block, Windows' XMP \
             packet; an index of pictures that are no longer there; whether the \
             times of capture and of digitising, of the photo and of its thumbnail's directory are one, as are those in the maker's notes (Sony, Kodak, Pentax) and the one that \
             phones of Samsung write behind the picture, and the satellites' not days apart nor, where the zone is \
             written, later; whether a position is \
             version and degrees alone, without what a receiver writes with it (none of 130 originals with a position was); whether the \
             model is the maker's; a block packed as programs do that rebuild \
             it, where originals of the maker never were (probes/data/makers.toml). What the admin's vouched \
             files of the model have too is not listed.\n\n\
             **What it can mean** After capture a program changed time, place, caption, orientation or the like. \
             The picture need not have changed. Another maker's notes are a strong sign; the rest alone asks for \
             a person and calls nothing inconsistent.\n\n\
             **Usual innocent causes** Rotation, a rating or a caption in an album or viewer; geotagging; import \
             by a photo manager; sorting by a cloud drive; a scan of a print (digitised later).\n\n\
             **What would settle it** The original file from the device; EXIF of other photos of the device.",
    },
    see_yourself: "exiftool -v3 {file}",
    params: &[
        Param {
            key: "digitised_apart_s",
            unit: "s",
            default: 60.0,
            min: 2.0,
            max: 86_400.0,
            doc: StaticText {
                zh: "拍摄时间与数字化时间(以及厂商另记的时间)相差超过此值才算不同;越小越严。",
                en: "The times of capture and of digitising, and what the maker notes beside, differ if they are \
                     further apart; smaller is stricter.",
            },
            source: "measured on 212 originals: at most 2 s, but for a chip's fixed default; in notes and trailers of \
                 21 at most 3 s",
        },
        Param {
            key: "satellite_apart_s",
            unit: "s",
            default: 172_800.0,
            min: 86_400.0,
            max: 31_536_000.0,
            doc: StaticText {
                zh: "拍摄时间与卫星定位时间相差超过此值才算不同日;越小越严。",
                en: "The times of capture and of the satellites are days apart beyond this; smaller is stricter.",
            },
            source: "measured: of 67 originals with both none was a day apart; zones reach 14 h",
        },
        Param {
            key: "satellite_ahead_s",
            unit: "s",
            default: 120.0,
            min: 2.0,
            max: 86_400.0,
            doc: StaticText {
                zh: "写有时区的拍摄时间比卫星定位时间早于此值以上才算矛盾;越小越严。",
                en: "A time of capture with its zone contradicts the satellites if it is earlier by more; smaller is \
                     stricter.",
            },
            source: "measured: of 55 originals with zone and fix none was more than 1 s ahead; clock error of 120 s \
                 (research/forensics.md 2f)",
        },
        Param {
            key: "notes_moved_bytes",
            unit: "B",
            default: 16.0,
            min: 1.0,
            max: 65_535.0,
            doc: StaticText {
                zh: "厂商私有数据移动至少这么多字节才算移动;越小越严。",
                en: "The maker's notes count as moved from this many bytes on; smaller is stricter.",
            },
            source: "measured: originals of Canon are off by up to 12 bytes, moved notes by 18 and more",
        },
    ],
    judge,
};

fn judge(case: &Case<'_>) -> Ruling {
    let m = case.m;
    let make = m.device.make.as_deref().unwrap_or_default();
    let mut seen = Vec::new();
    if let Some(exif) = &m.exif {
        seen.extend(foreign_notes(exif, make));
        seen.extend(moved_notes(exif, case.limits.get("notes_moved_bytes")));
        seen.extend(laid_out_anew(case, exif, make));
    }
    seen.extend(contradictions::other_digitised(
        m,
        case.limits.get("digitised_apart_s"),
    ));
    let same_instant_s = case.limits.get("digitised_apart_s");
    seen.extend(contradictions::other_time_in_notes(m, same_instant_s));
    seen.extend(contradictions::other_time_in_trailer(m, same_instant_s));
    seen.extend(contradictions::other_thumbnail_time(m));
    seen.extend(contradictions::position_by_hand(m));
    seen.extend(contradictions::other_satellite_day(
        m,
        case.limits.get("satellite_apart_s"),
    ));
    seen.extend(contradictions::later_fix(
        m,
        case.limits.get("satellite_ahead_s"),
    ));
    seen.extend(contradictions::model_of_another_maker(m, make));
    seen.extend(by_windows(m, make));
    seen.extend(second_block(m));
    seen.extend(lost_pictures(m));
    if !seen.is_empty() {
        Ruling::Found(seen)
    } else if m.exif.is_none() {
        Ruling::NotApplicable
    } else {
        Ruling::Pass
    }
}

fn asks(zh: String, en: String) -> Seen {
    Seen::new(Level::Attention, Strength::Supporting, Text::new(zh, en)).asking_alone()
}

/// Notes in the form of a maker that Make does not name.
fn foreign_notes(exif: &Exif, make: &str) -> Option<Seen> {
    let notes = exif.maker_note.as_ref()?;
    let owners = notes.owners()?;
    let lower = make.to_lowercase();
    if lower.is_empty() || owners.iter().any(|owner| lower.contains(owner)) {
        return None;
    }
    let form = notes.form.as_deref().unwrap_or_default();
    Some(Seen::new(
        Level::Attention,
        Strength::Strong,
        Text::new(
            format!(
                "厂商私有数据是 {form} 的格式(“{}”),而文件称厂商为“{make}”。",
                notes.head
            ),
            format!(
                "The maker's notes are in the form of {form} (“{}”), and the file names “{make}” as its maker.",
                notes.head
            ),
        ),
    ))
}

fn moved_notes(exif: &Exif, limit_bytes: f64) -> Option<Seen> {
    let notes = exif.maker_note.as_ref()?;
    let moved = notes.moved_bytes?;
    // Some makers keep values before their notes; these forms do not.
    let is_told = matches!(
        notes.form.as_deref(),
        Some("canon" | "sony" | "panasonic" | "nikon" | "pentax" | "casio")
    );
    let distance = moved.unsigned_abs() as f64;
    if !is_told || notes.values_outside == 0 || distance < limit_bytes {
        return None;
    }
    let (outside, values) = (notes.values_outside, notes.values);
    let seen = asks(
        format!(
            "厂商私有数据被移动了 {moved} 字节而其中的指针没有更新({values} 个值中 {outside} 个落在私有数据之外):\
             EXIF 在拍摄后被重新写过。"
        ),
        format!(
            "The maker's notes were moved by {moved} bytes and their pointers were not ({outside} of {values} values \
             lie outside of them): EXIF was written anew after capture."
        ),
    );
    Some(Seen {
        measured: Some(moved as f64),
        limit: Some(limit_bytes),
        unit: "B",
        ..seen
    })
}

/// The manner of programs that build the block from what they read.
fn laid_out_anew(case: &Case<'_>, exif: &Exif, make: &str) -> Option<Seen> {
    let layout = exif.layout.as_ref()?;
    if case
        .exemplars
        .vouch_for_feature(case.m, Feature::ExifManner)
    {
        return None;
    }
    if layout.unlinked_directories > 0 {
        let count = layout.unlinked_directories;
        return Some(asks(
            format!(
                "EXIF 中有 {count} 个目录缺少指向下一目录的字段,这是个别改写程序(如 piexif)的写法,相机很少如此。"
            ),
            format!(
                "{count} directories of EXIF lack the pointer to the next one, the manner of some programs that \
                 rewrite it (such as piexif) and of hardly any camera."
            ),
        ));
    }
    // The originals looked at are JPEGs; phones pack the block of their HEIC.
    let is_jpeg = case
        .m
        .container
        .as_ref()
        .is_some_and(|container| container.format == "jpeg");
    if !is_jpeg || !layout.is_packed() {
        return None;
    }
    let Some(maker) = makers::of(make).filter(|maker| maker.never_packed) else {
        // A phone whose picture is written by a library has its EXIF from one
        // too: beside the library's tables this is no second sign.
        return Some(Seen::new(
            Level::Info,
            Strength::Information,
            Text::new(
                "EXIF 各部分依次紧密排列、毫无间隙,是改写程序的写法,少数相机也这样写。",
                "EXIF lies part by part without a gap, the manner of programs that rewrite it and of a few cameras.",
            ),
        ));
    };
    Some(asks(
        format!(
            "EXIF 各部分依次紧密排列、毫无间隙,是改写程序(如 ExifTool、exiv2)的写法;所见 {} 个型号 {} 张“{make}”原始照片\
             均不这样写。",
            maker.models, maker.files
        ),
        format!(
            "EXIF lies part by part without a gap, the manner of programs that rewrite it (such as ExifTool, exiv2); \
             none of {} originals of {} models of “{make}” was written so.",
            maker.files, maker.models
        ),
    ))
}

/// Room that Windows leaves, and its XMP packet.
fn by_windows(m: &Measurements, make: &str) -> Option<Seen> {
    // Phones with Windows are written so by their cameras.
    let make = make.to_lowercase();
    if make.starts_with("nokia") || make.starts_with("microsoft") {
        return None;
    }
    let layout = m.exif.as_ref().and_then(|e| e.layout.as_ref());
    let room = layout.and_then(|l| l.padding_tag_bytes);
    let packet = m.traces.iter().any(|t| {
        matches!(
            t.field.as_str(),
            "xmp.about" | "MicrosoftPhoto.Rating" | "MicrosoftPhoto.DateAcquired"
        )
    });
    match (room, packet) {
        (Some(bytes), _) => Some(asks(
            format!(
                "EXIF 中有 Windows 为以后修改预留的空间(标签 EA1C,{bytes} 字节):Windows 写过文件的属性。"
            ),
            format!(
                "EXIF holds the room that Windows leaves for later edits (tag EA1C, {bytes} bytes): Windows has \
                 written properties of the file."
            ),
        )),
        (None, true) => Some(asks(
            "文件带有 Windows 写入的 XMP 数据包:Windows 写过文件的属性。".to_owned(),
            "The file holds an XMP packet of Windows: it has written properties of the file."
                .to_owned(),
        )),
        (None, false) => None,
    }
}

fn second_block(m: &Measurements) -> Option<Seen> {
    let parts = m.container.as_ref()?.jpeg.as_ref()?;
    let blocks = parts.exif_blocks;
    (blocks > 1).then(|| {
        asks(
            format!("文件有 {blocks} 个 EXIF 数据块,后加的由其他程序写入。"),
            format!("The file holds {blocks} EXIF blocks; another program has added its own."),
        )
    })
}

/// Pictures that the maker's program listed and that are gone.
fn lost_pictures(m: &Measurements) -> Option<Seen> {
    let index = m.container.as_ref()?.jpeg.as_ref()?.index.as_ref()?;
    let expected = index.listed.checked_sub(1)?;
    (expected > 0 && index.found == 0).then(|| {
        asks(
            format!("文件索引列有 {expected} 幅附带画面(预览、深度图等),均已不在:文件在拍摄后被另存。"),
            format!(
                "The file's index lists {expected} further pictures (preview, depth map …); none is there any more: \
                 the file was saved anew after capture."
            ),
        )
    })
}

#[cfg(test)]
mod tests;
