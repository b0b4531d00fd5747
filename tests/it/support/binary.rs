//! The product as its users run it: the binary, in a process of its own.

use std::process::Stdio;
use std::time::Duration;

use hindsight::engine::store::Location;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::Mutex;

use super::home::Home;

/// The binary with these arguments, on a home.
pub fn hindsight(home: &Home, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hindsight"));
    command.args(arguments).kill_on_drop(true);
    match home.log() {
        Location::Sqlite(file) => command.env("HINDSIGHT_DATA_DIR", file.parent().expect("a folder")),
        Location::Postgres(url) => command.env("HINDSIGHT_DATABASE_URL", url),
    };
    command
}

/// What a run of the binary printed, and whether it ended well.
pub struct Ran {
    pub well: bool,
    pub output: String,
    pub errors: String,
}

/// Runs the binary to its end.
pub async fn run(home: &Home, arguments: &[&str]) -> Ran {
    let ran = hindsight(home, arguments).stdin(Stdio::null()).output().await.expect("the binary runs");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    Ran { well: ran.status.success(), output: text(ran.stdout), errors: text(ran.stderr) }
}

/// A running `hindsight serve`.
pub struct Served {
    child: Mutex<Child>,
    pid: String,
    url: String,
    http: reqwest::Client,
}

impl Served {
    /// Starts the binary on a home and a free port, and waits until it says where it answers.
    pub async fn start(home: &Home) -> Self {
        Self::start_with(home, &["serve"]).await
    }

    /// The same with arguments of the test's own; without a subcommand, too.
    pub async fn start_with(home: &Home, arguments: &[&str]) -> Self {
        let mut command = hindsight(home, arguments);
        command.args(["--listen", "127.0.0.1:0"]).stdout(Stdio::piped());
        let mut child = command.spawn().expect("the binary starts");
        let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let line = tokio::time::timeout(Duration::from_secs(100), lines.next_line()).await;
        let line = line.expect("within 100 s").expect("a line").expect("a line before the end");
        let url = line.split_whitespace().last().expect("an address").to_owned();
        let pid = child.id().expect("a process").to_string();
        Self { child: Mutex::new(child), pid, url, http: reqwest::Client::new() }
    }

    /// Where it answers.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The whole response to a request, or why there was none.
    pub async fn ask(&self, query: &str, variables: Value) -> reqwest::Result<Value> {
        let body = json!({ "query": query, "variables": variables });
        self.http.post(&self.url).json(&body).send().await?.json().await
    }

    /// Ends the process as a power cut would: no signal it could hear.
    pub fn kill(&self) {
        self.signal("-KILL");
    }

    /// Asks the process to end, and says how it did.
    pub async fn terminate(&self) -> std::process::ExitStatus {
        self.signal("-TERM");
        self.child.lock().await.wait().await.expect("it ends")
    }

    /// Memory the process holds.
    pub fn resident_mebibytes(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid)).expect("its status");
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("its memory");
        let kibibytes: u64 = line.split_whitespace().nth(1).and_then(|n| n.parse().ok()).expect("a number");
        kibibytes / 1024
    }

    fn signal(&self, signal: &str) {
        let sent = std::process::Command::new("kill").args([signal, &self.pid]).status().expect("kill runs");
        assert!(sent.success());
    }
}
