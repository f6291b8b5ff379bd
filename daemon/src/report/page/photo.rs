//! What was measured of a photo, said plainly: the picture itself, only a
//! preview, or nothing; and the film inside a motion photo.

use unbroken_probes::measure::photo::{MeasuredIn, Photo};
use unbroken_probes::measurements::{Kind, Measurements};
use unbroken_probes::text::StaticText;

use super::t;

/// The rows of the table of facts.
pub(super) fn facts(m: &Measurements) -> Vec<(StaticText, String)> {
    let mut rows = Vec::new();
    if let Some(photo) = &m.photo {
        rows.push((t("画面", "Picture"), picture(photo)));
    }
    if let Some(film) = &m.film {
        rows.push((
            t("内嵌短片(动态照片)", "Film inside (motion photo)"),
            told(film),
        ));
    }
    rows
}

fn picture(photo: &Photo) -> String {
    let sides = |width: Option<u32>, height: Option<u32>| match width.zip(height) {
        Some((width, height)) => format!("{width}×{height}"),
        None => "?".to_owned(),
    };
    let own = sides(photo.width_px, photo.height_px);
    let preview = sides(photo.preview_width_px, photo.preview_height_px);
    let (zh, en) = said(photo).unwrap_or((
        "按照片本身检测".to_owned(),
        "the picture itself was measured".to_owned(),
    ));
    let shown = match photo.measured_in {
        MeasuredIn::Preview => format!("{own} px,预览 preview {preview} px"),
        MeasuredIn::Picture | MeasuredIn::Nothing => format!("{own} px"),
    };
    format!("{shown};{zh} {en}")
}

/// What the answer rests on, if not on the picture itself, in both languages.
pub(super) fn not_the_picture(m: &Measurements) -> Option<(String, String)> {
    said(m.photo.as_ref()?)
}

fn said(photo: &Photo) -> Option<(String, String)> {
    let (zh, en) = match (photo.measured_in, photo.raw) {
        (MeasuredIn::Picture, _) => return None,
        (MeasuredIn::Preview, true) => (
            "相机原始数据(raw)不显影,所示只是文件内的预览图,照片本身无法判断",
            "raw data are not developed: what is shown is only the preview in the file, and the photo \
             itself cannot be judged",
        ),
        (MeasuredIn::Preview, false) => (
            "画面无法解码,所示只是文件内的预览图,照片本身无法判断",
            "the picture cannot be decoded: what is shown is only the preview in the file, and the photo \
             itself cannot be judged",
        ),
        (MeasuredIn::Nothing, _) => (
            "画面未能检测,无法判断",
            "the picture was not measured and cannot be judged",
        ),
    };
    Some((zh.to_owned(), en.to_owned()))
}

fn told(film: &Measurements) -> String {
    if film.kind != Kind::Video {
        return "无法按视频读取 it cannot be read as a video".to_owned();
    }
    let length = film.video.as_ref().map(|video| video.duration_s);
    let length = length.or_else(|| film.container.as_ref()?.duration_s);
    let picture = film.tracks.iter().find(|t| t.medium == "video");
    let size = picture.and_then(|t| t.width_px.zip(t.height_px));
    let mut parts = Vec::new();
    if let Some(length_s) = length {
        parts.push(format!("{length_s:.1} s"));
    }
    if let Some((width, height)) = size {
        parts.push(format!("{width}×{height} px"));
    }
    parts.push(match film.audio {
        Some(_) => "有声 with sound".to_owned(),
        None => "无声 without sound".to_owned(),
    });
    let (frames, errors) = (film.decoding.frames, film.decoding.errors);
    parts.push(format!(
        "解码 {frames} 幅,出错 {errors} 处 {frames} pictures decoded, {errors} errors"
    ));
    parts.join(",")
}

#[cfg(test)]
mod tests {
    use unbroken_probes::measure::video::Video;
    use unbroken_probes::measurements::Track;

    use super::*;

    fn rows(m: &Measurements) -> String {
        let rows = facts(m).into_iter().map(|(_, value)| value);
        rows.collect::<Vec<_>>().join("|")
    }

    fn photo(measured_in: MeasuredIn, raw: bool) -> Measurements {
        Measurements {
            photo: Some(Photo {
                width_px: Some(4000),
                height_px: Some(3000),
                preview_width_px: Some(1616),
                preview_height_px: Some(1080),
                measured_in,
                raw,
                ..Photo::default()
            }),
            ..Measurements::default()
        }
    }

    #[test]
    fn a_preview_is_called_one_and_what_was_not_measured_cannot_be_judged() {
        let own = rows(&photo(MeasuredIn::Picture, false));
        assert!(own.contains("4000×3000") && !own.contains("预览"), "{own}");
        for raw in [true, false] {
            let shown = rows(&photo(MeasuredIn::Preview, raw));
            assert!(shown.contains("1616×1080") && shown.contains("cannot be judged"));
            assert_eq!(shown.contains("raw"), raw);
        }
        assert!(rows(&photo(MeasuredIn::Nothing, false)).contains("无法判断"));
        assert_eq!(not_the_picture(&photo(MeasuredIn::Picture, true)), None);
        let note = not_the_picture(&photo(MeasuredIn::Preview, true)).unwrap();
        assert!(note.0.contains("预览") && note.1.contains("preview"));
        assert!(rows(&Measurements::default()).is_empty());
    }

    #[test]
    fn a_film_inside_is_named_with_its_length() {
        let film = Measurements {
            kind: Kind::Video,
            tracks: vec![Track {
                medium: "video".to_owned(),
                width_px: Some(1024),
                height_px: Some(768),
                ..Track::default()
            }],
            video: Some(Video {
                duration_s: 2.5,
                ..Video::default()
            }),
            ..Measurements::default()
        };
        let mut m = photo(MeasuredIn::Picture, false);
        m.film = Some(Box::new(film));
        assert!(rows(&m).contains("2.5 s,1024×768 px,无声"), "{}", rows(&m));
        m.film = Some(Box::default());
        assert!(rows(&m).contains("无法按视频读取"));
    }
}
