//! Another program that the server makes use of where it is there.

use std::time::Duration;

use stentor_event::{Ffmpeg, FfmpegError};

use super::finding::{Finding, ok, warn};
use crate::config::{Config, FfmpegChoice};

/// What is missed without it.
const WITHOUT: &str = "no AAC and no MP3, for old phones, radios and podcast apps";
/// How long what was tried may still take to be gone.
const GONE_WITHIN: Duration = Duration::from_millis(100);

/// Whether there is an ffmpeg that does what it is asked to: it encodes a second of silence.
pub(super) fn ffmpeg(config: &Config) -> Finding {
    const CHECK: &str = "ffmpeg";
    let Some(source) = config.ffmpeg_source() else {
        return ok(CHECK, format!("switched off: {WITHOUT}"));
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => return warn(CHECK, format!("it is not known whether it works: {error}")),
    };
    let found = runtime.block_on(Ffmpeg::find(&source));
    runtime.shutdown_timeout(GONE_WITHIN);
    match found {
        Ok(ffmpeg) => {
            let (program, version) = (ffmpeg.program().display(), ffmpeg.version());
            ok(CHECK, format!("{program} ({version}) makes AAC and MP3"))
        }
        Err(error @ FfmpegError::NotFound) if config.ffmpeg == FfmpegChoice::Auto => warn(
            CHECK,
            format!(
                "{error}: {WITHOUT}; Debian's package is called ffmpeg, and ffmpeg = \"off\" says that none is wanted"
            ),
        ),
        Err(error) => warn(CHECK, format!("{error}: {WITHOUT}")),
    }
}
