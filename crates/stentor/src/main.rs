//! Stentor: one live audio conversation that millions can hear, from one binary.
//!
//! Read it in this order: [`cli`] takes the command, [`config`] what the operator decided, [`roles`] puts together the parts
//! this process runs, [`serve`] lets people in and keeps the parts running until it is told to leave.
//!
//! # Layers
//!
//! A module may import only those above it.
//!
//! | module | what | knows |
//! |---|---|---|
//! | `version` | which program this is | |
//! | `stdout` | prints for whoever started the program | |
//! | `config` | what the operator decides before the start | |
//! | `certificate` | for whom a certificate is, and until when | |
//! | `tls` | where the certificate comes from | `config`, `certificate` |
//! | `threads` | which thread goes before which | `config` |
//! | `mail` | the way mail goes out | `config` |
//! | `error` | what keeps a command from being carried out | `config`, `tls`, `mail` |
//! | `logging` | the log, on standard error | |
//! | `data_dir` | the folder everything is kept in | |
//! | `notify` | what systemd is told | |
//! | `when` | when an event starts, as people write it | |
//! | `disk` | how much room the data folder has | `data_dir` |
//! | `policy` | what the configuration decides about every event | `config`, `event` |
//! | `event_report` | one event as its operator reads it | `event`, `when` |
//! | `links` | the links of events, as the operator reads them | `event`, `event_report` |
//! | `signals` | what the system tells the process | |
//! | `ladder` | moves the edge up and down the ladder as the load asks | `edge`, `core` |
//! | `operator` | the operator's port: every metric, in one table | `edge`, `studio`, `event`, `ladder`, `disk` |
//! | `memory` | how much may be used | |
//! | `check` | whether a server can start, told before it is needed | all of the above |
//! | `serve` | the ports, and what is looked after until the end | all |
//! | `roles` | which parts a process runs | all |
//! | `cli` | the command line | all |

mod certificate;
mod check;
mod cli;
mod config;
mod data_dir;
mod disk;
mod error;
mod event_report;
mod ladder;
mod links;
mod logging;
mod mail;
mod memory;
mod notify;
mod operator;
mod policy;
mod roles;
mod serve;
mod signals;
mod stdout;
mod threads;
mod tls;
mod version;
mod when;

use std::process::ExitCode;

fn main() -> ExitCode {
    match cli::run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("stentor: {error}");
            ExitCode::from(error.exit_code())
        }
    }
}
