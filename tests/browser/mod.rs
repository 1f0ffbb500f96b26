//! A real browser, where one is installed, that opens pages from files with the network off.
//!
//! It is driven over a pipe in the DevTools protocol: JSON messages, each ended by a zero byte. What the page says on
//! the console, what it throws and what it asks for is kept, so that a test can hold that there was none of it.

pub mod promises;
pub mod uses;

use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// How long a slow machine may take for an answer.
const PATIENCE: Duration = Duration::from_secs(120);

pub struct Browser {
    child: Child,
    stdin: Option<ChildStdin>,
    messages: Receiver<Value>,
    sent: u64,
    session: Option<String>,
    events: Vec<Value>,
    dir: tempfile::TempDir,
}

impl Browser {
    /// None, and said so, where no browser is installed.
    pub fn start() -> Option<Self> {
        let names = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
        let Some(program) = names.into_iter().find(|path| Path::new(path).exists()) else {
            crate::run::skipped("no browser is installed");
            return None;
        };
        let dir = tempfile::tempdir().unwrap();
        let mut child = Command::new("sh")
            .args(["-c", "exec \"$0\" \"$@\" 3<&0 4>&1 </dev/null >/dev/null 2>/dev/null", program])
            .args(["--headless", "--no-sandbox", "--remote-debugging-pipe", "--hide-scrollbars"])
            .args([
                "--use-angle=swiftshader",
                "--enable-unsafe-swiftshader",
                "--disable-accelerated-2d-canvas",
            ])
            .args(["--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-sync"])
            .args(["--disable-component-update", "--host-resolver-rules=MAP * ~NOTFOUND"])
            .arg(format!("--user-data-dir={}", dir.path().join("profile").display()))
            .env("HOME", dir.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let stdin = child.stdin.take();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (send, messages) = channel();
        std::thread::spawn(move || {
            for message in stdout.split(0) {
                let Ok(message) = message else { return };
                if send.send(serde_json::from_slice(&message).unwrap()).is_err() {
                    return;
                }
            }
        });
        let mut browser = Self { child, stdin, messages, sent: 0, session: None, events: Vec::new(), dir };
        let target = browser.command("Target.createTarget", json!({"url": "about:blank"}));
        let attach = json!({"targetId": target["targetId"], "flatten": true});
        let attached = browser.command("Target.attachToTarget", attach);
        browser.session = attached["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page", "Runtime", "Log", "Network"] {
            browser.command(&format!("{domain}.enable"), json!({}));
        }
        browser.command("Page.setLifecycleEventsEnabled", json!({"enabled": true}));
        let off = json!({"offline": true, "latency": 0, "downloadThroughput": 0, "uploadThroughput": 0});
        browser.command("Network.emulateNetworkConditions", off);
        Some(browser)
    }

    fn receive(&self) -> Value {
        self.messages.recv_timeout(PATIENCE).expect("the browser answers")
    }

    #[track_caller]
    fn command(&mut self, method: &str, params: Value) -> Value {
        self.sent += 1;
        let mut message = json!({"id": self.sent, "method": method, "params": params});
        if let Some(session) = &self.session {
            message["sessionId"] = session.as_str().into();
        }
        let stdin = self.stdin.as_mut().unwrap();
        stdin.write_all(format!("{message}\0").as_bytes()).unwrap();
        stdin.flush().unwrap();
        loop {
            let mut answer = self.receive();
            if answer["id"] == self.sent {
                assert!(answer.get("error").is_none(), "{method}: {answer}");
                return answer["result"].take();
            }
            self.events.push(answer);
        }
    }

    /// Lets a script run before those of every page that is opened.
    pub fn before(&mut self, script: &str) {
        self.command("Page.addScriptToEvaluateOnNewDocument", json!({"source": script}));
    }

    /// Opens a page from a file.
    pub fn open(&mut self, page: &[u8]) {
        self.open_as("page.html", page);
    }

    /// The same at an address, which begins with its `#`; a page that is open already is opened anew.
    pub fn open_at(&mut self, page: &[u8], address: &str) {
        self.command("Page.navigate", json!({"url": "about:blank"}));
        self.navigate("page.html", page, address);
    }

    /// Opens a file of any kind.
    pub fn open_as(&mut self, name: &str, page: &[u8]) {
        self.navigate(name, page, "");
    }

    fn navigate(&mut self, name: &str, page: &[u8], address: &str) {
        let path = self.dir.path().join(name);
        std::fs::write(&path, page).unwrap();
        self.events.clear();
        let url = format!("file://{}{address}", path.display());
        let loader = self.command("Page.navigate", json!({"url": url}))["loaderId"].take();
        // What was open before may say only now that it has loaded.
        let has_loaded = |event: &Value| {
            event["method"] == "Page.lifecycleEvent"
                && event["params"]["name"] == "load"
                && event["params"]["loaderId"] == loader
        };
        while !self.events.iter().any(has_loaded) {
            let event = self.receive();
            self.events.push(event);
        }
    }

    /// What an expression of the page comes to.
    #[track_caller]
    pub fn ask(&mut self, expression: &str) -> Value {
        let params = json!({"expression": expression, "returnByValue": true, "awaitPromise": true});
        let mut answer = self.command("Runtime.evaluate", params);
        assert!(answer.get("exceptionDetails").is_none(), "{expression}: {answer}");
        answer["result"]["value"].take()
    }

    /// Lets the page draw until it wants nothing more.
    #[track_caller]
    pub fn rest(&mut self) {
        let stuck = self.ask(
            "new Promise(done => { let frames = 0; \
             const look = () => { frames += 1; if (wanted || frames < 3) requestAnimationFrame(look); else done(null); }; \
             requestAnimationFrame(look); \
             setTimeout(() => done(`${frames} frames, wanted: ${wanted}, ${document.visibilityState}`), 60_000); })",
        );
        assert!(stuck.is_null(), "the page does not come to rest: {stuck}");
    }

    /// Sets the size of the page in CSS pixels.
    pub fn resize(&mut self, width: u32, height: u32) {
        let size = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600});
        self.command("Emulation.setDeviceMetricsOverride", size);
    }

    /// Says that the reader likes it dark, or light.
    pub fn set_dark(&mut self, dark: bool) {
        let value = if dark { "dark" } else { "light" };
        let features = json!({"features": [{"name": "prefers-color-scheme", "value": value}]});
        self.command("Emulation.setEmulatedMedia", features);
    }

    /// Presses a key, and lets it go: `Escape`, `ArrowLeft`, or a character.
    pub fn press(&mut self, key: &str) {
        let code = match key {
            "Enter" => 13,
            "Escape" => 27,
            "ArrowLeft" => 37,
            "ArrowUp" => 38,
            "ArrowRight" => 39,
            "ArrowDown" => 40,
            _ => 0,
        };
        let text = if key == "Enter" {
            "\r"
        } else if code == 0 {
            key
        } else {
            ""
        };
        for kind in ["keyDown", "keyUp"] {
            let text = if kind == "keyDown" { text } else { "" };
            let params = json!({"type": kind, "key": key, "text": text, "windowsVirtualKeyCode": code});
            self.command("Input.dispatchKeyEvent", params);
        }
    }

    /// Types a text into what has the focus.
    pub fn type_in(&mut self, text: &str) {
        self.command("Input.insertText", json!({"text": text}));
    }

    /// Clicks with the mouse on the middle of an element.
    pub fn click(&mut self, selector: &str) {
        let place = self.ask(&format!(
            "(() => {{ const b = document.querySelector({selector:?}).getBoundingClientRect(); \
             return {{ x: b.x + b.width / 2, y: b.y + b.height / 2 }}; }})()"
        ));
        for kind in ["mouseMoved", "mousePressed", "mouseReleased"] {
            let mouse =
                json!({"type": kind, "x": place["x"], "y": place["y"], "button": "left", "clickCount": 1});
            self.command("Input.dispatchMouseEvent", mouse);
        }
    }

    /// Drags the mouse across an element, from its middle.
    pub fn drag(&mut self, selector: &str, by: (f64, f64)) {
        let place = self.ask(&format!(
            "(() => {{ const b = document.querySelector({selector:?}).getBoundingClientRect(); \
             return [b.x + b.width / 2, b.y + b.height / 2]; }})()"
        ));
        let (x, y) = (place[0].as_f64().unwrap(), place[1].as_f64().unwrap());
        let steps = [
            ("mouseMoved", 0.0),
            ("mousePressed", 0.0),
            ("mouseMoved", 0.5),
            ("mouseMoved", 1.0),
            ("mouseReleased", 1.0),
        ];
        for (kind, part) in steps {
            let (x, y) = (x + by.0 * part, y + by.1 * part);
            let mouse =
                json!({"type": kind, "x": x, "y": y, "button": "left", "buttons": 1, "clickCount": 1});
            self.command("Input.dispatchMouseEvent", mouse);
        }
    }

    /// What is seen of the page, as a PNG.
    pub fn picture(&mut self) -> Vec<u8> {
        let answer = self.command("Page.captureScreenshot", json!({"format": "png"}));
        let text = answer["data"].as_str().unwrap();
        data_encoding::BASE64.decode(text.as_bytes()).unwrap()
    }

    /// Holds that axe-core, where it is installed, finds nothing that keeps anyone from the page.
    #[track_caller]
    pub fn assert_accessible(&mut self) {
        let axe = crate::run::root().join("target/peers/axe/node_modules/axe-core/axe.min.js");
        let Ok(axe) = std::fs::read_to_string(axe) else {
            return crate::run::skipped("axe-core is not installed: make deps");
        };
        self.ask(&format!("{axe}; 0"));
        let run = "axe.run().then(r => r.violations.map(v => v.id + ': ' + v.nodes.map(n => n.html).join(' ')).join('\\n'))";
        assert_eq!(self.ask(run), "");
    }

    /// Holds that the page said nothing on the console, threw nothing, and asked for nothing but itself.
    #[track_caller]
    pub fn assert_quiet(&mut self) {
        self.ask("0");
        for event in &self.events {
            let url = event["params"]["request"]["url"].as_str().unwrap_or_default();
            let bad = match event["method"].as_str().unwrap_or_default() {
                "Runtime.consoleAPICalled" | "Runtime.exceptionThrown" | "Log.entryAdded" => true,
                "Network.requestWillBeSent" => {
                    !url.split('#').next().unwrap_or_default().ends_with("/page.html")
                        && !url.ends_with("/page.svg")
                        && !url.starts_with("data:")
                }
                _ => false,
            };
            assert!(!bad, "{event}");
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Its pipe closed, the browser ends by itself.
        self.stdin = None;
        let _ = self.child.wait();
    }
}
