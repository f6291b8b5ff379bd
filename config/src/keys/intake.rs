//! Keys of the way in: share, watching, waiting, and where files come from.

use std::path::PathBuf;

use crate::form::{Form, Kind, choices};
use crate::keys::{DAY_S, Seconds, seconds, texts};
use crate::shape::sections;

choices! {
    #[doc = "How the share reaches this machine."]
    Mount default Local {
        Local = "local",
            "共享就在本机磁盘上(Samba、SFTP 服务也在本机)",
            "the share is on this machine's own disk, as is the Samba or SFTP server";
        Client = "client",
            "共享从别处挂载而来(SMB、NFS 客户端)",
            "the share is mounted from elsewhere as an SMB or NFS client";
    }
}

sections! {
    Share, "投递共享", "The watched shares";
    keys {
        paths: Vec<PathBuf> = vec![PathBuf::from("./share")],
            Kind::List { of: &Kind::Text(Form::Path), min: 1, max: 64 }, "",
            "受监视的投递共享,可有多个;相对路径以程序启动时所在目录为准",
            "The watched shares, one or more; a relative path starts where the program was started",
            "named guess: works in a fresh folder";
        mount: Mount = Mount::Local, Kind::Choice(Mount::CHOICES), "",
            "共享在本机磁盘上,还是从别处挂载;挂载来的收不到通知,也没有写入者租约,等待更久",
            "Whether the share is on this machine's disk or mounted from elsewhere; a mount gives \
             neither events nor writer leases, and waits are longer",
            "research/ingest.md 1: inotify and leases work only on the exporting host (measured)";
        ignore_names: Vec<String> = texts(&[
            "Thumbs.db", "ehthumbs.db", "desktop.ini", ".DS_Store", "._*", ".nfs*", ".fuse_hidden*",
            ".directory", ".stignore", "清单模板.csv", "00使用说明.txt",
        ]),
            Kind::List { of: &Kind::Text(Form::Glob), min: 0, max: 500 }, "",
            "系统文件名样式(不分大小写):不收取,但逐日计数对账",
            "Names of system files (case does not matter): not taken in, but counted in the daily \
             reconciliation",
            "research/ingest.md 1, name gate; research/domain.md 1.11";
        temp_names: Vec<String> = texts(&[
            "*.filepart", "*.part", "*.partial", "*.tmp", "*.temp", "*.crdownload", "*.download",
            "*.opdownload", "*.aria2", "*.!ut", "*.ocTransferId*", "~$*", ".~lock*",
            ".syncthing.*", "~syncthing~*", "*.swp",
        ]),
            Kind::List { of: &Kind::Text(Form::Glob), min: 0, max: 500 }, "",
            "传输中的临时文件名样式(不分大小写):等待改名;久未改名会提醒",
            "Names of files still under way (case does not matter): waited for until renamed; an \
             old one is pointed out",
            "research/ingest.md 1, name gate";
        ignore_dirs: Vec<String> = texts(&[
            "@eaDir", ".stfolder", ".stversions", ".Trash*", ".recycle", "#recycle", "#snapshot",
            ".snapshot", ".snapshots", "__MACOSX", "lost+found", "System Volume Information",
            "$RECYCLE.BIN", ".git",
        ]),
            Kind::List { of: &Kind::Text(Form::Glob), min: 0, max: 500 }, "",
            "不进入的系统文件夹名样式(不分大小写)",
            "Names of system folders that are not entered (case does not matter)",
            "research/ingest.md 1, name gate";
    }
    sections { special: Special; }
    lists {}

    Special, "共享中的特殊文件夹", "Special folders in a share";
    keys {
        unclaimed: String = "_待认领".to_owned(), Kind::Text(Form::FolderName), "",
            "不确定属于哪个案件时投放的文件夹",
            "The folder for files whose case is not certain",
            "research/domain.md 1.11";
        receipts: String = "_回执".to_owned(), Kind::Text(Form::FolderName), "",
            "本程序写回执的文件夹;其中的文件不收取",
            "The folder for receipts, written by this program; nothing is taken in from it",
            "research/domain.md 1.11";
        notes: String = "90说明".to_owned(), Kind::Text(Form::FolderName), "",
            "各编号文件夹中存放书面说明的文件夹",
            "The folder for written notes inside a number's folder",
            "research/domain.md 1.11";
    }
    sections {}
    lists {}

    Watch, "监视", "Watching";
    keys {
        scan_interval_s: Seconds = Seconds(60.0), seconds(0.1, DAY_S), "s",
            "全量扫描的间隔(本机磁盘);扫描是依据,通知只用来提前唤醒",
            "Time between full scans of a local share; the scan is the truth, events only wake it",
            "research/ingest.md 0 and 1: events alone lost up to 28 % (measured); named guess";
        scan_interval_client_s: Seconds = Seconds(30.0), seconds(0.1, DAY_S), "s",
            "全量扫描的间隔(挂载来的共享,收不到通知)",
            "Time between full scans of a mounted share, which gives no events",
            "research/ingest.md 1; named guess";
        notify: bool = true, Kind::Bool, "",
            "是否用文件系统通知提前唤醒扫描",
            "Whether file system events wake the scanner early",
            "research/ingest.md 2";
    }
    sections {}
    lists {}

    Settle, "等待写完", "Waiting for complete files";
    keys {
        quiet_s: Seconds = Seconds(5.0), seconds(0.0, DAY_S), "s",
            "文件(本机磁盘)须多久不变才算写完",
            "How long a file on a local share must not change before it counts as complete",
            "research/ingest.md 1, quiet gate";
        quiet_client_s: Seconds = Seconds(60.0), seconds(0.0, DAY_S), "s",
            "文件(挂载来的共享)须多久不变才算写完",
            "How long a file on a mounted share must not change before it counts as complete",
            "research/ingest.md 1, quiet gate";
        use_lease: bool = true, Kind::Bool, "",
            "是否用读租约查明有无程序仍在写入",
            "Whether a read lease is used to learn that nobody is still writing",
            "research/ingest.md 0.3: the lease knew of every writer (measured)";
        incomplete_closed_s: Seconds = Seconds(30.0), seconds(0.0, 7.0 * DAY_S), "s",
            "结构不完整但已无写入者的文件,等待多久后按现状收取",
            "How long a file of incomplete structure but without a writer waits before it is taken \
             in as it is",
            "named guess: a broken upload is resumed within seconds or by hand";
        incomplete_unknown_s: Seconds = Seconds(600.0), seconds(0.0, 7.0 * DAY_S), "s",
            "结构不完整且无法得知有无写入者的文件,等待多久后按现状收取",
            "The same where it cannot be known whether somebody is writing",
            "named guess: longer than the pauses of a slow upload";
        empty_alert_s: Seconds = Seconds(3600.0), seconds(1.0, 30.0 * DAY_S), "s",
            "空文件等待多久后提醒;空文件不会被删除",
            "After how long an empty file is pointed out; it is never deleted",
            "research/ingest.md 1, structure gate: alert at one hour";
        recheck_max_s: Seconds = Seconds(300.0), seconds(0.1, DAY_S), "s",
            "对等待中的文件复查的最长间隔",
            "Longest time between two looks at a file that waits",
            "named guess: small beside the 24 hours";
    }
    sections {}
    lists {}

    Intake, "来源", "Where files come from";
    keys {
        chat_patterns: Vec<String> = texts(&[
            "mmexport*", "wx_camera_*", "微信图片_*", "微信视频*", "微信截图_*", "QQ图片*", "QQ视频*",
            "IMG-????????-WA*", "VID-????????-WA*", "DingTalk_*", "lark_*",
        ]),
            Kind::List { of: &Kind::Text(Form::Glob), min: 0, max: 500 }, "",
            "聊天软件转发文件的名称样式(不分大小写):提示非原始文件,请补交原件;仍照常保存",
            "Names that messengers give (case does not matter): noted as a copy whose original is \
             asked for; stored all the same",
            "research/domain.md 1.11 [M] and N9; the list is a named guess";
        capture_apps: Vec<String> = texts(&[
            "今日水印相机", "水印相机", "马克水印相机", "元道经纬相机", "Timemark", "Timestamp Camera",
        ]),
            Kind::List { of: &Kind::Text(Form::Filled), min: 0, max: 500 }, "",
            "认可的拍摄应用(按软件标记的文字):其产出视为第一手,不算编辑",
            "Capture apps (as the software mark names them) whose output counts as first hand, not \
             as edited",
            "research/domain.md 1.9 Q18; the list is a named guess, to be settled with the bureau";
    }
    sections {}
    lists {}
}
