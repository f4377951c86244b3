//! Running the programmes.

use std::net::SocketAddr;
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

/// How long what must happen may take on a machine that does other things too.
const PATIENCE: Duration = Duration::from_secs(30);

/// What `look` finds, looked for again and again until it is there.
pub(crate) fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let until = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < until, "not within {PATIENCE:?}: {what}");
        thread::sleep(Duration::from_millis(10));
    }
}

/// What a run of the herd has said.
pub(crate) struct HerdOutput {
    pub(crate) code: Option<i32>,
    pub(crate) report: Value,
    pub(crate) complaint: String,
}

impl HerdOutput {
    pub(crate) fn number(&self, pointer: &str) -> u64 {
        let value = self.report.pointer(pointer).and_then(Value::as_u64);
        value.unwrap_or_else(|| panic!("{pointer} is no number in {:#}", self.report))
    }

    pub(crate) fn ms(&self, pointer: &str) -> f64 {
        let value = self.report.pointer(pointer).and_then(Value::as_f64);
        value.unwrap_or_else(|| panic!("{pointer} is no time in {:#}", self.report))
    }

    /// Asserts that these and no other reasons are counted.
    pub(crate) fn reasons(&self, pointer: &str, expected: &[(&str, u64)]) {
        let expected: Value = expected
            .iter()
            .map(|&(k, v)| (k.to_owned(), v.into()))
            .collect::<serde_json::Map<_, _>>()
            .into();
        assert_eq!(self.report.pointer(pointer), Some(&expected));
    }
}

/// Ten listeners within 200 ms, two seconds in all, unless `more` says otherwise.
pub(crate) fn herd(server: SocketAddr, more: &[&str]) -> HerdOutput {
    let connect = server.to_string();
    let mut command = Command::new(env!("CARGO_BIN_EXE_herd"));
    command.args(["--connect", &connect, "--json", "-", "--quiet", "--strict"]);
    for (flag, value) in [
        ("--path", "/e/x/48/live.mp4"),
        ("--listeners", "10"),
        ("--rate", "50/s"),
        ("--arrivals", "constant"),
        ("--seconds", "2"),
        ("--hash-every", "1"),
        ("--listen-every", "10"),
        // A machine that compiles beside the tests lags; only one test is about that.
        ("--lag-limit-ms", "60000"),
    ] {
        if !more.contains(&flag) {
            command.args([flag, value]);
        }
    }
    said(&command.args(more).output().expect("the herd runs"))
}

pub(crate) fn said(output: &Output) -> HerdOutput {
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    HerdOutput {
        code: output.status.code(),
        report: serde_json::from_slice(&output.stdout).unwrap_or(Value::Null),
        complaint,
    }
}

/// A baseline that ends with the test.
pub(crate) struct BaselineProcess(std::process::Child);

impl BaselineProcess {
    pub(crate) fn run(listen: SocketAddr, more: &[&str]) -> Self {
        let listen = listen.to_string();
        let mut command = Command::new(env!("CARGO_BIN_EXE_baseline"));
        command.args(["--listen", &listen, "--quiet"]).args(more);
        let child = command.stderr(Stdio::null()).spawn();
        Self(child.expect("the baseline runs"))
    }
}

impl Drop for BaselineProcess {
    fn drop(&mut self) {
        // It may have ended by itself, which the test then has found out otherwise.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
