//! How a child locks itself in before it looks at a hostile file: no new
//! files, no network, no new processes, bounded memory and CPU time. What is
//! left is reading the one descriptor, computing, and writing the result.

use std::collections::BTreeMap;

use landlock::{
    ABI, Access, AccessFs, CompatLevel, Compatible, Ruleset, RulesetAttr, RulesetStatus,
};
use rustix::process::{Resource, Rlimit};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule,
};
use serde::{Deserialize, Serialize};

/// What a child may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bounds {
    /// Address space in bytes.
    pub memory_bytes: u64,
    /// CPU time in seconds, over all threads.
    pub cpu_s: u64,
}

/// Seconds of CPU time between the signal that tells the limit and the kill.
const CPU_GRACE_S: u64 = 5;

/// Whether a child locks itself in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lockdown {
    /// It does, or it does not look at the file.
    On,
    /// The admin switched it off; every report says so.
    Off,
}

/// Applies the bounds and, unless it is off, the lockdown, and tries that it
/// holds. The error says what failed.
pub fn enter(bounds: &Bounds, lockdown: Lockdown) -> Result<(), String> {
    let parent = Some(rustix::process::Signal::KILL);
    rustix::process::set_parent_process_death_signal(parent)
        .map_err(|e| format!("the child cannot be bound to its parent: {e}"))?;
    bound(Resource::As, bounds.memory_bytes, bounds.memory_bytes)?;
    // Where both are the same the kernel kills without saying why: only the
    // lower one sends SIGXCPU, by which the parent knows our limit.
    let killed_after_s = bounds.cpu_s.saturating_add(CPU_GRACE_S);
    bound(Resource::Cpu, bounds.cpu_s, killed_after_s)?;
    bound(Resource::Core, 0, 0)?;
    bound(Resource::Fsize, 0, 0)?;
    if lockdown == Lockdown::Off {
        return Ok(());
    }
    // Landlock first: it needs a system call that seccomp then takes away. A
    // kernel without it still has the seccomp filter, which alone denies every
    // way to open a file.
    restrict_files()?;
    seccompiler::apply_filter_all_threads(&filter()?)
        .map_err(|e| format!("the system call filter cannot be applied: {e}"))?;
    holds()
}

fn bound(resource: Resource, soft: u64, hard: u64) -> Result<(), String> {
    let limit = Rlimit {
        current: Some(soft),
        maximum: Some(hard),
    };
    rustix::process::setrlimit(resource, limit)
        .map_err(|e| format!("the limit {resource:?} = {soft} cannot be set: {e}"))
}

fn restrict_files() -> Result<RulesetStatus, String> {
    Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(ABI::V2))
        .and_then(|r| r.create())
        .and_then(|r| r.restrict_self())
        .map(|status| status.ruleset)
        .map_err(|e| format!("file access cannot be restricted: {e}"))
}

/// System calls that computing on one open descriptor needs; measured by
/// running FFmpeg's decoders under strace. `clone` is listed apart.
const ALLOWED: &[i64] = &[
    libc::SYS_read,
    libc::SYS_pread64,
    libc::SYS_readv,
    libc::SYS_write,
    libc::SYS_writev,
    libc::SYS_lseek,
    libc::SYS_close,
    libc::SYS_fstat,
    libc::SYS_mmap,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_mprotect,
    libc::SYS_madvise,
    libc::SYS_brk,
    libc::SYS_mlock,
    libc::SYS_munlock,
    libc::SYS_futex,
    libc::SYS_getrandom,
    libc::SYS_clock_gettime,
    libc::SYS_clock_getres,
    libc::SYS_clock_nanosleep,
    libc::SYS_nanosleep,
    libc::SYS_gettimeofday,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    libc::SYS_tgkill,
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_sched_yield,
    libc::SYS_sched_getaffinity,
    libc::SYS_gettid,
    libc::SYS_getpid,
    libc::SYS_getcpu,
    libc::SYS_set_robust_list,
    libc::SYS_rseq,
    libc::SYS_getrusage,
    libc::SYS_sysinfo,
    libc::SYS_uname,
    libc::SYS_prctl,
    libc::SYS_restart_syscall,
    libc::SYS_membarrier,
    libc::SYS_fadvise64,
    libc::SYS_dup,
    libc::SYS_fcntl,
];

/// `CLONE_THREAD` of clone(2): a new thread of this process, not a process.
const CLONE_THREAD: u64 = 0x0001_0000;

fn filter() -> Result<BpfProgram, String> {
    let text = |e: seccompiler::BackendError| format!("the system call filter is wrong: {e}");
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> =
        ALLOWED.iter().map(|number| (*number, Vec::new())).collect();
    rules.insert(libc::SYS_clone, vec![only_if(0, CLONE_THREAD)?]);
    // Asking about an open descriptor, which is how its length is learnt; the
    // flag says that no path is meant.
    let no_path = libc::AT_EMPTY_PATH.unsigned_abs().into();
    rules.insert(libc::SYS_statx, vec![only_if(2, no_path)?]);
    rules.insert(libc::SYS_newfstatat, vec![only_if(3, no_path)?]);
    // What is not listed "does not exist": the C library then falls back from
    // clone3 to clone, and FFmpeg takes an error instead of dying of a signal
    // that would look like a crash caused by the file.
    let missing = SeccompAction::Errno(libc::ENOSYS.unsigned_abs());
    let arch = std::env::consts::ARCH
        .try_into()
        .map_err(|e| format!("no system call filter for this processor: {e}"))?;
    SeccompFilter::new(rules, missing, SeccompAction::Allow, arch)
        .and_then(TryInto::try_into)
        .map_err(text)
}

/// A call is allowed only if its argument has the flag.
fn only_if(argument: u8, flag: u64) -> Result<SeccompRule, String> {
    let has_flag = SeccompCmpOp::MaskedEq(flag);
    SeccompCondition::new(argument, SeccompCmpArgLen::Dword, has_flag, flag)
        .and_then(|condition| SeccompRule::new(vec![condition]))
        .map_err(|e| format!("the system call filter is wrong: {e}"))
}

/// Tries what must not be possible any more.
fn holds() -> Result<(), String> {
    if std::fs::File::open("/etc/passwd").is_ok() {
        return Err("the sandbox does not hold: a file could be opened".to_owned());
    }
    let socket = rustix::net::socket(
        rustix::net::AddressFamily::INET,
        rustix::net::SocketType::STREAM,
        None,
    );
    if socket.is_ok() {
        return Err("the sandbox does not hold: a socket could be made".to_owned());
    }
    if std::fs::write("/tmp/unbroken-sandbox-test", b"").is_ok() {
        return Err("the sandbox does not hold: a file could be written".to_owned());
    }
    Ok(())
}
