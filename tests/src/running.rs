//! The real daemon as a process, with a share, a state folder and a config of
//! its own.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::Duration;

use tempfile::TempDir;

/// Pause between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// A place for a daemon: folders and config, kept from start to start.
pub struct Place {
    dir: TempDir,
    port: u16,
    program: PathBuf,
    environment: Vec<(String, String)>,
}

/// A daemon under way.
pub struct Running {
    child: Child,
}

impl Place {
    /// A new place. Waits are short, because tests drop whole files.
    /// `more` is added to the config.
    pub fn new(program: &str, more: &str) -> io::Result<Self> {
        let dir = tempfile::tempdir()?;
        let place = Self {
            dir,
            port: free_port()?,
            program: program.into(),
            environment: Vec::new(),
        };
        fs::create_dir_all(place.share())?;
        let config = format!(
            "version = 1\n\
             [share]\npaths = [\"{}\"]\n\
             [state]\ndir = \"{}\"\n\
             [watch]\nscan_interval_s = 0.3\n\
             [settle]\nquiet_s = 0.3\nquiet_client_s = 0.3\nincomplete_closed_s = 1.0\nincomplete_unknown_s = 1.0\nrecheck_max_s = 0.5\n\
             [retry]\nbase_s = 0.05\ncap_s = 0.5\n\
             [web]\nbind = \"127.0.0.1:{}\"\n\
             {more}\n",
            place.share().display(),
            place.state().display(),
            place.port,
        );
        fs::write(place.config(), config)?;
        Ok(place)
    }

    /// Sets a variable for every later start.
    pub fn set(&mut self, name: &str, value: &str) {
        self.environment.retain(|(known, _)| known != name);
        self.environment.push((name.to_owned(), value.to_owned()));
    }

    /// Takes a variable back.
    pub fn unset(&mut self, name: &str) {
        self.environment.retain(|(known, _)| known != name);
    }

    /// The share.
    pub fn share(&self) -> PathBuf {
        self.dir.path().join("share")
    }

    /// The address of the status page.
    pub fn page(&self) -> String {
        format!("http://127.0.0.1:{}/", self.port)
    }

    /// The state folder.
    pub fn state(&self) -> PathBuf {
        self.dir.path().join("state")
    }

    /// The config file.
    pub fn config(&self) -> PathBuf {
        self.dir.path().join("unbroken.toml")
    }

    /// The original bytes of every content in the directory store.
    pub fn originals(&self) -> Vec<PathBuf> {
        let mut found = files_beneath(&self.state().join("store/evidence"));
        found.retain(|path| path.ends_with("original"));
        found
    }

    /// The log of all starts.
    pub fn log(&self) -> PathBuf {
        self.dir.path().join("log")
    }

    /// The program with a subcommand and this place's config, ready to run.
    pub fn command(&self, subcommand: &str) -> Command {
        let mut command = Command::new(&self.program);
        command.arg(subcommand).arg("--config").arg(self.config());
        command.envs(
            self.environment
                .iter()
                .map(|(n, v)| (n.as_str(), v.as_str())),
        );
        command
    }

    /// Starts the daemon.
    pub fn start(&self) -> io::Result<Running> {
        let log = fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.log())?;
        let child = self
            .command("run")
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()?;
        Ok(Running { child })
    }

    /// Writes a file into the share as a client does that renames when done.
    pub fn drop_file(&self, at: &str, bytes: &[u8]) -> io::Result<PathBuf> {
        let path = self.share().join(at);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&path, bytes)?;
        Ok(path)
    }
}

impl Running {
    /// Waits until the daemon has ended by itself.
    pub fn wait_for_end(&mut self, at_most: Duration) -> io::Result<Option<ExitStatus>> {
        for _ in 0..looks(at_most) {
            if let Some(status) = self.child.try_wait()? {
                return Ok(Some(status));
            }
            sleep(LOOK_EVERY);
        }
        Ok(None)
    }

    /// Waits until `done` says so. `false` if it never does or the daemon ends.
    pub fn wait_until(&mut self, at_most: Duration, mut done: impl FnMut() -> bool) -> bool {
        for _ in 0..looks(at_most) {
            if done() {
                return true;
            }
            if !matches!(self.child.try_wait(), Ok(None)) {
                return done();
            }
            sleep(LOOK_EVERY);
        }
        done()
    }

    /// Sends a signal by number.
    pub fn signal(&self, name: &str) -> io::Result<()> {
        let status = Command::new("kill")
            .arg(format!("-{name}"))
            .arg(self.child.id().to_string())
            .status()?;
        if status.success() {
            Ok(())
        } else {
            Err(io::Error::other("kill failed"))
        }
    }

    /// Stops it cleanly.
    pub fn stop(mut self) -> io::Result<Option<ExitStatus>> {
        self.signal("TERM")?;
        self.wait_for_end(Duration::from_secs(15))
    }

    /// Kills it.
    pub fn kill(mut self) -> io::Result<()> {
        self.child.kill()?;
        self.child.wait().map(drop)
    }

    /// The process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn looks(at_most: Duration) -> u128 {
    at_most.as_millis() / LOOK_EVERY.as_millis() + 1
}

/// A port that was free a moment ago.
fn free_port() -> io::Result<u16> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?
        .local_addr()?
        .port())
}

/// Every regular file beneath a folder, sorted.
pub fn files_beneath(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut stack = vec![folder.to_owned()];
    while let Some(at) = stack.pop() {
        for entry in fs::read_dir(&at).into_iter().flatten().flatten() {
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => stack.push(entry.path()),
                Ok(kind) if kind.is_file() => found.push(entry.path()),
                _ => {}
            }
        }
    }
    found.sort();
    found
}
