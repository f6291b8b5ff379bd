//! A real S3 server for tests: SeaweedFS on loopback, gone when dropped.

use std::fs::File;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::{BehaviorVersion, Config, Credentials, Region};
use aws_sdk_s3::types::{BucketVersioningStatus, VersioningConfiguration};
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use tempfile::TempDir;

/// Where the set-up script puts the server, from the workspace's root.
const WEED: &str = ".tools/seaweedfs/4.48/bin/weed";

/// The one access key that the server knows.
pub const ACCESS_KEY: &str = "unbroken-test";
/// Its secret.
pub const SECRET_KEY: &str = "unbroken-test-secret";

/// What a bucket can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bucket {
    /// Neither versions nor locks.
    Plain,
    /// Keeps versions.
    Versioned,
    /// Keeps versions and can lock them.
    Locking,
}

/// A running server.
pub struct SeaweedFs {
    child: Child,
    port: u16,
    /// Data, configuration and log; removed with the server.
    _home: TempDir,
}

impl SeaweedFs {
    /// Starts a server with nothing in it and waits until it answers.
    pub fn start() -> io::Result<Self> {
        let weed = workspace().join(WEED);
        if !weed.is_file() {
            return Err(io::Error::other(format!(
                "{} is missing: run tests/setup/seaweedfs.sh once (./test does it)",
                weed.display()
            )));
        }
        let home = tempfile::tempdir()?;
        let identities = serde_json::json!({"identities": [{
            "name": "test",
            "credentials": [{"accessKey": ACCESS_KEY, "secretKey": SECRET_KEY}],
            "actions": ["Admin", "Read", "Write", "List", "Tagging"],
        }]});
        let config = home.path().join("s3.json");
        std::fs::write(&config, identities.to_string())?;
        let data = home.path().join("data");
        std::fs::create_dir(&data)?;
        let log_path = home.path().join("log");
        let log = File::create(&log_path)?;
        let ports = free_ports::<8>()?;
        let [port, ..] = ports;
        let child = Command::new(&weed)
            .arg(format!("-logdir={}", home.path().display()))
            .args(["server", "-ip=127.0.0.1", "-ip.bind=127.0.0.1"])
            .args(["-filer", "-s3", "-s3.port.iceberg=0", "-s3.port.lance=0"])
            .args(["-master.telemetry=false", "-s3.autoCreateBucket=false"])
            .args(["-master.volumeSizeLimitMB=64", "-volume.max=100"])
            .arg(format!("-dir={}", data.display()))
            .arg(format!("-s3.config={}", config.display()))
            .args(port_arguments(ports))
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()?;
        let mut server = Self {
            child,
            port,
            _home: home,
        };
        server.wait_until_ready(&log_path)?;
        Ok(server)
    }

    /// Where it listens, on loopback only.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// `http://127.0.0.1:…`
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// A bare client, to prepare and to look behind the store's back.
    pub fn client(&self) -> Client {
        let http = aws_smithy_http_client::Builder::new()
            .tls_provider(Provider::Rustls(CryptoMode::Ring))
            .build_https();
        let config = Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new("us-east-1"))
            .credentials_provider(Credentials::new(
                ACCESS_KEY, SECRET_KEY, None, None, "tests",
            ))
            .http_client(http)
            .endpoint_url(self.endpoint())
            .force_path_style(true)
            .build();
        Client::from_conf(config)
    }

    /// Makes an empty bucket.
    pub async fn make_bucket(&self, name: &str, kind: Bucket) -> io::Result<()> {
        let client = self.client();
        let mut create = client.create_bucket().bucket(name);
        if kind == Bucket::Locking {
            create = create.object_lock_enabled_for_bucket(true);
        }
        create.send().await.map_err(io::Error::other)?;
        if kind != Bucket::Plain {
            let enabled = VersioningConfiguration::builder()
                .status(BucketVersioningStatus::Enabled)
                .build();
            client
                .put_bucket_versioning()
                .bucket(name)
                .versioning_configuration(enabled)
                .send()
                .await
                .map_err(io::Error::other)?;
        }
        Ok(())
    }

    /// Ready is: answers HTTP. Up to two minutes on a busy machine.
    fn wait_until_ready(&mut self, log: &Path) -> io::Result<()> {
        let pause = Duration::from_millis(200);
        for _ in 0..600 {
            if let Some(status) = self.child.try_wait()? {
                let log = std::fs::read_to_string(log)?;
                return Err(io::Error::other(format!("weed ended, {status}:\n{log}")));
            }
            if answers(self.port).is_ok() {
                return Ok(());
            }
            std::thread::sleep(pause);
        }
        let log = std::fs::read_to_string(log)?;
        Err(io::Error::other(format!("weed does not answer:\n{log}")))
    }
}

impl Drop for SeaweedFs {
    fn drop(&mut self) {
        // It may have ended by itself; there is nothing left to do then.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn workspace() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}

/// Ports that were free a moment ago, all different.
fn free_ports<const N: usize>() -> io::Result<[u16; N]> {
    let mut listeners = Vec::new();
    let mut ports = [0; N];
    for port in &mut ports {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        *port = listener.local_addr()?.port();
        listeners.push(listener);
    }
    Ok(ports)
}

fn port_arguments(ports: [u16; 8]) -> impl Iterator<Item = String> {
    [
        "s3.port",
        "s3.port.grpc",
        "master.port",
        "master.port.grpc",
        "volume.port",
        "volume.port.grpc",
        "filer.port",
        "filer.port.grpc",
    ]
    .into_iter()
    .zip(ports)
    .map(|(name, port)| format!("-{name}={port}"))
}

fn answers(port: u16) -> io::Result<()> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(Duration::from_secs(2)))?;
    stream.write_all(b"GET /status HTTP/1.0\r\n\r\n")?;
    let mut head = [0; 12];
    stream.read_exact(&mut head)?;
    if head.ends_with(b"200") {
        return Ok(());
    }
    Err(io::Error::other("not ready"))
}
