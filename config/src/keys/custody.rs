//! Keys of safe custody: state, ledger, staging, store, retries, release.

use std::path::PathBuf;

use crate::form::{Form, Kind, choices};
use crate::keys::{DAY_S, MAX_BYTES, Seconds, seconds, whole};
use crate::shape::sections;

choices! {
    #[doc = "Where originals are stored."]
    StoreKind default Directory {
        Directory = "directory", "本机文件夹", "a folder";
        S3 = "s3", "S3 对象存储", "an S3 object store";
    }

    #[doc = "Write-once mode of the object store."]
    ObjectLock default None {
        None = "none", "不加锁", "no lock";
        Governance = "governance",
            "治理模式:有专门权限者可解除", "governance: lifted by those with a special right";
        Compliance = "compliance",
            "合规模式:期满前任何人不能删除或缩短",
            "compliance: nobody can delete or shorten it before its time";
    }
}

sections! {
    State, "状态目录", "State";
    keys {
        dir: PathBuf = PathBuf::from("./state"), Kind::Text(Form::Path), "",
            "本程序自己的数据目录(账本、暂存);不得位于投递共享之内",
            "This program's own data (ledger, staging); never inside a share",
            "named guess: works in a fresh folder";
    }
    sections {}
    lists {}

    Ledger, "账本", "Ledger";
    keys {
        url: String = String::new(), Kind::Text(Form::LedgerOrEmpty), "",
            "账本数据库;留空则用状态目录中的 SQLite",
            "The ledger's database; empty: SQLite in the state directory",
            "research/ingest.md 3";
    }
    sections {}
    lists {}

    Stage, "暂存", "Staging";
    keys {
        sm3: bool = true, Kind::Bool, "",
            "除 BLAKE3、SHA-256 外是否同时计算国密 SM3 摘要",
            "Whether the SM3 digest is computed beside BLAKE3 and SHA-256",
            "DA/T 97-2023 cites GB/T 32905 (SM3); research/domain.md 2.1";
        min_free_bytes: u64 = 2 << 30, whole(0, MAX_BYTES), "B",
            "暂存盘须留的空间;不足时暂停收取并告警,不丢文件",
            "Free space kept on the staging disk; below it intake pauses and says so, nothing is \
             lost",
            "named guess: two large recordings of 1 GiB";
    }
    sections {}
    lists {}

    Store, "存储", "Store";
    keys {
        kind: StoreKind = StoreKind::Directory, Kind::Choice(StoreKind::CHOICES), "",
            "原件存放之处", "Where originals are stored",
            "named guess: works without any server";
        dir: PathBuf = PathBuf::new(), Kind::Text(Form::PathOrEmpty), "",
            "文件夹存储的位置;留空则为状态目录下的 store",
            "Place of the directory store; empty: `store` in the state directory",
            "named guess";
    }
    sections { s3: S3; }
    lists {}

    S3, "S3 对象存储", "S3 object store";
    keys {
        endpoint: String = String::new(), Kind::Text(Form::WebAddressOrEmpty), "",
            "服务地址;留空则用 AWS 按区域的地址。密钥只从环境变量读取",
            "Address of the service; empty: AWS's own for the region. Keys come from the \
             environment only",
            "named guess";
        region: String = "us-east-1".to_owned(), Kind::Text(Form::Slug), "",
            "区域;自建服务多用 us-east-1",
            "Region; most self-hosted services take us-east-1",
            "the region that S3 signs with where none is named";
        bucket: String = String::new(), Kind::Text(Form::SlugOrEmpty), "",
            "存储桶;kind = \"s3\" 时必填", "Bucket; needed with kind = \"s3\"",
            "no default can be right";
        prefix: String = String::new(), Kind::Text(Form::Any), "",
            "对象键的前缀,形如 \"evidence/\";留空则无",
            "Prefix of object keys such as \"evidence/\"; empty: none",
            "named guess";
        path_style: bool = true, Kind::Bool, "",
            "桶名写在路径中(自建服务多需如此);阿里云 OSS 须设为 false",
            "Bucket in the path, as most self-hosted services need; Alibaba OSS needs false",
            "research/ingest.md 4, non-AWS stores";
        part_bytes: u64 = 16 << 20, whole(5 << 20, 5 << 30), "B",
            "分段上传每段大小(至少);文件过大时自动加大,使段数不超过 9000",
            "Size of a part at least; it grows for large files so that no more than 9000 parts \
             are needed",
            "research/ingest.md 4; S3 allows 5 MiB to 5 GiB";
        attempt_timeout_s: Seconds = Seconds(60.0), seconds(1.0, 3600.0), "s",
            "每次请求至少给多久;大的分段按 min_rate_bytes_per_s 延长",
            "Time that every request has at least; larger parts get more by min_rate_bytes_per_s",
            "research/ingest.md 4, timeouts";
        connect_timeout_s: Seconds = Seconds(5.0), seconds(0.1, 300.0), "s",
            "建立连接的时限", "Time limit for connecting",
            "named guess: above the 3.1 s of aws-sdk";
        min_rate_bytes_per_s: u64 = 128 << 10, whole(1 << 10, 1 << 40), "B/s",
            "线路至少应有的速度,用来计算分段的时限",
            "Slowest line that is reckoned with; gives the time limit of a part",
            "named guess: half of a 2 Mbit/s uplink (research/ingest.md 4)";
        object_lock: ObjectLock = ObjectLock::None, Kind::Choice(ObjectLock::CHOICES), "",
            "写入后加锁(一次写入);存储桶须已启用对象锁定",
            "Lock on what is written (write once); the bucket must have object lock enabled",
            "research/ingest.md 4: not every store has it";
        retain_days: u64 = 0, whole(0, 36_500), "d",
            "加锁的天数;object_lock 不为 none 时至少 1",
            "Days that the lock holds; at least 1 unless object_lock is none",
            "the plan names no period (research/domain.md 1.9 Q19)";
    }
    sections {}
    lists {}

    Retry, "重试", "Retries";
    keys {
        base_s: Seconds = Seconds(1.0), seconds(0.01, 3600.0), "s",
            "第一次重试前的等待(随机抖动,逐次加倍)",
            "Wait before the first retry (full jitter, doubling)",
            "research/ingest.md 4: full jitter 1 s to 15 min";
        cap_s: Seconds = Seconds(900.0), seconds(0.01, DAY_S), "s",
            "两次重试之间最长的等待", "Longest wait between two retries",
            "research/ingest.md 4: full jitter 1 s to 15 min";
        fleeting_attempts: u64 = 0, whole(0, 1_000_000), "",
            "暂时性故障最多尝试几次;0 为一直重试,绝不放弃",
            "Attempts at most against a passing fault; 0: never give up",
            "research/ingest.md 4: the outer retry never gives up";
    }
    sections {}
    lists {}

    Release, "清除源文件", "Release of sources";
    keys {
        enabled: bool = true, Kind::Bool, "",
            "存储并回读核对无误后,是否从共享中移除源文件",
            "Whether a source is removed from the share after its stored copy was read back and \
             found equal",
            "research/domain.md 1.11: no stray copies";
        require_store_doctor: bool = true, Kind::Bool, "",
            "存储未通过能力自检(条件写入、拒收错误摘要、回读)时不移除源文件",
            "No release unless the store was seen to keep what we rely on (conditional create, \
             refusal of wrong checksums, read-back)",
            "research/ingest.md 4: ship the probe";
    }
    sections {}
    lists {}
}
