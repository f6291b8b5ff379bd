//! Keys of judging: deadline, time, verdict, names, devices, report.

use std::path::PathBuf;

use crate::form::{Form, Kind, choices};
use crate::keys::{DAY_S, Seconds, seconds, whole};
use crate::shape::sections;

choices! {
    #[doc = "What the 24 hours are counted from."]
    DeadlineClock default File {
        File = "file", "每个文件各自的拍摄结束时间", "the end of each file's own recording";
    }

    #[doc = "The softer clock for a file that is late by its own."]
    SoftClock default Visit {
        Visit = "visit",
            "现场最后一段记录结束起算仍在时限内的,判为需复核",
            "in time when counted from the visit's last recording: a person should look";
        None = "none", "不放宽", "no softer clock";
    }

    #[doc = "Which hours count."]
    Calendar default Natural {
        Natural = "natural", "自然时间,节假日不停", "all hours, weekends and holidays too";
    }

    #[doc = "What an outcome weighs in the verdict."]
    Weight default Attention {
        Attention = "attention", "需复核,由人判断", "a person should look";
        Fail = "fail", "不符合", "does not meet the clause";
    }

    #[doc = "The highest level that a check may give."]
    MaxLevel default Fail {
        Info = "info", "仅作提示", "only worth knowing";
        Attention = "attention", "最多到需复核", "at most: a person should look";
        Fail = "fail", "不限", "no cap";
    }
}

/// Maker's habits that are known from public reports; each names its source.
fn known_quirks() -> Vec<Quirk> {
    let quirk = |make: &str, local, names_end, source: &str| Quirk {
        make: make.to_owned(),
        model: String::new(),
        field: "mvhd".to_owned(),
        local,
        names_end,
        source: source.to_owned(),
    };
    let nikon = "immich issues #13009, #17495: 8 h off in China";
    let aosp = "AOSP MPEG4Writer writes the moment of stopping; pigallery2 issue #682";
    vec![
        quirk("NIKON", Some(true), None, nikon),
        quirk("NIKON CORPORATION", Some(true), None, nikon),
        quirk(
            "Apple",
            Some(false),
            Some(false),
            "HandBrake issue #4653 and two samples: creation is the start",
        ),
        quirk("Google", Some(false), Some(true), aosp),
        quirk(
            "samsung",
            None,
            Some(true),
            "photoprism issue #1388, one sample; AOSP MPEG4Writer",
        ),
    ]
}

