//! A wire between the daemon and a server that can be cut and mended.

use std::io;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// A relay on a loopback port of its own. It lives as long as the process.
pub struct Relay {
    port: u16,
    is_cut: Arc<AtomicBool>,
    open: Arc<Mutex<Vec<TcpStream>>>,
}

impl Relay {
    /// Passes everything on to `port` on loopback.
    pub fn to(port: u16) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let relay = Self {
            port: listener.local_addr()?.port(),
            is_cut: Arc::default(),
            open: Arc::default(),
        };
        let (is_cut, open) = (relay.is_cut.clone(), relay.open.clone());
        thread::spawn(move || {
            for near in listener.incoming().flatten() {
                if is_cut.load(Ordering::Acquire) {
                    continue;
                }
                if let Ok(far) = TcpStream::connect(("127.0.0.1", port)) {
                    pass(&near, &far);
                    pass(&far, &near);
                    open.lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .extend([near, far]);
                }
            }
        });
        Ok(relay)
    }

    /// Where it listens.
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Cuts the wire, open connections and new ones, or mends it.
    pub fn cut(&self, cut: bool) {
        self.is_cut.store(cut, Ordering::Release);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        for end in open.drain(..).filter(|_| cut) {
            let _ = end.shutdown(Shutdown::Both);
        }
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
