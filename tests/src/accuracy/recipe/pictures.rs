//! Faults and peculiarities of pictures, each in the middle of an encode anew.

use super::{Bounds, How, Recipe, X264, base, rate, words};
use crate::accuracy::source::Source;
use crate::accuracy::truth::{Fault, Truth};
use crate::accuracy::views::Views;

/// Below this difference of the pictures on either side, in grey levels, a
/// piece left out of a shot counts as one of a still scene: there may be
/// nothing to see.
pub const STILL_LEVELS: f64 = 4.0;
/// Enough of the shot remains on both sides of a cut to know it again.
const AROUND_CUT_S: f64 = 1.5;

/// What every recipe of a source is made from.
struct Table<'a> {
    source: &'a Source,
    bounds: Bounds,
    length_s: f64,
    fps: f64,
    base: String,
}

/// Every recipe of this kind.
pub fn recipes(source: &Source, bounds: Bounds) -> Result<Vec<Recipe>, String> {
    let (length_s, base) = base(source, bounds);
    let table = Table {
        source,
        bounds,
        length_s,
        fps: rate(source),
        base,
    };
    let views = Views::read(source, &table.base)?;
    let mut recipes = table.innocent();
    recipes.extend(table.jumps(&views));
    recipes.extend(table.still());
    recipes.extend(table.dark());
    recipes.extend(table.blurred());
    recipes.extend(table.blocky());
    recipes.extend(table.gaps());
    Ok(recipes)
}

fn enable(start_s: f64, end_s: f64) -> String {
    format!("enable='between(t,{start_s:.4},{end_s:.4})'")
}

