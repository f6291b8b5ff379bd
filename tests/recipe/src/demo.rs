//! The demo's set, dropped into a share as a team would: photos and clips sharp
//! and blurred, cut and uncut, late and on time, a truncated clip, a text file
//! that says it is a photo.

use std::fs;
use std::path::{Path, PathBuf};

use chrono::{DateTime, FixedOffset, TimeDelta, Utc};

use crate::clip::{self, Scene};
use crate::exif::Exif;
use crate::photo::{blurred, jpeg, scene};

/// Makes the set outside the share, as recorded at `now` or before, and copies
/// each file in. Returns how many.
pub fn drop_into(share: &Path, now: DateTime<Utc>) -> Result<u32, String> {
    let workshop = tempfile::tempdir().map_err(|e| format!("no temporary folder: {e}"))?;
    let made = workshop.path();
    let case = share.join("YW2026040001_示例检测公司");
    let mut count = 0;
    let mut put = |made: &Path, folder: &Path| -> Result<(), String> {
        fs::create_dir_all(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        let name = made.file_name().ok_or("no file name")?;
        fs::copy(made, folder.join(name)).map_err(|e| format!("{}: {e}", made.display()))?;
        count += 1;
        Ok(())
    };
    let write = |name: &str, bytes: &[u8]| -> Result<PathBuf, String> {
        let path = made.join(name);
        fs::write(&path, bytes).map_err(|e| format!("{}: {e}", path.display()))?;
        Ok(path)
    };

    let hour_ago = now - TimeDelta::hours(1);
    let sharp = scene(1, 2400, 1600);
    put(
        &write("IMG_0001.JPG", &photo(&sharp, hour_ago)?)?,
        &case.join("01进入现场"),
    )?;
    let meeting = scene(2, 2400, 1600);
    put(
        &write("IMG_0002.JPG", &photo(&meeting, hour_ago)?)?,
        &case.join("02首次会议"),
    )?;
    let soft = blurred(&scene(3, 2400, 1600), 14.0);
    put(
        &write("IMG_0003.JPG", &photo(&soft, hour_ago)?)?,
        &case.join("02首次会议"),
    )?;
    let late = scene(4, 2400, 1600);
    let long_ago = now - TimeDelta::hours(40);
    put(
        &write("IMG_0004.JPG", &photo(&late, long_ago)?)?,
        &case.join("04现场试验考核"),
    )?;
    put(
        &write("IMG_0005.JPG", b"This is no photo. It only says so.\n")?,
        &case.join("06末次会议"),
    )?;
    put(
        &write("IMG_0006.JPG", &photo(&scene(5, 2400, 1600), hour_ago)?)?,
        &share.join("_待认领"),
    )?;
    // The very bytes of the first one again, in another node.
    put(
        &write("IMG_0001.JPG", &photo(&sharp, hour_ago)?)?,
        &case.join("06末次会议"),
    )?;

    let notice = share.join("沪监通[2026]0012号").join("07风险监控(如有)");
    let uncut = made.join("VID_0001.mp4");
    clip::film(Scene::Card, 12.0, hour_ago, &uncut)?;
    let trimmed = made.join("VID_0002.mp4");
    clip::trimmed(&uncut, 3.3, 6.0, &trimmed)?;
    let whole = fs::read(&uncut).map_err(|e| format!("{}: {e}", uncut.display()))?;
    let cut_off = whole.get(..whole.len() * 2 / 3).unwrap_or(&whole);
    put(&write("VID_0003.mp4", cut_off)?, &notice)?;
    put(&uncut, &notice)?;
    put(&trimmed, &notice)?;
    let joined = made.join("VID_0004.mp4");
    clip::joined(5.0, 5.0, &joined)?;
    put(&joined, &notice)?;
    let frozen = made.join("VID_0005.mp4");
    clip::frozen(14.0, 4.0, 6.0, &frozen)?;
    put(&frozen, &notice)?;
    Ok(count)
}

fn photo(picture: &image::RgbImage, taken: DateTime<Utc>) -> Result<Vec<u8>, String> {
    let shanghai = FixedOffset::east_opt(8 * 3600).ok_or("no zone")?;
    let exif = Exif {
        make: "Recipe".to_owned(),
        model: "Demo".to_owned(),
        taken: taken.with_timezone(&shanghai),
        with_offset: true,
    };
    jpeg(picture, 92)
        .map(|bytes| exif.insert(&bytes))
        .map_err(|e| e.to_string())
}
