//! Stentor: one live audio conversation that millions can hear, from one binary.
//!
//! `main` reads the command line and hands over; everything that runs is put together in [`app`].

mod api;
mod app;
mod cli;
mod config;
mod demo;
mod director;
mod error;
mod event;
mod ladder;
mod operator;
mod pages;
mod programme;
mod recorder;
mod say;
mod secret;
mod shelf;
mod tls;
mod wire;

use std::process::ExitCode;

fn main() -> ExitCode {
    match cli::run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("stentor: {error}");
            ExitCode::FAILURE
        }
    }
}
