//! A wire between the daemon and a server that can be cut and mended.

use std::io;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

/// A relay on a loopback port of its own. It lives as long as the process.
pub struct Relay {
    port: u16,
    is_cut: Arc<AtomicBool>,
}

impl Relay {
    /// Passes everything on to `port` on loopback.
    pub fn to(port: u16) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let relay = Self {
            port: listener.local_addr()?.port(),
            is_cut: Arc::default(),
        };
        let is_cut = relay.is_cut.clone();
        thread::spawn(move || {
            for near in listener.incoming().flatten() {
                if is_cut.load(Ordering::Acquire) {
                    continue;
                }
                if let Ok(far) = TcpStream::connect(("127.0.0.1", port)) {
                    pass(&near, &far);
                    pass(&far, &near);
                }
            }
        });
        Ok(relay)
    }

    /// Where it listens.
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Cuts the wire for new connections, or mends it.
    pub fn cut(&self, cut: bool) {
        self.is_cut.store(cut, Ordering::Release);
    }
}

/// Passes bytes one way until either end closes.
fn pass(from: &TcpStream, to: &TcpStream) {
    let (Ok(mut from), Ok(mut to)) = (from.try_clone(), to.try_clone()) else {
        return;
    };
    thread::spawn(move || {
        let _ = io::copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Write);
    });
}
