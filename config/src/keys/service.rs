//! Keys of the running program: probing, web, log, bounds.

use crate::form::{Form, Kind, choices};
use crate::keys::{DAY_S, MAX_BYTES, Seconds, seconds, whole};
use crate::shape::sections;

choices! {
    #[doc = "Whether the probing process is locked in."]
    Sandbox default On {
        On = "on", "锁定;系统不支持时拒绝启动", "locked in; no start where the system cannot";
        Off = "off", "不锁定;每份报告都会写明", "not locked in; every report says so";
    }

    #[doc = "Form of the log."]
    LogFormat default Auto {
        Auto = "auto", "终端上为文字,否则为 JSON", "human on a terminal, JSON otherwise";
        Human = "human", "文字", "human";
        Json = "json", "JSON,每行一条", "JSON, one object a line";
    }
}

sections! {
    Probe, "检测进程", "The probing process";
    keys {
        wall_limit_s: Seconds = Seconds(7200.0), seconds(1.0, 7.0 * DAY_S), "s",
            "检测一个文件的时限;超过则停止检测,文件仍照常保存",
            "Time that probing one file may take; beyond it probing stops, the file is stored all \
             the same",
            "named guess: a two-hour HD recording decodes faster than it plays";
        cpu_limit_s: Seconds = Seconds(7200.0), seconds(1.0, 7.0 * DAY_S), "s",
            "检测一个文件可用的处理器时间",
            "Processor time that probing one file may take",
            "named guess: as wall_limit_s, on one core";
        memory_limit_bytes: u64 = 2 << 30, whole(512 << 20, MAX_BYTES), "B",
            "检测进程的内存(地址空间)上限",
            "Memory (address space) of the probing process",
            "research/ingest.md 6: 2 GiB; below 300 MiB small clips fail (measured)";
        jobs: u64 = 0, whole(0, 1024), "",
            "同时检测几个文件;0 为处理器核数",
            "Files probed at once; 0: as many as cores",
            "named guess";
        sandbox: Sandbox = Sandbox::On, Kind::Choice(Sandbox::CHOICES), "",
            "检测进程是否锁定:无网络、无共享、不可写",
            "Whether the probing process is locked in: no network, no share, no writing",
            "research/ingest.md 6";
        attempts: u64 = 2, whole(1, 10), "",
            "检测进程崩溃后最多共尝试几次;仍失败则记为无法读取",
            "Attempts in all when probing crashes; then the file counts as unreadable",
            "named guess: one more, in case the machine was at fault";
    }
    sections {}
    lists {}

    Web, "网页", "Web pages";
    keys {
        bind: String = "127.0.0.1:8470".to_owned(), Kind::Text(Form::Loopback), "",
            "网页的地址和端口;目前只接受本机回环地址",
            "Address and port of the pages; only loopback is accepted now",
            "clause disclose: there is no login yet";
    }
    sections {}
    lists {}

    Log, "日志", "Log";
    keys {
        format: LogFormat = LogFormat::Auto, Kind::Choice(LogFormat::CHOICES), "",
            "日志的形式", "Form of the log", "named guess";
        filter: String = "info".to_owned(), Kind::Text(Form::LogFilter), "",
            "记录哪些日志", "What is logged", "named guess";
    }
    sections {}
    lists {}

    Limits, "界限", "Bounds";
    keys {
        in_flight_files: u64 = 256, whole(1, 100_000), "",
            "同时处理中的文件数上限;其余在共享中等待,不会丢失",
            "Files in work at once; the others wait in the share, none is lost",
            "named guess: bounds memory and staging";
        folder_depth: u64 = 32, whole(1, 256), "",
            "共享中文件夹的最大层数;更深的会报告,不会静默跳过",
            "Deepest folder that is entered; deeper ones are reported, never passed in silence",
            "named guess: ten times the layout of research/domain.md 1.11";
    }
    sections {}
    lists {}
}
