//! Takes connections, only so many at once and each only for so long: a client
//! that hangs or floods takes the pages away, never the daemon's descriptors.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::serve::Listener;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::port::clock::Clock;

/// Most connections at once. A named guess: a few browsers (six each) and a
/// scraper.
const SEATS: usize = 64;
/// How long one connection may last; browsers and scrapers open another. A
/// named guess: a few page refreshes.
const SEATED_WITHIN: Duration = Duration::from_secs(60);

/// A listener with a limited number of seats.
pub(super) struct Seats {
    listener: TcpListener,
    free: Arc<Semaphore>,
    clock: Arc<dyn Clock>,
}

impl Seats {
    pub(super) fn new(listener: TcpListener, clock: Arc<dyn Clock>) -> Self {
        Self {
            listener,
            free: Arc::new(Semaphore::new(SEATS)),
            clock,
        }
    }
}

impl Listener for Seats {
    type Io = Seated;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Seated, SocketAddr) {
        // The semaphore is never closed, so there is always a seat in the end.
        let seat = self.free.clone().acquire_owned().await.ok();
        let (stream, address) = Listener::accept(&mut self.listener).await;
        let clock = self.clock.clone();
        let seated = Seated {
            stream,
            over: Box::pin(async move { clock.sleep(SEATED_WITHIN).await }),
            _seat: seat,
        };
        (seated, address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// A connection that has a seat until its time is over.
pub(super) struct Seated {
    stream: TcpStream,
    over: Pin<Box<dyn Future<Output = ()> + Send>>,
    _seat: Option<OwnedSemaphorePermit>,
}

impl Seated {
    /// The stream while its time lasts, then an error, however often asked.
    fn in_time(&mut self, cx: &mut Context<'_>) -> io::Result<Pin<&mut TcpStream>> {
        match self.over.as_mut().poll(cx) {
            Poll::Ready(()) => {
                self.over = Box::pin(std::future::ready(()));
                Err(io::ErrorKind::TimedOut.into())
            }
            Poll::Pending => Ok(Pin::new(&mut self.stream)),
        }
    }
}

impl AsyncRead for Seated {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut().in_time(cx) {
            Ok(stream) => stream.poll_read(cx, buffer),
            Err(error) => Poll::Ready(Err(error)),
        }
    }
}

impl AsyncWrite for Seated {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut().in_time(cx) {
            Ok(stream) => stream.poll_write(cx, bytes),
            Err(error) => Poll::Ready(Err(error)),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}
