//! The command line of the herd.

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    linux::main()
}

#[cfg(not(target_os = "linux"))]
fn main() -> std::process::ExitCode {
    eprintln!("The herd needs Linux: descriptor tables per thread and addresses in 127.0.0.0/8.");
    std::process::ExitCode::FAILURE
}

#[cfg(target_os = "linux")]
mod linux {
    use std::fs;
    use std::io::{self, Write as _};
    use std::net::{SocketAddr, ToSocketAddrs};
    use std::path::PathBuf;
    use std::process::ExitCode;
    use std::time::Duration;

    use clap::{Parser, ValueEnum};
    use stentor_rehearsal::herd::{
        self, Arrivals, Face, Format, Progress, RunConfig, Sources, Thresholds, Transport,
    };

    /// The run says nothing of the server, because the herd itself did not keep up.
    const EXIT_INVALID: u8 = 3;

    /// With --strict: the herd kept up and listeners have something to complain about.
    const EXIT_COMPLAINTS: u8 = 4;

    /// A crowd of real listeners for a Stentor server.
    ///
    /// Every listener is a connection that reads its whole stream: it checks order, gaps, hashes and lateness, and plays a model
    /// of a buffer. Listeners arrive on their own schedule, whether the server keeps up or not. First figures:
    ///
    ///   stentor serve --demo --listen 127.0.0.1:8080 --data DIR
    ///
    ///   herd --connect 127.0.0.1:8080 --path /e/demo/48/live.mp4 --listeners 1000 --rate 200/s --seconds 20
    ///
    /// On a machine that also does other things, `chrt -f 5 herd ...` keeps the herd from lagging, and the run valid.
    ///
    /// Exit code: 0 the run is valid; 1 it could not begin; 2 wrong arguments; 3 the herd did not keep up, so the figures mean
    /// nothing; 4 with --strict, somebody missed something.
    #[derive(Debug, Parser)]
    #[command(name = "herd", version, verbatim_doc_comment)]
    struct HerdArguments {
        /// Where the server listens.
        #[arg(long, value_name = "HOST:PORT")]
        connect: String,
        /// Come over TLS, with a full handshake each. Any certificate is taken: a herd tests a server, it does not trust it.
        #[arg(long)]
        tls: bool,
        /// With --tls: go on with sessions of those who came before, where the server allows it.
        #[arg(long, requires = "tls")]
        tls_resume: bool,
        /// What to ask for.
        #[arg(long, default_value = "/e/demo/48/live.mp4")]
        path: String,
        /// How many listeners come.
        #[arg(long, default_value_t = 100)]
        listeners: usize,
        /// How many arrive each second.
        #[arg(long, default_value = "10/s", value_parser = rate, value_name = "N/s")]
        rate: f64,
        /// How they arrive at that rate.
        #[arg(long, value_enum, default_value_t = ArrivalLaw::Poisson)]
        arrivals: ArrivalLaw,
        /// Arrivals by a recorded curve instead: a file with lines SECONDS,ARRIVALS_PER_SECOND.
        #[arg(long, value_name = "FILE")]
        curve: Option<PathBuf>,
        /// How long the run lasts, arrivals included.
        #[arg(long, default_value_t = 30.0)]
        seconds: f64,
        /// Addresses to come from, such as 127.1.0.0/24; needed above 28,000 listeners.
        #[arg(long, value_name = "NETWORK")]
        sources: Option<Sources>,
        /// Threads, each with a descriptor table [default: as few as hold the listeners].
        #[arg(long)]
        workers: Option<usize>,
        /// Processors to stay on, such as 1 or 2,3 [default: all].
        #[arg(long, value_delimiter = ',')]
        cpus: Vec<usize>,
        /// The same seed makes the same schedule.
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// The path is a media playlist, such as /e/demo/48/index.m3u8: come by HLS, one connection kept for all.
        #[arg(long)]
        hls: bool,
        /// Read the stream as bytes only: for servers that do not send Stentor's fMP4.
        #[arg(long)]
        raw: bool,
        /// With --raw: a time without bytes that counts as a gap.
        #[arg(long, default_value_t = 1_500, value_name = "MS")]
        gap_ms: u64,
        /// Manifest to compare hashes with, a path or https://..., again for more [default: those beside a path
        /// .../48/live.mp4].
        #[arg(long, value_name = "PATH")]
        manifest: Vec<String>,
        /// Hash the first and every so many chunks of a listener; 0 for none.
        #[arg(long, default_value_t = 10, value_name = "N")]
        hash_every: u32,
        /// One listener in so many decodes the sound; 0 for none.
        #[arg(long, default_value_t = 1_000, value_name = "N")]
        listen_every: usize,
        /// Words in a notice, such as the reason of a delay: the report says when each listener first had one with them.
        #[arg(long, value_name = "WORDS")]
        notice: Option<String>,
        /// Sound a player holds before it begins.
        #[arg(long, default_value_t = 450, value_name = "MS")]
        buffer_ms: u64,
        /// Sound a player holds before it goes on after a stall [default: as for beginning].
        #[arg(long, value_name = "MS")]
        resume_ms: Option<u64>,
        /// Who has heard nothing for so long gives up.
        #[arg(long, default_value_t = 20.0, value_name = "SECONDS")]
        patience: f64,
        /// How often a worker looks at its sockets; times are exact to this.
        #[arg(long, default_value_t = 2.0, value_name = "MS")]
        tick_ms: f64,
        /// The herd's own lag, at its 99th percentile, that makes a run invalid.
        #[arg(long, default_value_t = 100, value_name = "MS")]
        lag_limit_ms: u64,
        /// Write the report here as JSON; - is the standard output, which then has no table.
        #[arg(long, value_name = "FILE")]
        json: Option<PathBuf>,
        /// Exit with 4 if any listener missed anything.
        #[arg(long)]
        strict: bool,
        /// Say nothing while it runs.
        #[arg(long, short)]
        quiet: bool,
        /// The server is not on this machine, and it is mine to load.
        #[arg(long)]
        this_server_is_mine: bool,
    }

