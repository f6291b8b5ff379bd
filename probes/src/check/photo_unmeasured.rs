//! Why the pixels of a photo were not measured, in the words of every check
//! that needs them.

use crate::check::Ruling;
use crate::measure::photo::MeasuredIn;
use crate::measurements::Measurements;
use crate::text::Text;

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
