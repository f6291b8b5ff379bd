use super::*;
use crate::measure::video::Frozen;

/// A clean cut to another scene, at 10 s.
pub(crate) fn hard_cut() -> Moment {
    Moment {
        at_s: 10.0,
        step_s: 0.04,
        unforetold: 0.92,
        unforetold_before: 0.01,
        unforetold_after: 0.02,
        unforetold_near: 0.06,
        unforetold_returning: 0.92,
        residual: 1.9,
        residual_near: 0.16,
        residual_last: 0.15,
        detail_ratio: 1.1,
        ..Moment::default()
    }
}

/// A second missing within one shot, at 10 s.
pub(crate) fn jump_cut() -> Moment {
    Moment {
        unforetold: 0.25,
        unforetold_near: 0.03,
        unforetold_returning: 0.25,
        residual: 0.6,
        residual_near: 0.11,
        residual_last: 0.1,
        detail_ratio: 1.0,
        ..hard_cut()
    }
}

fn hard(moment: Moment) -> bool {
    is_hard(&moment, &[moment], 0.75, 1.3)
}

fn jump(moment: Moment) -> bool {
    is_jump(&moment, &[moment], None, 0.14, 0.75)
}

#[test]
fn what_goes_on_is_a_pan() {
    assert!(hard(hard_cut()) && jump(jump_cut()));
    for (near, shift_near, is_cut) in [
        (0.32, 0.05, true),
        (0.33, 0.05, false),
        // The first pictures of the new shot, the camera held still.
        (0.73, 0.02, true),
        (0.74, 0.02, false),
        // The last picture of a pan.
        (0.06, 0.06, false),
    ] {
        let pan = Moment {
            unforetold_near: near,
            shift_near,
            ..hard_cut()
        };
        assert_eq!(hard(pan), is_cut, "{near} {shift_near}");
    }
}

#[test]
fn the_same_view_out_of_focus_is_no_cut() {
    let blurred = |brightness_levels, shift| Moment {
        detail_ratio: 0.25,
        brightness_levels,
        shift,
        ..hard_cut()
    };
    assert!(!hard(blurred(0.5, 0.0)));
    assert!(hard(blurred(3.5, 0.0)) && hard(blurred(0.5, 0.02)));
}

#[test]
fn what_comes_back_is_a_flash_and_so_is_its_end() {
    let start = Moment {
        unforetold_returning: 0.05,
        ..hard_cut()
    };
    assert!(!hard(start));
    let end = |after_s| Moment {
        at_s: start.at_s + after_s,
        ..hard_cut()
    };
    let both = |end: Moment| is_hard(&end, &[start, end], 0.75, 1.3);
    assert!(!both(end(0.12)) && !both(end(0.39)));
    assert!(both(end(0.5)));
    // A faint beginning, but the light goes as it came.
    let faint = |light| Moment {
        unforetold: 0.27,
        unforetold_returning: 0.01,
        brightness_levels: light,
        ..start
    };
    let end_lit = Moment {
        brightness_levels: -66.0,
        ..end(0.04)
    };
    assert!(!is_hard(&end_lit, &[faint(66.0), end_lit], 0.75, 1.3));
    let moved = |unforetold_returning| Moment {
        unforetold_returning,
        ..faint(66.0)
    };
    assert!(!is_hard(&end_lit, &[moved(0.21), end_lit], 0.75, 1.3));
    assert!(is_hard(&end_lit, &[moved(0.22), end_lit], 0.75, 1.3));
    assert!(is_hard(&end_lit, &[faint(40.0), end_lit], 0.75, 1.3));
    // Something small that came back shortly before a cut hides no cut.
    let small = Moment {
        unforetold: 0.05,
        unforetold_returning: 0.01,
        ..start
    };
    let cut = end(0.12);
    assert!(is_hard(&cut, &[small, cut], 0.75, 1.3));
}

#[test]
fn focus_light_and_refreshes_are_no_jumps() {
    let focus = |detail_ratio| Moment {
        detail_ratio,
        ..jump_cut()
    };
    assert!(jump(focus(0.76)) && !jump(focus(0.74)));
    assert!(jump(focus(1.32)) && !jump(focus(1.35)));
    let light = |brightness_levels| Moment {
        brightness_levels,
        ..jump_cut()
    };
    assert!(jump(light(-20.0)) && !jump(light(-20.5)));
    let refresh = Moment {
        key: true,
        ..jump_cut()
    };
    assert!(is_jump(&refresh, &[], Some(0.12), 0.14, 0.75));
    assert!(!is_jump(&refresh, &[], Some(0.13), 0.14, 0.75));
}

