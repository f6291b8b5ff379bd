//! A Python program that answers lines.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde::de::DeserializeOwned;

use crate::accuracy::kitchen::Kitchen;
use crate::accuracy::python;

/// The versions that cases are made and figures taken with.
const PYTHON_PACKAGES: [&str; 2] = ["opencv-python-headless==5.0.0.93", "pillow==13.0.0"];

/// One running program; it ends when its input does.
pub struct Worker {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Worker {
    /// Starts `script`.
    pub fn start(python: &Path, script: &str) -> Result<Self, String> {
        let mut child = Command::new(python)
            .args(["-W", "ignore", "-c", script])
            // Cases are made side by side already.
            .env("OPENCV_LOG_LEVEL", "OFF")
            .env("OMP_NUM_THREADS", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|e| format!("{}: {e}", python.display()))?;
        let input = child.stdin.take();
        let output = child.stdout.take().ok_or("no output of Python")?;
        Ok(Self {
            child,
            input,
            output: BufReader::new(output),
        })
    }

    /// Sends a line and reads the line of JSON that answers it.
    pub fn ask<T: DeserializeOwned>(&mut self, line: &str) -> Result<T, String> {
        let input = self.input.as_mut().ok_or("Python has ended")?;
        writeln!(input, "{line}").map_err(|e| format!("Python: {e}"))?;
        let mut answer = String::new();
        self.output
            .read_line(&mut answer)
            .map_err(|e| format!("Python: {e}"))?;
        serde_json::from_str(&answer).map_err(|e| format!("Python's answer: {e}"))
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        drop(self.input.take());
        // Its input has ended, so it ends as well; how does not matter any more.
        let _ = self.child.wait();
    }
}

/// A Python of its own with OpenCV and Pillow, made in the kitchen's folder at
/// the first run.
pub fn python(kitchen: &Kitchen) -> Result<PathBuf, String> {
    python::environment(kitchen, "python-photo", "cv2, PIL", &PYTHON_PACKAGES)
}
