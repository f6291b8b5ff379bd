//! The recipes for recordings: one known fault, or one innocent peculiarity.

use std::fs;
use std::path::{Path, PathBuf};

use unbroken_recipe::clip::ffmpeg;

use super::kitchen::Kitchen;
use super::source::{LENGTH_MIN_S, Source};
use super::truth::{Fault, Truth};

/// Counts as part of every recipe: raised when one changes its meaning without
/// changing its words.
const EDITION: &str = "1";

/// How long and how large the cases are.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Longest case, in seconds.
    pub length_max_s: f64,
    /// Longest side of a picture that is encoded anew, in pixels.
    pub side_max_px: u32,
}

/// One file whose truth is known.
#[derive(Clone, Debug)]
pub struct Case {
    /// Which source it was made from.
    pub source: usize,
    /// The recipe's name; one row of the table.
    pub recipe: String,
    /// The file.
    pub file: PathBuf,
    /// What was done to it.
    pub truth: Vec<Truth>,
    /// True if other tools that look at pictures are asked as well.
    pub pictures: bool,
}

/// What a recipe says before the file is made.
struct Recipe {
    name: String,
    ending: &'static str,
    truth: Vec<Truth>,
    pictures: bool,
    how: How,
}

/// How the file is made.
enum How {
    /// Arguments of `ffmpeg` between its first input and its output.
    Once(Vec<String>),
    /// Parts of the source by stream copy, from and to in seconds, joined by
    /// stream copy.
    Parts(Vec<(f64, f64)>),
    /// The first share of the source's bytes.
    Bytes(f64),
}

/// Every case of `source`, those that could not be made with the reason. The
/// other source lends the pictures that are inserted.
pub fn cases(
    kitchen: &Kitchen,
    bounds: Bounds,
    sources: &[Source],
    place: usize,
) -> Vec<Result<Case, String>> {
    let Some(source) = sources.get(place) else {
        return Vec::new();
    };
    let untouched = Case {
        source: place,
        recipe: "untouched".to_owned(),
        file: source.path.clone(),
        truth: Vec::new(),
        pictures: false,
    };
    let mut made = vec![Ok(untouched)];
    if source.duration_s < LENGTH_MIN_S {
        return made;
    }
    let other = (1..sources.len())
        .filter_map(|step| sources.get((place + step) % sources.len()))
        .find(|s| s.duration_s >= LENGTH_MIN_S && s.digest != source.digest);
    let mut recipes = pictures(source, bounds);
    recipes.extend(
        other
            .map(|other| foreign(source, other, bounds))
            .into_iter()
            .flatten(),
    );
    recipes.extend(encoded(source, bounds));
    recipes.extend(copied(source));
    made.extend(recipes.into_iter().map(|recipe| {
        let file = cook(kitchen, source, &recipe)
            .map_err(|why| format!("{} of {}: {why}", recipe.name, source.name))?;
        Ok(Case {
            source: place,
            recipe: recipe.name,
            file,
            truth: recipe.truth,
            pictures: recipe.pictures,
        })
    }));
    made
}

fn cook(kitchen: &Kitchen, source: &Source, recipe: &Recipe) -> Result<PathBuf, String> {
    let ending = match recipe.ending {
        "" => source.ending(),
        ending => ending,
    };
    let path = source.path.to_str().ok_or("the path is no UTF-8")?;
    let words = match &recipe.how {
        How::Once(arguments) => arguments.join(" "),
        How::Parts(parts) => format!("{parts:?}"),
        How::Bytes(share) => format!("{share}"),
    };
    let of = [EDITION, &source.digest, &recipe.name, &words];
    kitchen.made(&of, ending, |to| match &recipe.how {
        How::Once(arguments) => {
            let all: Vec<&str> = ["-i", path]
                .into_iter()
                .chain(arguments.iter().map(String::as_str))
                .collect();
            ffmpeg(&all, to)
        }
        How::Parts(parts) => join(path, parts, to),
        How::Bytes(share) => {
            let bytes = fs::read(&source.path).map_err(|e| e.to_string())?;
            let kept = (bytes.len() as f64 * share) as usize;
            fs::write(to, bytes.get(..kept).unwrap_or(&bytes)).map_err(|e| e.to_string())
        }
    })
}