sections! {
    Deadline, "24 小时规则", "The 24-hour rule";
    keys {
        limit_h: f64 = 24.0, Kind::Number { min: 0.01, max: 168.0 }, "h",
            "音像记录结束后应在多少小时内保存;恰好等于时限算按时;越小越严。试行方案规定 24 小时",
            "Hours from the end of a recording to its safe storage; exactly the limit is on time; \
             smaller is stricter. The trial plan says 24",
            "trial plan 三(二)4; research/domain.md 1.9 Q3";
        clock: DeadlineClock = DeadlineClock::File, Kind::Choice(DeadlineClock::CHOICES), "",
            "从何时起算", "What the hours are counted from",
            "research/domain.md 1.9 Q1";
        soft_clock: SoftClock = SoftClock::Visit, Kind::Choice(SoftClock::CHOICES), "",
            "按文件已超时、按现场未超时的如何处理",
            "What holds for a file late by its own clock but not by the visit's",
            "research/domain.md 1.9 Q1";
        calendar: Calendar = Calendar::Natural, Kind::Choice(Calendar::CHOICES), "",
            "哪些时间计入", "Which hours count",
            "research/domain.md 1.6 and 1.9 Q4";
        deferral_alert_days: f64 = 7.0, Kind::Number { min: 0.0, max: 365.0 }, "d",
            "延期保存说明多少天后仍未保存即提醒",
            "Days after which a deferral without stored files is pointed out",
            "research/domain.md 1.9 Q6";
        warn_left_h: Vec<f64> = vec![6.0, 2.0, 1.0],
            Kind::List { of: &Kind::Number { min: 0.0, max: 168.0 }, min: 0, max: 24 }, "h",
            "等待中的文件距时限还剩多少小时时提醒",
            "Hours left at which a waiting file is pointed out",
            "named guess: time to act in a working day, a visit, a trip";
        system_slo_photo_s: Seconds = Seconds(900.0), seconds(1.0, DAY_S), "s",
            "照片自收到至存妥,系统应在多久内完成",
            "Time within which the system stores a received photo",
            "research/domain.md 1.6: 15 min";
        system_slo_video_s: Seconds = Seconds(3600.0), seconds(1.0, DAY_S), "s",
            "视频自收到至存妥,系统应在多久内完成",
            "Time within which the system stores a received video",
            "research/domain.md 1.6: 60 min";
    }
    sections {}
    lists {}

    Time, "时间", "Time";
    keys {
        default_offset: String = "+08:00".to_owned(), Kind::Text(Form::Offset), "",
            "文件未写明时区时按此理解", "The zone of times that name none",
            "China has one zone and no summer time; research/domain.md 1.6";
        clock_drift_s: Seconds = Seconds(300.0), seconds(0.0, DAY_S), "s",
            "设备时钟可能的误差(前后各);越小越严",
            "How far a device's clock may be off, either way; smaller is stricter",
            "research/domain.md 1.6, grade B";
        future_tolerance_s: Seconds = Seconds(300.0), seconds(0.0, DAY_S), "s",
            "拍摄时间可晚于收到时间多少而不算设备时钟有误",
            "How much later than its receipt a capture time may be before the device's clock \
             counts as wrong",
            "as clock_drift_s; research/domain.md 1.6";
    }
    sections {}
    lists { quirk: Quirk = known_quirks(); }

    Quirk, "机型的时间习惯;写了任何一条,即取代全部内置各条",
        "A maker's habit with times; giving any replaces all of the built-in ones";
    keys {
        make: String = String::new(), Kind::Text(Form::Filled), "",
            "厂商(不分大小写)", "Maker, compared without case", "";
        model: String = String::new(), Kind::Text(Form::Any), "",
            "型号的开头;留空为全部型号", "Start of the model's name; empty: all models", "";
        field: String = "mvhd".to_owned(), Kind::Text(Form::Filled), "",
            "时间字段名的开头", "Start of the time field's name", "";
        local: Option<bool> = None, Kind::Bool, "",
            "true:格式规定为 UTC 而实写当地时间;false:确为 UTC;不写:不知",
            "true: holds local time although the format says UTC; false: truly UTC; absent: not \
             known", "";
        names_end: Option<bool> = None, Kind::Bool, "",
            "true:写的是结束时刻;false:写的是开始时刻;不写:不知",
            "true: names the end of the clip; false: its start; absent: not known", "";
        source: String = String::new(), Kind::Text(Form::Filled), "",
            "此条的出处(报告会引用)", "Where this is known from; reports quote it", "";
    }
    sections {}
    lists {}

    VerdictWeights, "结论", "Verdict";
    keys {
        inconsistent: Weight = Weight::Attention, Kind::Choice(Weight::CHOICES), "",
            "“与原始录像/照片不符”在结论中的分量;默认由人判断",
            "What `inconsistent` weighs; by default a person decides",
            "research/domain.md 0.10: a machine never decides it";
        late: Weight = Weight::Fail, Kind::Choice(Weight::CHOICES), "",
            "“超时”在结论中的分量", "What `late` weighs",
            "clause save.24h";
    }
    sections {}
    lists {}

    Naming, "正式文件名", "Official names";
    keys {
        template: String = "{number}_{node}{node_name}_{seq:03}_{time}.{ext}".to_owned(),
            Kind::Text(Form::Template), "",
            "正式文件名模板:{number} 编号、{node} 节点码、{node_name} 节点名、{seq:03} 序号、{time} \
             拍摄时间、{ext} 扩展名",
            "Template of official names: {number}, {node} its code, {node_name}, {seq:03} running \
             number, {time} of capture, {ext}",
            "clauses name.licence, name.notice; research/domain.md 1.10";
        max_bytes: u64 = 240, whole(64, 240), "B",
            "文件名的最大字节数(一个汉字 3 字节)",
            "Longest name in bytes; a Chinese character takes 3",
            "ext4, XFS, SMB: 255 (NAME_MAX), less what stores add to names: SeaweedFS refuses more \
             than 246 where it keeps versions (measured)";
    }
    sections {}
    lists {}

    Device, "拍摄设备", "Devices";
    keys {
        require_registered: bool = false, Kind::Bool, "",
            "是否只认可登记过的设备;未登记的文件仍照常保存",
            "Whether only registered devices are accepted; files of others are stored all the same",
            "research/domain.md 1.9 Q17";
    }
    sections {}
    lists {}

    Reference, "参照资料", "What the admin teaches";
    keys {
        exemplars: PathBuf = PathBuf::new(), Kind::Text(Form::PathOrEmpty), "",
            "各型号参照文件(由 unbroken calibrate 从可信的原始文件建立);留空则没有参照",
            "The exemplars of each model, made by unbroken calibrate from originals that the admin \
             vouches for; empty: there are none",
            "research/forensics.md 4.3";
        writers: PathBuf = PathBuf::new(), Kind::Text(Form::PathOrEmpty), "",
            "自有的写入程序签名文件,格式同 probes/data/writers.toml;其中各条先于内置各条。source 以 \
             “not measured”结尾的只作佐证",
            "Own signatures of writers, in the format of probes/data/writers.toml; they come before \
             the shipped ones. One whose source ends in “not measured” only supports",
            "research/forensics.md 2d: signatures go on growing";
        c2pa_anchors: PathBuf = PathBuf::new(), Kind::Text(Form::PathOrEmpty), "",
            "信任的内容凭证(C2PA)根证书,PEM 格式,可有多份;留空则不信任任何签名者,签名仍会验证",
            "Root certificates that are trusted to vouch for signers of content credentials (C2PA), in PEM, \
             one after the other; empty: no signer is trusted, signatures are verified all the same",
            "C2PA specification 2.1, 14.4: the validator chooses its trust anchors";
    }
    sections {}
    lists {}

    Report, "核验报告", "Reports";
    keys {
        stills_count: u64 = 8, whole(0, 64), "",
            "报告中视频截图的张数", "Stills of a video in its report",
            "named guess: one row of a page";
        still_long_side_px: u64 = 480, whole(64, 4096), "px",
            "报告中截图的长边", "Longer side of a still in the report",
            "named guess: legible on a printed page, small in the file";
    }
    sections {}
    lists {}
}