#[test]
fn a_lamp_that_comes_on_is_no_cut() {
    let lit = |moment: Moment, relit: f32, shift: f32| Moment {
        relit: Some(relit),
        shift,
        ..moment
    };
    assert!(hard(lit(hard_cut(), 0.32, 0.0)) && !hard(lit(hard_cut(), 0.33, 0.0)));
    assert!(jump(lit(jump_cut(), 0.32, 0.0)) && !jump(lit(jump_cut(), 0.33, 0.0)));
    let switch = |moment: Moment| is_switch(&moment, &[moment], 0.14);
    assert!(switch(lit(jump_cut(), 0.33, 0.0)) && !switch(lit(jump_cut(), 0.32, 0.0)));
    // After a turn of the camera nothing can be said of places.
    assert!(jump(lit(jump_cut(), 0.6, 0.061)) && !switch(lit(jump_cut(), 0.6, 0.061)));
    let small = lit(small_jump(), 0.33, 0.0);
    assert!(!is_small_jump(&small, &[small], None));
}

#[test]
fn the_first_pictures_cannot_be_told() {
    let first = Moment {
        at_s: 0.3,
        ..hard_cut()
    };
    assert!(!hard(first));
}

/// What moves in a still scene is suddenly elsewhere, at 10 s.
fn small_jump() -> Moment {
    Moment {
        unforetold: 0.07,
        unforetold_before: 0.02,
        unforetold_near: 0.03,
        unforetold_returning: 0.07,
        residual: 0.25,
        residual_near: 0.05,
        residual_last: 0.05,
        ..jump_cut()
    }
}

#[test]
fn a_small_jump_must_be_the_only_one() {
    let jump = small_jump();
    assert!(!super::is_jump(&jump, &[jump], None, 0.14, 0.75));
    let is_small = |jump: Moment, all: &[Moment]| is_small_jump(&jump, all, None);
    assert!(is_small(jump, &[jump]));
    let again = |after_s| Moment {
        at_s: jump.at_s + after_s,
        ..jump
    };
    let again = |after_s| Moment {
        unforetold: 0.043,
        ..again(after_s)
    };
    assert!(!is_small(jump, &[jump, again(1.4)]));
    assert!(is_small(jump, &[jump, again(1.6)]));
    for changed in [
        Moment {
            residual: 0.16,
            ..jump
        },
        Moment {
            detail_ratio: 0.84,
            ..jump
        },
        Moment {
            brightness_levels: 5.5,
            ..jump
        },
        Moment {
            shift_near: 0.04,
            ..jump
        },
    ] {
        assert!(!is_small(changed, &[changed]), "{changed:?}");
    }
}

#[test]
fn a_jump_is_clear_only_without_an_innocent_cause() {
    let video = Video {
        duration_s: 60.0,
        pictures: 1500,
        ..Video::default()
    };
    let is_clear = |moment: Moment| is_clear_jump(&moment, &video, 4.5);
    let jump = jump_cut();
    assert!(is_clear(jump));
    for (cause, changed) in [
        (
            "too little of it",
            Moment {
                unforetold: 0.17,
                ..jump
            },
        ),
        (
            "a repeated picture before",
            Moment {
                residual_last: 0.0,
                ..jump
            },
        ),
        (
            "a missing picture before",
            Moment {
                step_s: 0.08,
                ..jump
            },
        ),
        (
            "a moving camera",
            Moment {
                shift_near: 0.05,
                ..jump
            },
        ),
        (
            "much left over everywhere",
            Moment {
                residual_near: 0.14,
                ..jump
            },
        ),
    ] {
        assert!(!is_clear(changed), "{cause}");
    }
    let mut stalled = video.clone();
    stalled.frozen.push(Frozen {
        span: Span {
            start_s: 9.0,
            end_s: 10.0,
        },
        ..Frozen::default()
    });
    assert!(!is_clear_jump(&jump, &stalled, 4.5));
}

#[test]
fn a_cover_ends_where_the_cut_is() {
    let mut video = Video::default();
    assert!(!is_beside_cover(&hard_cut(), &video));
    video.featureless_spans.push(Span {
        start_s: 10.05,
        end_s: 12.0,
    });
    assert!(is_beside_cover(&hard_cut(), &video));
}
