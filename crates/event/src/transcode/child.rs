//! A child process that harms nobody: alone in its group, without an environment, last in line, and killed when it is let go.

use std::fs;
use std::io;
use std::path::Path;
use std::process::{ExitStatus, Stdio};

use rustix::process::{Pid, Signal, kill_process_group, setpriority_pgrp};
use tokio::process::{self, ChildStderr, ChildStdin, ChildStdout, Command};

/// Which the kernel kills first when memory is short (proc_pid_oom_score_adj(5)): nobody but its own listeners miss it.
const OOM_SCORE: &str = "1000";

/// How far behind everything else it is (nice values).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Claim {
    /// Somebody waits for each second of it.
    Live = 10,
    /// It may take as long as it likes.
    Idle = 19,
}

/// A child with its three pipes.
pub(super) struct Child {
    process: process::Child,
    group: Option<Pid>,
}

/// The ends of its pipes.
pub(super) struct Pipes {
    pub(super) stdin: ChildStdin,
    pub(super) stdout: ChildStdout,
    pub(super) stderr: ChildStderr,
}

impl Child {
    /// Starts a program.
    ///
    /// # Errors
    /// The system's: there is no such program, or no process to be had.
    pub(super) fn start(
        program: &Path,
        args: &[String],
        claim: Claim,
    ) -> io::Result<(Self, Pipes)> {
        let mut process = Command::new(program)
            .args(args)
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()?;
        let id = process.id().and_then(|id| i32::try_from(id).ok());
        let group = id.and_then(Pid::from_raw);
        if let Some(group) = group {
            // What is refused here costs fairness, and no more.
            let _ = setpriority_pgrp(Some(group), claim as i32);
            let _ = fs::write(
                format!("/proc/{}/oom_score_adj", group.as_raw_nonzero()),
                OOM_SCORE,
            );
        }
        let pipes = (
            process.stdin.take(),
            process.stdout.take(),
            process.stderr.take(),
        );
        let (Some(stdin), Some(stdout), Some(stderr)) = pipes else {
            return Err(io::Error::other("a child has no pipes"));
        };
        let pipes = Pipes {
            stdin,
            stdout,
            stderr,
        };
        Ok((Self { process, group }, pipes))
    }

    /// Waits until it has ended.
    ///
    /// # Errors
    /// The system's.
    pub(super) async fn wait(&mut self) -> io::Result<ExitStatus> {
        self.process.wait().await
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // While it is not waited for, its number is its own. What it has started itself goes with it.
        if let (Some(group), Some(_)) = (self.group, self.process.id()) {
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}