/// Copies the parts into files of their own and joins those, as a person with
/// `ffmpeg` would.
fn join(path: &str, parts: &[(f64, f64)], to: &Path) -> Result<(), String> {
    let ending = to.extension().and_then(|e| e.to_str()).unwrap_or("mp4");
    let mut list = String::new();
    let mut files = Vec::new();
    for (n, (start_s, end_s)) in parts.iter().enumerate() {
        let file = to.with_extension(format!("{n}.{ending}"));
        let (start, length) = (start_s.to_string(), (end_s - start_s).to_string());
        ffmpeg(
            &["-ss", &start, "-t", &length, "-i", path, "-c", "copy"],
            &file,
        )?;
        list.push_str(&format!("file '{}'\n", file.display()));
        files.push(file);
    }
    let names = to.with_extension("list");
    fs::write(&names, list).map_err(|e| e.to_string())?;
    files.push(names.clone());
    let named = names.to_string_lossy().into_owned();
    let joined = ffmpeg(
        &["-f", "concat", "-safe", "0", "-i", &named, "-c", "copy"],
        to,
    );
    for file in files {
        fs::remove_file(&file).map_err(|e| format!("{}: {e}", file.display()))?;
    }
    joined
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

/// The first seconds of the source at its own rate, no larger than allowed.
fn base(source: &Source, bounds: Bounds) -> (f64, String) {
    let length_s = source.duration_s.min(bounds.length_max_s);
    let side = bounds.side_max_px;
    let rate = rate(source);
    let chain = format!(
        "scale='if(gte(iw,ih),min(iw,{side}),-2)':'if(gte(iw,ih),-2,min(ih,{side}))',\
         setsar=1,fps={rate:.4},trim=duration={length_s:.3},setpts=PTS-STARTPTS"
    );
    (length_s, chain)
}

/// A source that claims an absurd rate is taken at the usual one.
fn rate(source: &Source) -> f64 {
    source.rate_fps.clamp(5.0, 60.0)
}

const X264: &str = "-c:v libx264 -preset veryfast -crf 21 -pix_fmt yuv420p";

/// Faults and peculiarities of pictures, each in the middle of an encode anew.
fn pictures(source: &Source, bounds: Bounds) -> Vec<Recipe> {
    let (length_s, base) = base(source, bounds);
    let fps = rate(source);
    let frame = |s: f64| (s * fps).round();
    // On the grid of pictures, so that the truth is exact.
    let middle = frame(length_s / 2.0);
    let m = middle / fps;
    let mut recipes = Vec::new();
    let mut add = |name: String, filter: String, truth: Option<Truth>| {
        recipes.push(Recipe {
            name,
            ending: "mp4",
            truth: truth
                .into_iter()
                .chain([Truth::whole(Fault::Reencoded)])
                .collect(),
            pictures: true,
            how: How::Once(
                words("-an -vf")
                    .into_iter()
                    .chain([format!("{base}{filter}")])
                    .chain(words(X264))
                    .collect(),
            ),
        });
    };
    let between = |start_s: f64, end_s: f64| format!("enable='between(t,{start_s:.4},{end_s:.4})'");

    add("plain".into(), String::new(), None);
    let pan_s = 0.4;
    add(
        "whip_pan".into(),
        format!(
            ",crop=w=trunc(iw/4)*2:h=ih:y=0:x='(iw/2)*clip((t-{m:.4})/{pan_s},0,1)',\
             avgblur=sizeX=15:sizeY=1:{}",
            between(m, m + pan_s)
        ),
        None,
    );
    add(
        "flash".into(),
        format!(",eq=brightness=0.5:{}", between(m, m + 1.2 / fps)),
        None,
    );
    add(
        "exposure_jump".into(),
        format!(",eq=brightness='0.18*clip((t-{m:.4})/0.15,0,1)':eval=frame"),
        None,
    );
    add(
        "autofocus_breath".into(),
        format!(
            ",gblur=sigma=2:{},gblur=sigma=4:{}",
            between(m, m + 0.9),
            between(m + 0.25, m + 0.65)
        ),
        None,
    );
    add(
        "still_scene_with_noise".into(),
        format!(
            ",trim=end_frame=1,loop=loop={}:size=1,setpts=N/{fps:.4}/TB,noise=alls=7:allf=t",
            frame(length_s)
        ),
        None,
    );
    for d in [0.5, 1.0, 5.0] {
        // Enough of the shot remains on both sides to know it again.
        let from = frame((length_s - d) / 2.0);
        if from / fps >= 1.5 {
            add(
                format!("jump_cut_{d}s"),
                format!(
                    ",select='not(between(n,{from},{}))',setpts=N/{fps:.4}/TB",
                    from + frame(d) - 1.0
                ),
                Some(Truth::at(Fault::JumpCut, from / fps, from / fps)),
            );
        }
    }
    for d in [0.5, 1.0, 3.0] {
        if m + d < length_s - 0.3 {
            let count = frame(d);
            // The pictures of that time are lost and the last one is shown on.
            add(
                format!("freeze_{d}s"),
                format!(
                    ",select='not(between(n,{middle},{}))',fps={fps:.4}",
                    middle + count - 1.0
                ),
                Some(Truth::at(Fault::Frozen, m, m + d)),
            );
        }
    }
    add(
        "duplicate_frames".into(),
        format!(",select='mod(n,7)*mod(n+3,11)',fps={fps:.4}"),
        Some(Truth::whole(Fault::Repeated)),
    );
    for (name, d) in [("black_0.5s", 0.5), ("black_3s", 3.0)] {
        add(
            name.into(),
            format!(
                ",drawbox=color=black:t=fill:{},noise=alls=3:allf=t",
                between(m - d / 2.0, m + d / 2.0)
            ),
            Some(Truth::at(Fault::Black, m - d / 2.0, m + d / 2.0)),
        );
    }
    let d = (length_s - 1.0).min(6.0);
    let (from, to) = (m - d / 2.0, m + d / 2.0);
    add(
        format!("covered_{d:.0}s"),
        format!(
            ",lutyuv=y='70+(val-128)*0.01':u=122:v=140:{},noise=alls=4:allf=t",
            between(from, to)
        ),
        Some(Truth::at(Fault::Covered, from, to)),
    );
    let d = (length_s - 1.0).min(4.0);
    let (from, to) = (m - d / 2.0, m + d / 2.0);
    for sigma in [2, 4, 8] {
        // Relative to the decision scale's 1024 pixels.
        let side = source
            .width_px
            .max(source.height_px)
            .min(bounds.side_max_px);
        let radius = f64::from(sigma) * f64::from(side) / 1024.0;
        add(
            format!("blur_sigma_{sigma}px"),
            format!(",gblur=sigma={radius:.2}:{}", between(from, to)),
            Some(Truth::at(Fault::Blurred, from, to)),
        );
    }
    for d in [1.0, 3.0] {
        if m + d < length_s - 0.3 {
            recipes.push(Recipe {
                name: format!("gap_{d}s"),
                ending: "mp4",
                truth: vec![
                    Truth::at(Fault::Gap, m, m + d),
                    Truth::whole(Fault::Reencoded),
                ],
                pictures: false,
                how: How::Once(
                    words("-an -vsync vfr -vf")
                        .into_iter()
                        .chain([format!(
                            "{base},select='not(between(n,{middle},{}))'",
                            middle + frame(d) - 1.0
                        )])
                        .chain(words(X264))
                        .collect(),
                ),
            });
        }
    }
    recipes
}

/// Pictures of another camera, after this one's or within them.
fn foreign(source: &Source, other: &Source, bounds: Bounds) -> Vec<Recipe> {
    let (length_s, base) = base(source, bounds);
    let fps = rate(source);
    let m = (length_s / 2.0 * fps).round() / fps;
    let side = source.width_px.max(source.height_px);
    let shrink = f64::from(bounds.side_max_px.min(side)) / f64::from(side);
    let even = |px: u32| ((f64::from(px) * shrink / 2.0).round() * 2.0) as u32;
    let (w, h) = (even(source.width_px), even(source.height_px));
    let fit = format!("fps={fps:.4},scale={w}:{h},setsar=1,format=yuv420p");
    let make = |name: String, length_s: Option<f64>, truth: Vec<Truth>| {
        let end = |s: f64| format!("trim=duration={s:.4},setpts=PTS-STARTPTS");
        let graph = match length_s {
            None => format!(
                "[0:v]{base},{fit},{}[a];[1:v]{fit},{}[b];[a][b]concat=n=2:v=1[v]",
                end(m),
                end(m)
            ),
            Some(d) => format!(
                "[0:v]{base},{fit},split[x][y];[x]{}[a];[1:v]{fit},{}[b];\
                 [y]trim=start={m:.4},setpts=PTS-STARTPTS[c];[a][b][c]concat=n=3:v=1[v]",
                end(m),
                end(d)
            ),
        };
        let second = other.path.to_string_lossy().into_owned();
        Recipe {
            name,
            ending: "mp4",
            truth: truth
                .into_iter()
                .chain([Truth::whole(Fault::Reencoded)])
                .collect(),
            pictures: true,
            how: How::Once(
                ["-i".to_owned(), second, "-filter_complex".to_owned(), graph]
                    .into_iter()
                    .chain(words("-map [v] -an"))
                    .chain(words(X264))
                    .collect(),
            ),
        }
    };
    let mut recipes = vec![make(
        "hard_cut".to_owned(),
        None,
        vec![Truth::at(Fault::HardCut, m, m)],
    )];
    for d in [1.0, 3.0] {
        let truth = vec![Truth::at(Fault::Inserted, m, m + d)];
        recipes.push(make(format!("insert_{d}s"), Some(d), truth));
    }
    recipes
}

/// The whole clip decoded and encoded anew.
fn encoded(source: &Source, bounds: Bounds) -> Vec<Recipe> {
    let (_, base) = base(source, bounds);
    let codecs = [
        ("x264_crf18", "mp4", "-c:v libx264 -preset veryfast -crf 18"),
        ("x264_crf28", "mp4", "-c:v libx264 -preset veryfast -crf 28"),
        (
            "x265_crf24",
            "mp4",
            "-c:v libx265 -preset ultrafast -crf 24 -x265-params log-level=none",
        ),
        (
            "x265_crf32",
            "mp4",
            "-c:v libx265 -preset ultrafast -crf 32 -x265-params log-level=none",
        ),
        ("mpeg4_q3", "mp4", "-c:v mpeg4 -q:v 3"),
        ("mpeg4_q8", "avi", "-c:v mpeg4 -q:v 8"),
        ("mjpeg_q4", "avi", "-c:v mjpeg -q:v 4"),
        ("mjpeg_q10", "mov", "-c:v mjpeg -q:v 10"),
        (
            "vp9_crf34",
            "webm",
            "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -crf 34 -b:v 0",
        ),
    ];
    codecs
        .into_iter()
        .map(|(name, ending, codec)| Recipe {
            name: format!("reencode_{name}"),
            ending,
            truth: vec![Truth::whole(Fault::Reencoded)],
            pictures: false,
            how: How::Once(
                words("-an -vf")
                    .into_iter()
                    .chain([base.clone()])
                    .chain(words("-pix_fmt"))
                    .chain(words(if name.starts_with("mjpeg") {
                        "yuvj420p"
                    } else {
                        "yuv420p"
                    }))
                    .chain(words(codec))
                    .collect(),
            ),
        })
        .collect()
}

/// Packets copied, not one decoded.
fn copied(source: &Source) -> Vec<Recipe> {
    let end_s = source.duration_s;
    let copy = |name: &str, ending: &'static str, arguments: String, fault: Fault| Recipe {
        name: name.to_owned(),
        ending,
        truth: vec![Truth::whole(fault)],
        pictures: false,
        how: How::Once(words(&arguments)),
    };
    let mut recipes = vec![
        copy(
            "trim_start_copied",
            "",
            format!("-ss {:.3} -c copy", end_s * 0.3),
            Fault::Trimmed,
        ),
        copy(
            "trim_end_copied",
            "",
            format!("-t {:.3} -c copy", end_s * 0.6),
            Fault::Trimmed,
        ),
    ];
    for (name, ending) in [
        ("remux_mp4", "mp4"),
        ("remux_mov", "mov"),
        ("remux_mkv", "mkv"),
        ("remux_ts", "ts"),
    ] {
        recipes.push(copy(
            name,
            ending,
            "-map 0:v:0 -map 0:a? -c copy".to_owned(),
            Fault::Remuxed,
        ));
    }
    let at = (end_s * source.rate_fps * 0.5).round();
    recipes.push(copy(
        "packets_dropped",
        "",
        format!("-c copy -bsf:v noise=drop=between(n\\,{at}\\,{})", at + 7.0),
        Fault::Dropped,
    ));
    let mut parts = |name: &str, parts: Vec<(f64, f64)>, fault: Fault| {
        recipes.push(Recipe {
            name: name.to_owned(),
            ending: "",
            truth: vec![Truth::whole(fault)],
            pictures: false,
            how: How::Parts(parts),
        });
    };
    parts(
        "join_copied",
        vec![(0.0, end_s), (0.0, end_s)],
        Fault::Joined,
    );
    // One whole group goes, neither the first nor the last.
    if let [_, .., from_s, to_s] = source.keys_s[..] {
        let name = if source.has_sound {
            "groups_deleted_with_sound"
        } else {
            "groups_deleted_without_sound"
        };
        parts(
            name,
            vec![(0.0, from_s), (to_s, end_s)],
            Fault::GroupsDeleted,
        );
        if source.has_sound {
            recipes.push(silent_deletion(from_s, to_s));
        }
    }
    recipes.push(Recipe {
        name: "end_missing".to_owned(),
        ending: "",
        truth: vec![Truth::whole(Fault::Truncated)],
        pictures: false,
        how: How::Bytes(0.6),
    });
    recipes
}

