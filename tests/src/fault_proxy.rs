//! A proxy on loopback that passes HTTP on and, once, loses a reply.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// Runs until dropped.
pub struct FaultProxy {
    address: SocketAddr,
    lost: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl FaultProxy {
    /// Passes everything on to `upstream`, but loses the replies to the first
    /// `losses` requests whose first line holds both `method` and `mark`: the
    /// server acts, and the client sees its connection end.
    pub async fn start(
        upstream: u16,
        method: &'static str,
        mark: &'static str,
        losses: usize,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let lost = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&lost);
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let rule = Rule {
                    method,
                    mark,
                    losses,
                    lost: Arc::clone(&counted),
                };
                // A connection that ends in an error is what clients must bear.
                tokio::spawn(async move { pass(client, upstream, &rule).await });
            }
        });
        Ok(Self {
            address,
            lost,
            task,
        })
    }

    /// `http://127.0.0.1:…`
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Replies lost so far.
    pub fn lost(&self) -> usize {
        self.lost.load(Ordering::SeqCst)
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Which replies get lost.
struct Rule {
    method: &'static str,
    mark: &'static str,
    losses: usize,
    lost: Arc<AtomicUsize>,
}

impl Rule {
    /// Whether these bytes begin a request whose reply is to be lost.
    fn takes(&self, bytes: &[u8]) -> bool {
        let line = bytes
            .split(|byte| *byte == b'\r')
            .next()
            .unwrap_or_default();
        let line = String::from_utf8_lossy(line);
        if !line.starts_with(self.method) || !line.contains(self.mark) {
            return false;
        }
        self.lost
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |lost| {
                (lost < self.losses).then_some(lost + 1)
            })
            .is_ok()
    }
}

async fn pass(mut client: TcpStream, upstream: u16, rule: &Rule) -> io::Result<()> {
    let mut server = TcpStream::connect(("127.0.0.1", upstream)).await?;
    let mut up = vec![0; 64 << 10];
    let mut down = vec![0; 64 << 10];
    let mut lose = false;
    loop {
        tokio::select! {
            count = client.read(&mut up) => {
                let bytes = up.get(..count?).unwrap_or_default();
                if bytes.is_empty() {
                    return Ok(());
                }
                lose |= rule.takes(bytes);
                server.write_all(bytes).await?;
            }
            count = server.read(&mut down) => {
                let bytes = down.get(..count?).unwrap_or_default();
                if bytes.is_empty() || lose {
                    return Ok(());
                }
                client.write_all(bytes).await?;
            }
        }
    }
}