    #[derive(Debug, Clone, Copy, ValueEnum)]
    enum ArrivalLaw {
        /// In equal distances.
        Constant,
        /// At random, as people do who do not know one another.
        Poisson,
    }

    fn rate(text: &str) -> Result<f64, String> {
        let number = text.strip_suffix("/s").unwrap_or(text);
        match number.parse::<f64>() {
            Ok(per_s) if per_s.is_finite() && per_s > 0.0 => Ok(per_s),
            _ => Err(format!(
                "a rate is a number above zero, such as 2000/s, not {text:?}"
            )),
        }
    }

    fn seconds(name: &str, seconds: f64) -> Result<Duration, String> {
        Duration::try_from_secs_f64(seconds)
            .map_err(|_| format!("{name} is a number of seconds, not {seconds}"))
    }

    pub(super) fn main() -> ExitCode {
        let arguments = HerdArguments::parse();
        match run(&arguments) {
            Ok(code) => code,
            Err(sentence) => {
                eprintln!("herd: {sentence}");
                ExitCode::FAILURE
            }
        }
    }

    fn run(arguments: &HerdArguments) -> Result<ExitCode, String> {
        let config = config(arguments)?;
        let report = herd::run(&config, |progress| tell(arguments.quiet, progress))
            .map_err(|error| error.to_string())?;
        let to_stdout = arguments
            .json
            .as_ref()
            .is_some_and(|path| path.as_os_str() == "-");
        if to_stdout {
            say(&report.to_json())?;
        } else {
            say(&report.to_string())?;
            if let Some(path) = &arguments.json {
                fs::write(path, report.to_json())
                    .map_err(|error| format!("{} cannot be written: {error}", path.display()))?;
            }
        }
        let complaints = report.complaints();
        if !complaints.is_empty() {
            eprintln!("herd: {}", complaints.join("; "));
        }
        Ok(if !report.valid {
            ExitCode::from(EXIT_INVALID)
        } else if arguments.strict && !complaints.is_empty() {
            ExitCode::from(EXIT_COMPLAINTS)
        } else {
            ExitCode::SUCCESS
        })
    }

    /// Prints a line. Who reads may have heard enough (`| head`): that is no fault.
    fn say(text: &str) -> Result<(), String> {
        match writeln!(io::stdout(), "{text}") {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                Err(format!("the report cannot be printed: {error}"))
            }
            _ => Ok(()),
        }
    }

    fn config(arguments: &HerdArguments) -> Result<RunConfig, String> {
        let server = resolve(&arguments.connect)?;
        if !server.ip().is_loopback() && !arguments.this_server_is_mine {
            return Err(format!(
                "{server} is not on this machine; a herd is an attack on a server that does not expect it (--this-server-is-mine)"
            ));
        }
        let arrivals = match (&arguments.curve, arguments.arrivals) {
            (Some(path), _) => {
                let text = fs::read_to_string(path)
                    .map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
                Arrivals::curve(&text).map_err(|error| error.to_string())?
            }
            (None, ArrivalLaw::Constant) => Arrivals::Constant(arguments.rate),
            (None, ArrivalLaw::Poisson) => Arrivals::Poisson(arguments.rate),
        };
        let defaults = RunConfig::new(server, &arguments.path);
        Ok(RunConfig {
            host: arguments.connect.clone(),
            transport: if arguments.tls {
                Transport::Tls {
                    resume: arguments.tls_resume,
                }
            } else {
                Transport::Plain
            },
            face: if arguments.hls {
                Face::Hls
            } else {
                Face::Direct
            },
            format: if arguments.raw {
                Format::Raw
            } else {
                Format::Mp4
            },
            manifests: match (&arguments.manifest[..], arguments.raw) {
                (_, true) => Vec::new(),
                ([], false) => defaults.manifests.clone(),
                (named, false) => named.to_vec(),
            },
            arrivals,
            listeners: arguments.listeners,
            seed: arguments.seed,
            duration: seconds("--seconds", arguments.seconds)?,
            sources: arguments.sources,
            workers: arguments.workers,
            cpus: arguments.cpus.clone(),
            tick: seconds("--tick-ms", arguments.tick_ms / 1e3)?,
            patience: seconds("--patience", arguments.patience)?,
            thresholds: Thresholds {
                start_us: arguments.buffer_ms * 1_000,
                resume_us: arguments.resume_ms.unwrap_or(arguments.buffer_ms) * 1_000,
            },
            hash_every: arguments.hash_every,
            listen_every: arguments.listen_every,
            notice: arguments.notice.clone(),
            delivery_gap: Duration::from_millis(arguments.gap_ms),
            lag_limit: Duration::from_millis(arguments.lag_limit_ms),
            ..defaults
        })
    }

    fn resolve(text: &str) -> Result<SocketAddr, String> {
        let mut addresses = text
            .to_socket_addrs()
            .map_err(|error| format!("{text:?} is no HOST:PORT: {error}"))?;
        addresses
            .next()
            .ok_or_else(|| format!("{text:?} has no address"))
    }

    fn tell(quiet: bool, progress: Progress) {
        if !quiet {
            eprintln!(
                "{:4.0} s: {} connected, {} hearing, {} lost, {:.1} MB",
                progress.elapsed.as_secs_f64(),
                progress.connected,
                progress.hearing,
                progress.lost,
                progress.bytes as f64 / 1e6
            );
        }
    }
}
