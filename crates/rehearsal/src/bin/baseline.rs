//! The command line of the baseline.

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    linux::main()
}

#[cfg(not(target_os = "linux"))]
fn main() -> std::process::ExitCode {
    eprintln!("The baseline needs Linux: descriptor tables per thread.");
    std::process::ExitCode::FAILURE
}

#[cfg(target_os = "linux")]
mod linux {
    use std::net::SocketAddr;
    use std::process::ExitCode;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::Duration;

    use clap::Parser;
    use stentor_rehearsal::baseline::{
        self, BaselineConfig, BaselineCounters, PayloadSource, Upstream,
    };

    /// The least program that sends the same bytes to the same sockets.
    ///
    /// It answers every request with the same bytes at every flush, and looks at nothing. Its processor time per listener is what
    /// no server on this machine can go below. It runs until it is ended, and prints a line a second.
    #[derive(Debug, Parser)]
    #[command(name = "baseline", version)]
    struct BaselineArguments {
        /// Where to listen.
        #[arg(long, default_value = "127.0.0.1:8090", value_name = "IP:PORT")]
        listen: SocketAddr,
        /// Bytes of each flush: 4,000 a second are 32 kbit/s.
        #[arg(long, default_value_t = 4_000)]
        bytes_per_flush: usize,
        /// Send the stream of a server instead, as it comes; with it, flushes are as long as its chunks or longer.
        #[arg(long, value_name = "URL")]
        from: Option<Upstream>,
        /// How often every listener is sent to.
        #[arg(long, default_value_t = 1_000, value_name = "MS")]
        flush_ms: u64,
        /// Parts of a flush; each sends to its share of the listeners.
        #[arg(long, default_value_t = 1)]
        phases: u32,
        /// Descriptor tables, each with a thread: one holds what ulimit -n allows.
        #[arg(long, default_value_t = 1)]
        tables: usize,
        /// Processors to stay on, such as 0 or 2,3 [default: all].
        #[arg(long, value_delimiter = ',')]
        cpus: Vec<usize>,
        /// Say nothing.
        #[arg(long, short)]
        quiet: bool,
    }

    pub(super) fn main() -> ExitCode {
        let arguments = BaselineArguments::parse();
        let config = BaselineConfig {
            listen: arguments.listen,
            payload: match arguments.from {
                Some(source) => PayloadSource::From(source),
                None => PayloadSource::Bytes(arguments.bytes_per_flush),
            },
            flush: Duration::from_millis(arguments.flush_ms.max(1)),
            phases: arguments.phases,
            tables: arguments.tables,
            cpus: arguments.cpus,
        };
        let run = baseline::run(&config, &AtomicBool::new(false), |counts| {
            if !arguments.quiet {
                tell(counts);
            }
        });
        match run {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("baseline: {error}");
                ExitCode::FAILURE
            }
        }
    }

    fn tell(counts: &BaselineCounters) {
        let of = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
        eprintln!(
            "{} listeners, {} sends, {:.1} MB, {} full, {} gone, {} refused, {} late",
            of(&counts.listeners),
            of(&counts.sent),
            of(&counts.bytes) as f64 / 1e6,
            of(&counts.full),
            of(&counts.gone),
            of(&counts.refused),
            of(&counts.late)
        );
    }
}
