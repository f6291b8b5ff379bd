//! Read leases: the kernel's word on whether anybody has a file open for writing.
//!
//! While a read lease is held, an open for writing (or a truncation) waits until
//! we let go, at most `/proc/sys/fs/lease-break-time` (45 s), and the lease then
//! reads as broken. Samba and SFTP servers are such writers on the machine that
//! holds the disk; see fcntl(2), "Leases".
//!
//! The system tells the holder by a signal whose default, SIGIO, would end the
//! process. SIGURG is asked for instead: its default action is to be discarded
//! (signal(7)), so nothing has to be installed for the whole process. We ask
//! [`Lease::is_unbroken`] instead of waiting for it.

use std::fs::File;
use std::os::fd::AsRawFd;

use rustix::io::Errno;

/// File systems whose leases know nothing of writers on other machines, or
/// answer "busy" to every request (statfs(2); linux/magic.h).
const REMOTE: &[u64] = &[
    0x6969,      // NFS
    0x517B,      // SMB
    0xFF53_4D42, // CIFS
    0xFE53_4D42, // SMB2
    0x0102_1997, // 9P
    0x00C3_6400, // Ceph
    0x6573_5546, // FUSE
    0x5346_414F, // AFS
    0x7461_636F, // OCFS2
    0x0116_1970, // GFS2
    0x0BD0_0BD0, // Lustre
    0x786F_4256, // VirtualBox shared folders
];

/// How a request for a lease ended.
pub(super) enum Asked<'a> {
    /// It is ours, and there was no writer.
    Held(Lease<'a>),
    /// A writer has the file open.
    Busy,
    /// This file system, or our rights, cannot say.
    Unknown,
}

/// A read lease on an open file; given back when dropped.
pub(super) struct Lease<'a> {
    file: &'a File,
}

/// Asks for a read lease on `file`, which must be open for reading only.
pub(super) fn ask(file: &File) -> Asked<'_> {
    if is_remote(file) {
        return Asked::Unknown;
    }
    if control(file, F_SETSIG, libc::SIGURG).is_err() {
        return Asked::Unknown;
    }
    match control(file, libc::F_SETLEASE, libc::F_RDLCK) {
        Ok(_) => Asked::Held(Lease { file }),
        Err(Errno::AGAIN) => Asked::Busy,
        Err(_) => Asked::Unknown,
    }
}

/// `F_SETSIG` of fcntl(2), in linux/fcntl.h.
const F_SETSIG: libc::c_int = 10;

fn is_remote(file: &File) -> bool {
    match rustix::fs::fstatfs(file) {
        // The magic number is 32 bits wide, but signed on some machines.
        Ok(found) => REMOTE.contains(&(found.f_type as u64 & 0xFFFF_FFFF)),
        Err(_) => true,
    }
}

impl Lease<'_> {
    /// False once anybody has asked to write since the lease was taken.
    pub(super) fn is_unbroken(&self) -> bool {
        control(self.file, libc::F_GETLEASE, 0) == Ok(libc::F_RDLCK)
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        // If it fails, closing the file gives the lease back.
        let _ = control(self.file, libc::F_SETLEASE, libc::F_UNLCK);
    }
}

/// fcntl(2) with a number as its argument.
#[allow(unsafe_code)]
fn control(file: &File, command: libc::c_int, argument: libc::c_int) -> Result<i32, Errno> {
    // SAFETY: the descriptor is open as long as `file` is borrowed, and none of
    // the commands used here (F_SETSIG, F_SETLEASE, F_GETLEASE) takes a pointer.
    let answer = unsafe { libc::fcntl(file.as_raw_fd(), command, argument) };
    match answer {
        -1 => {
            let error = std::io::Error::last_os_error();
            Err(Errno::from_io_error(&error).unwrap_or(Errno::IO))
        }
        answer => Ok(answer),
    }
}
