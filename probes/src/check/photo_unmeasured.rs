//! Why the pixels of a photo were not measured, in the words of every check
//! that needs them.

use crate::check::Ruling;
use crate::measure::photo::MeasuredIn;
use crate::measurements::Measurements;
use crate::text::Text;

/// For a check whose measurement is absent: why it is, if that lies in the decoding;
/// otherwise the photo has nothing that the check looks at, or the measurements
/// are of before the instrument was there.
pub(crate) fn absent(m: &Measurements, instrument: &str) -> Ruling {
    let own = m.not_run.iter().find(|n| n.instrument == instrument);
    let measured_in = m.photo.as_ref().map(|photo| photo.measured_in);
    match (own, measured_in) {
        (_, Some(MeasuredIn::Preview)) => not_measured(m),
        (None, _) => Ruling::NotApplicable,
        (Some(own), Some(MeasuredIn::Picture)) => Ruling::NotRun(Text::new(
            format!("照片的画面未能完整解码({}),此项未检查。", own.why),
            format!(
                "The picture could not be wholly decoded ({}), so this was not checked.",
                own.why
            ),
        )),
        (Some(_), _) => not_measured(m),
    }
}

/// Nothing is said of a photo whose own pixels were not measured: a preview is
/// another picture.
pub(crate) fn not_measured(m: &Measurements) -> Ruling {
    let photo = m.photo.as_ref();
    let of_pixels = m.not_run.iter().find(|n| n.instrument == "sharpness");
    let why = of_pixels.map_or("", |n| n.why.as_str());
    let size = photo.and_then(|p| p.preview_width_px.zip(p.preview_height_px));
    let preview = match (photo.map(|p| p.measured_in), size) {
        (Some(MeasuredIn::Preview), Some((width, height))) => Text::new(
            format!(";文件内有{width}×{height}像素的预览图,只供查看,不代表照片本身"),
            format!(
                ". The file holds a preview of {width}×{height} pixels, which is shown and says nothing of \
                 the photo itself"
            ),
        ),
        _ => Text::default(),
    };
    let is_raw = photo.is_some_and(|p| p.raw);
    let (zh, en) = if is_raw {
        (
            "照片是相机原始数据(raw),本软件不对其显影,无法判断清晰度和曝光".to_owned(),
            "The photo is a camera's raw data, which are not developed here, so sharpness and exposure \
             cannot be judged"
                .to_owned(),
        )
    } else if why.is_empty() {
        (
            "照片的画面未经测量".to_owned(),
            "The picture was not measured".to_owned(),
        )
    } else {
        (
            format!("照片的画面无法解码({why})"),
            format!("The picture could not be decoded ({why})"),
        )
    };
    Ruling::NotRun(Text::new(
        format!("{zh}{}。请由人工查看。", preview.zh),
        format!("{en}{}. A person should look.", preview.en),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::photo::Photo;
    use crate::measurements::NotRun;

    fn said(photo: Photo, why: Option<&str>) -> Text {
        let not_run = why.map(|why| NotRun {
            instrument: "sharpness".to_owned(),
            why: why.to_owned(),
        });
        let m = Measurements {
            photo: Some(photo),
            not_run: not_run.into_iter().collect(),
            ..Measurements::default()
        };
        match not_measured(&m) {
            Ruling::NotRun(text) => text,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_absent_measurement_says_whether_decoding_is_why() {
        let in_picture = |measured_in| Photo {
            measured_in,
            ..Photo::default()
        };
        let with = |measured_in, left_out: &[&str]| {
            let not_run = left_out.iter().map(|name| NotRun {
                instrument: (*name).to_owned(),
                why: "57 %".to_owned(),
            });
            let m = Measurements {
                photo: Some(in_picture(measured_in)),
                not_run: not_run.collect(),
                ..Measurements::default()
            };
            absent(&m, "moire")
        };
        assert_eq!(
            with(MeasuredIn::Picture, &["jpeg_grid"]),
            Ruling::NotApplicable
        );
        let Ruling::NotRun(partly) = with(MeasuredIn::Picture, &["moire"]) else {
            panic!("not told")
        };
        assert!(partly.en.contains("57 %") && partly.zh.contains("57 %"));
        let broken = with(MeasuredIn::Nothing, &["sharpness", "moire"]);
        assert!(matches!(broken, Ruling::NotRun(text) if text.en.contains("57 %")));
        let preview = with(MeasuredIn::Preview, &[]);
        assert!(matches!(preview, Ruling::NotRun(_)));
    }

    #[test]
    fn the_reason_and_the_preview_are_named() {
        let preview = Photo {
            measured_in: MeasuredIn::Preview,
            preview_width_px: Some(160),
            preview_height_px: Some(120),
            ..Photo::default()
        };
        let broken = said(preview.clone(), Some("no frame"));
        assert!(broken.zh.contains("no frame") && broken.zh.contains("160×120"));
        assert!(broken.en.contains("no frame") && broken.en.contains("160×120"));
        let raw = Photo {
            raw: true,
            ..preview
        };
        let raw = said(raw, Some("raw"));
        assert!(raw.zh.contains("raw") && raw.zh.contains("预览"));
        let plain = said(Photo::default(), None);
        assert!(!plain.zh.contains("预览") && !plain.en.contains("preview"));
    }
}