impl Table<'_> {
    fn frame(&self, s: f64) -> f64 {
        (s * self.fps).round()
    }

    /// The middle on the grid of pictures, so that the truth is exact.
    fn middle_s(&self) -> f64 {
        self.frame(self.length_s / 2.0) / self.fps
    }

    fn recipe(&self, name: String, filter: String, truth: Option<Truth>) -> Recipe {
        Recipe {
            name,
            ending: "mp4",
            truth: truth
                .into_iter()
                .chain([Truth::whole(Fault::Reencoded)])
                .collect(),
            pictures: true,
            differ_levels: None,
            how: How::after(
                words("-an -vf")
                    .into_iter()
                    .chain([format!("{}{filter}", self.base)])
                    .chain(words(X264))
                    .collect(),
            ),
        }
    }

    /// What cameras and their people do, in several strengths.
    fn innocent(&self) -> Vec<Recipe> {
        let (m, fps) = (self.middle_s(), self.fps);
        let mut recipes = vec![self.recipe("plain".to_owned(), String::new(), None)];
        let mut add = |name: String, filter: String| {
            recipes.push(self.recipe(name, filter, None));
        };
        for pan_s in [0.2, 0.4, 0.8] {
            // The faster it turns, the longer its blur.
            let blur_px = (6.0 / pan_s) as u32;
            add(
                format!("whip_pan_{pan_s}s"),
                format!(
                    ",crop=w=trunc(iw/4)*2:h=ih:y=0:x='(iw/2)*clip((t-{m:.4})/{pan_s},0,1)',\
                     avgblur=sizeX={blur_px}:sizeY=1:{}",
                    enable(m, m + pan_s)
                ),
            );
        }
        // A knock at the camera: three pictures elsewhere and back.
        add(
            "knock".to_owned(),
            format!(
                ",crop=w=trunc(iw*0.45)*2:h=trunc(ih*0.45)*2:\
                 x='(iw-ow)*(0.5+0.5*sin((t-{m:.4})*{fps:.4}*2)*between(t,{m:.4},{:.4}))':\
                 y='(ih-oh)*(0.5+0.5*cos((t-{m:.4})*{fps:.4}*2)*between(t,{m:.4},{:.4}))'",
                m + 3.0 / fps,
                m + 3.0 / fps
            ),
        );
        for (brightness, pictures) in [(0.25, 0.2), (0.5, 1.2)] {
            add(
                format!("flash_{brightness}"),
                format!(
                    ",eq=brightness={brightness}:{}",
                    enable(m, m + pictures / fps)
                ),
            );
        }
        for brightness in [0.08, 0.18, 0.3] {
            add(
                format!("exposure_jump_{brightness}"),
                format!(",eq=brightness='{brightness}*clip((t-{m:.4})/0.15,0,1)':eval=frame"),
            );
        }
        for sigma in [2, 4] {
            add(
                format!("autofocus_breath_{sigma}px"),
                format!(
                    ",gblur=sigma={sigma}:{},gblur=sigma={}:{}",
                    enable(m, m + 0.9),
                    2 * sigma,
                    enable(m + 0.25, m + 0.65)
                ),
            );
        }
        for noise in [3, 7, 15] {
            add(
                format!("still_scene_with_noise_{noise}"),
                format!(
                    ",trim=end_frame=1,loop=loop={}:size=1,setpts=N/{fps:.4}/TB,\
                     noise=alls={noise}:allf=t",
                    self.frame(self.length_s)
                ),
            );
        }
        recipes
    }

    /// Pieces left out of one shot, each with how far the pictures on either
    /// side differ.
    fn jumps(&self, views: &Views) -> Vec<Recipe> {
        let mut recipes = Vec::new();
        for (left_out_s, place) in [(0.5, 0.5), (1.0, 0.35), (1.0, 0.65), (2.0, 0.5), (5.0, 0.5)] {
            let count = self.frame(left_out_s);
            let from = self.frame((self.length_s - left_out_s) * place);
            let at_s = from / self.fps;
            let after_s = self.length_s - at_s - left_out_s;
            if at_s.min(after_s) < AROUND_CUT_S {
                continue;
            }
            let differ = views.differ_levels(from as usize - 1, (from + count) as usize);
            let (kind, fault) = if differ.is_some_and(|levels| levels < STILL_LEVELS) {
                ("jump_cut_still", Fault::StillJump)
            } else {
                ("jump_cut", Fault::JumpCut)
            };
            recipes.push(Recipe {
                differ_levels: differ,
                ..self.recipe(
                    format!("{kind}_{left_out_s}s"),
                    format!(
                        ",select='not(between(n,{from},{}))',setpts=N/{:.4}/TB",
                        from + count - 1.0,
                        self.fps
                    ),
                    Some(Truth::at(fault, at_s, at_s)),
                )
            });
        }
        recipes
    }

    /// Pictures that stand still or come twice.
    fn still(&self) -> Vec<Recipe> {
        let (m, fps) = (self.middle_s(), self.fps);
        let middle = self.frame(self.length_s / 2.0);
        let mut recipes = Vec::new();
        for d in [0.5, 1.0, 3.0] {
            if m + d < self.length_s - 0.3 {
                // The pictures of that time are lost and the last one is shown on.
                recipes.push(self.recipe(
                    format!("freeze_{d}s"),
                    format!(
                        ",select='not(between(n,{middle},{}))',fps={fps:.4}",
                        middle + self.frame(d) - 1.0
                    ),
                    Some(Truth::at(Fault::Frozen, m, m + d)),
                ));
            }
        }
        recipes.push(self.recipe(
            "duplicate_frames".to_owned(),
            format!(",select='mod(n,7)*mod(n+3,11)',fps={fps:.4}"),
            Some(Truth::whole(Fault::Repeated)),
        ));
        recipes
    }

    /// Black pictures, and a lens with a hand on it.
    fn dark(&self) -> Vec<Recipe> {
        let m = self.middle_s();
        let mut recipes = Vec::new();
        for d in [0.5, 3.0] {
            let (from, to) = (m - d / 2.0, m + d / 2.0);
            recipes.push(self.recipe(
                format!("black_{d}s"),
                format!(
                    ",drawbox=color=black:t=fill:{},noise=alls=3:allf=t",
                    enable(from, to)
                ),
                Some(Truth::at(Fault::Black, from, to)),
            ));
        }
        let d = (self.length_s - 1.0).min(6.0);
        let (from, to) = (m - d / 2.0, m + d / 2.0);
        recipes.push(self.recipe(
            format!("covered_{d:.0}s"),
            format!(
                ",lutyuv=y='70+(val-128)*0.01':u=122:v=140:{},noise=alls=4:allf=t",
                enable(from, to)
            ),
            Some(Truth::at(Fault::Covered, from, to)),
        ));
        recipes
    }

    /// Pictures out of focus, by the spread of a point over the picture.
    fn blurred(&self) -> Vec<Recipe> {
        let m = self.middle_s();
        let d = (self.length_s - 1.0).min(4.0);
        let (from, to) = (m - d / 2.0, m + d / 2.0);
        let side_px = self
            .source
            .width_px
            .max(self.source.height_px)
            .min(self.bounds.side_max_px);
        [2, 4, 8, 16]
            .into_iter()
            .map(|permille| {
                let sigma_px = f64::from(permille) * f64::from(side_px) / 1000.0;
                self.recipe(
                    format!("blur_{permille:02}_permille"),
                    format!(",gblur=sigma={sigma_px:.2}:{}", enable(from, to)),
                    Some(Truth::at(Fault::Blurred, from, to)),
                )
            })
            .collect()
    }

    /// Pictures of blocks: the whole of them, coded coarsely and anew, and a
    /// ninth of them for two seconds, as where data were damaged.
    fn blocky(&self) -> Vec<Recipe> {
        let coarse = [
            ("blocky_mpeg4_q31", "-c:v mpeg4 -q:v 31"),
            ("blocky_mjpeg_q31", "-pix_fmt yuvj420p -c:v mjpeg -q:v 31"),
            (
                "blocky_x264_crf48",
                "-c:v libx264 -preset veryfast -crf 48 -pix_fmt yuv420p",
            ),
        ];
        let mut recipes: Vec<Recipe> = coarse
            .into_iter()
            .map(|(name, codec)| Recipe {
                pictures: false,
                how: How::after(
                    words("-an -vf")
                        .into_iter()
                        .chain([self.base.clone()])
                        .chain(words(codec))
                        .collect(),
                ),
                ..self.recipe(
                    name.to_owned(),
                    String::new(),
                    Some(Truth::whole(Fault::Blocky)),
                )
            })
            .collect();
        let m = self.middle_s();
        let (from, to) = (m - 1.0, m + 1.0);
        let third = |side: &str| format!("trunc({side}/48)*16");
        recipes.push(self.recipe(
            "loose_blocks_2s".to_owned(),
            format!(
                ",split[whole][part];[part]crop=w='{w}':h='{h}':x='{w}':y='{h}',\
                 scale=iw/16:ih/16:flags=area,scale=iw*16:ih*16:flags=neighbor[loose];\
                 [whole][loose]overlay=x='{}':y='{}':{}",
                third("W"),
                third("H"),
                enable(from, to),
                w = third("iw"),
                h = third("ih"),
            ),
            Some(Truth::at(Fault::LooseBlocks, from, to)),
        ));
        recipes
    }

    /// Time that passes without a picture.
    fn gaps(&self) -> Vec<Recipe> {
        let m = self.middle_s();
        let middle = self.frame(self.length_s / 2.0);
        [1.0, 3.0]
            .into_iter()
            .filter(|d| m + d < self.length_s - 0.3)
            .map(|d| Recipe {
                name: format!("gap_{d}s"),
                ending: "mp4",
                truth: vec![
                    Truth::at(Fault::Gap, m, m + d),
                    Truth::whole(Fault::Reencoded),
                ],
                pictures: false,
                differ_levels: None,
                how: How::after(
                    words("-an -vsync vfr -vf")
                        .into_iter()
                        .chain([format!(
                            "{},select='not(between(n,{middle},{}))'",
                            self.base,
                            middle + self.frame(d) - 1.0
                        )])
                        .chain(words(X264))
                        .collect(),
                ),
            })
            .collect()
    }
}
