//! A real Chromium without a window, spoken to in its own DevTools protocol over
//! a pipe: no port, no web socket, no driver.

use std::io::{self, BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

/// How long one answer may take; a first start on a busy machine is slow.
const ANSWER_WITHIN: Duration = Duration::from_secs(60);
/// Messages in both directions end with this byte.
const END: u8 = 0;

/// A browser with one tab.
pub struct Browser {
    child: Child,
    to: ChildStdin,
    from: Receiver<Value>,
    session: String,
    last_id: u64,
    /// Addresses of every request of the page that is shown.
    requests: Vec<String>,
    /// Errors and warnings of the page that is shown, as the console has them.
    complaints: Vec<String>,
    _profile: TempDir,
}

impl Browser {
    /// Starts it with a window of so many CSS pixels.
    pub fn start(width: u32, height: u32) -> io::Result<Self> {
        let profile = tempfile::tempdir()?;
        // Chromium reads descriptor 3 and writes descriptor 4.
        let mut child = Command::new("bash")
            .args(["-c", "exec chromium \"$@\" 3<&0 4>&1 </dev/null >/dev/null"])
            .args([
                "chromium",
                "--headless=new",
                "--no-sandbox",
                "--disable-gpu",
            ])
            .args([
                "--disable-dev-shm-usage",
                "--no-first-run",
                "--hide-scrollbars",
            ])
            .args(["--disable-background-networking", "--remote-debugging-pipe"])
            .arg(format!("--window-size={width},{height}"))
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg("about:blank")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let (Some(to), Some(from)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(io::Error::other("no pipes to chromium"));
        };
        let (sender, receiver) = channel();
        thread::spawn(move || {
            for message in BufReader::new(from).split(END).map_while(Result::ok) {
                let Ok(message) = serde_json::from_slice(&message) else {
                    break;
                };
                if sender.send(message).is_err() {
                    break;
                }
            }
        });
        let mut browser = Self {
            child,
            to,
            from: receiver,
            session: String::new(),
            last_id: 0,
            requests: Vec::new(),
            complaints: Vec::new(),
            _profile: profile,
        };
        let made = browser.ask("Target.createTarget", &json!({"url": "about:blank"}))?;
        let tab = json!({"targetId": made["targetId"], "flatten": true});
        let attached = browser.ask("Target.attachToTarget", &tab)?;
        browser.session = text(&attached["sessionId"]);
        for domain in ["Page", "Network", "Log", "Runtime"] {
            browser.ask(&format!("{domain}.enable"), &json!({}))?;
        }
        browser.ask("Page.setLifecycleEventsEnabled", &json!({"enabled": true}))?;
        let size =
            json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        browser.ask("Emulation.setDeviceMetricsOverride", &size)?;
        Ok(browser)
    }

    /// Opens a page and waits until it is loaded with everything in it.
    pub fn open(&mut self, address: &str) -> io::Result<()> {
        self.requests.clear();
        self.complaints.clear();
        let went = self.ask("Page.navigate", &json!({"url": address}))?;
        if let Some(why) = went["errorText"].as_str() {
            return Err(io::Error::other(format!("{address}: {why}")));
        }
        let loader = text(&went["loaderId"]);
        self.hear(|message| {
            message["method"] == "Page.lifecycleEvent"
                && message["params"]["name"] == "load"
                && message["params"]["loaderId"] == loader.as_str()
        })
        .map(drop)
    }

    /// What an expression yields on the page, as JSON.
    pub fn value(&mut self, expression: &str) -> io::Result<Value> {
        let asked = json!({"expression": expression, "returnByValue": true, "awaitPromise": true});
        let answer = self.ask("Runtime.evaluate", &asked)?;
        if let Some(thrown) = answer.get("exceptionDetails") {
            return Err(io::Error::other(format!("{expression}: {thrown}")));
        }
        Ok(answer["result"]["value"].clone())
    }

    /// The window as PNG, in base64.
    pub fn picture(&mut self) -> io::Result<String> {
        let answer = self.ask("Page.captureScreenshot", &json!({"format": "png"}))?;
        Ok(text(&answer["data"]))
    }

    /// Addresses of every request since the page was opened, itself first.
    pub fn requests(&self) -> &[String] {
        &self.requests
    }

    /// What the console complained of since the page was opened.
    pub fn complaints(&self) -> &[String] {
        &self.complaints
    }

    fn ask(&mut self, method: &str, params: &Value) -> io::Result<Value> {
        self.last_id += 1;
        let id = self.last_id;
        let mut message = json!({"id": id, "method": method, "params": params});
        if !self.session.is_empty() {
            message["sessionId"] = json!(self.session);
        }
        let mut bytes = message.to_string().into_bytes();
        bytes.push(END);
        self.to.write_all(&bytes)?;
        let mut answer = self.hear(|message| message["id"] == id)?;
        match answer.get("error") {
            Some(error) => Err(io::Error::other(format!("{method}: {error}"))),
            None => Ok(answer["result"].take()),
        }
    }

    /// Takes in messages until the one that is waited for.
    fn hear(&mut self, is_it: impl Fn(&Value) -> bool) -> io::Result<Value> {
        loop {
            let message = self.from.recv_timeout(ANSWER_WITHIN).map_err(|e| {
                io::Error::other(format!("chromium does not answer (is it installed?): {e}"))
            })?;
            self.note(&message);
            if is_it(&message) {
                return Ok(message);
            }
        }
    }

    fn note(&mut self, message: &Value) {
        let params = &message["params"];
        match message["method"].as_str() {
            Some("Network.requestWillBeSent") => {
                self.requests.push(text(&params["request"]["url"]));
            }
            Some("Log.entryAdded")
                if matches!(params["entry"]["level"].as_str(), Some("error" | "warning")) =>
            {
                self.complaints.push(params["entry"].to_string());
            }
            Some("Runtime.consoleAPICalled" | "Runtime.exceptionThrown") => {
                self.complaints.push(params.to_string());
            }
            _ => {}
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