/// A group of a recording without its sound: dropped by the time of its
/// packets, and what follows moved up.
fn silent_deletion(from_s: f64, to_s: f64) -> Recipe {
    let (from, length) = (from_s, to_s - from_s);
    let inside = format!("gte(pts*tb\\,{from:.4})*lt(pts*tb\\,{to_s:.4})");
    let moved =
        |stamp: &str| format!("if(gte({stamp}*TB\\,{to_s:.4})\\,{stamp}-{length:.6}/TB\\,{stamp})");
    Recipe {
        name: "groups_deleted_without_sound".to_owned(),
        ending: "",
        truth: vec![Truth::whole(Fault::GroupsDeleted)],
        pictures: false,
        how: How::Once(vec![
            "-an".to_owned(),
            "-c".to_owned(),
            "copy".to_owned(),
            "-bsf:v".to_owned(),
            format!(
                "noise=drop={inside},setts=pts={}:dts={}",
                moved("PTS"),
                moved("DTS")
            ),
        ]),
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use unbroken_recipe::clip::{Scene, film};

    use super::*;

    #[test]
    fn a_recipe_does_what_its_truth_says() {
        let dir = tempfile::tempdir().unwrap();
        let kitchen = Kitchen::open(dir.path()).unwrap();
        let file = dir.path().join("film.mp4");
        film(Scene::Life, 5.0, DateTime::UNIX_EPOCH, &file).unwrap();
        let source = Source::read(&file, true).unwrap();
        assert_eq!((source.keys_s.len(), source.has_sound), (5, true));
        let bounds = Bounds {
            length_max_s: 5.0,
            side_max_px: 160,
        };
        let recipes: Vec<Recipe> = pictures(&source, bounds)
            .into_iter()
            .chain(copied(&source))
            .collect();
        // Lengths in pictures at 25 a second: 125 in the source.
        for (name, pictures, size) in [
            ("plain", 125.0, (160, 90)),
            ("jump_cut_1s", 100.0, (160, 90)),
            ("freeze_1s", 125.0, (160, 90)),
            ("join_copied", 250.0, (640, 360)),
            ("groups_deleted_without_sound", 100.0, (640, 360)),
        ] {
            let recipe = recipes.iter().find(|r| r.name == name).unwrap();
            let made = Source::read(&cook(&kitchen, &source, recipe).unwrap(), false).unwrap();
            let found = (made.duration_s * 25.0).round();
            assert!((found - pictures).abs() <= 1.0, "{name}: {found} pictures");
            assert_eq!((made.width_px, made.height_px), size, "{name}");
        }
    }
}
