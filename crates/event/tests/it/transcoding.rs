//! AAC and MP3 of an event, made by the ffmpeg of the system, and by others that die, hang, or are something else.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use stentor_core::conversation::FIRST_HOST;
use stentor_core::event::EventCommand;
use stentor_core::schedule::{Act, ScheduleCommand};
use stentor_edge::Stream;
use stentor_edge::faces::Reply;
use stentor_edge::ring::Lookup;
use stentor_event::testing::{SLUG, TestServer};
use stentor_event::{EventPolicy, Ffmpeg, FfmpegError, FfmpegSource, PAGE_MESSAGES_MAX};
use stentor_media::mpeg::{Frame, FrameKind, FrameReader};
use tempfile::TempDir;
use tokio::sync::mpsc;

use crate::evening::eventually;
use crate::players;
use crate::registry::asks;

const PLAYLIST: &str = "/e/talk/aac/index.m3u8";
const MP3: &str = "/e/talk/live.mp3";

fn real() -> PathBuf {
    let found = Command::new("sh")
        .args(["-c", "command -v ffmpeg"])
        .output();
    let found = found.expect("a shell").stdout;
    let path = String::from_utf8(found).expect("a path");
    assert!(
        !path.trim().is_empty(),
        "ffmpeg is installed: `make test` does it"
    );
    PathBuf::from(path.trim())
}

/// A program of a few lines, which knows the real one as `$ffmpeg`, its own folder as `$here`, and how often it was started before as `$run`.
fn script(folder: &Path, lines: &str) -> PathBuf {
    let file = folder.join("ffmpeg");
    let (ffmpeg, here) = (real(), folder.display());
    let text = format!(
        "#!/bin/sh\nffmpeg={}\nhere={here}\nrun=$(cat $here/runs 2>/dev/null || echo 0)\necho $((run + 1)) >$here/runs\n{lines}\n",
        ffmpeg.display()
    );
    fs::write(&file, text).expect("it can be written");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).expect("it is ours");
    file
}

async fn find(program: PathBuf) -> Result<Ffmpeg, FfmpegError> {
    Ffmpeg::find(&FfmpegSource::File(program)).await
}

/// A server around one event with such a program.
async fn server(program: PathBuf) -> (TestServer, TempDir) {
    let ffmpeg = find(program).await.expect("it works at first");
    let folder = tempfile::tempdir().unwrap();
    let policy = EventPolicy::default();
    let server = TestServer::start_transcoding(folder.path(), policy, Some(Arc::new(ffmpeg))).await;
    (server, folder)
}

fn mp3(server: &TestServer) -> Arc<Stream> {
    server.edge.stream("/e/talk").expect("it is open")
}

/// The chunks of a stream from a number on.
fn chunks_from(stream: &Stream, from: u64) -> Vec<(u64, bytes::Bytes)> {
    let mut chunks = Vec::new();
    for sequence in from.. {
        match stream.lookup(sequence) {
            Lookup::Found(bytes) => chunks.push((sequence, bytes)),
            Lookup::Past | Lookup::Missing => {}
            Lookup::Future | Lookup::Never => break,
        }
    }
    chunks
}

fn frames(bytes: &[u8]) -> Vec<Frame> {
    let mut reader = FrameReader::new();
    reader.push(bytes);
    let frames = std::iter::from_fn(|| reader.next_frame()).collect();
    assert_eq!(
        (reader.left_out(), reader.waiting()),
        (0, 0),
        "nothing but frames"
    );
    frames
}

/// The playlist of AAC, once it lists so many segments.
async fn playlist(server: &TestServer, segments: usize) -> String {
    eventually("the playlist of AAC", || match asks(server, PLAYLIST) {
        Reply::Whole(response) => {
            let text = String::from_utf8(response.into_body().to_vec()).ok()?;
            (text.matches("#EXTINF").count() >= segments).then_some(text)
        }
        _ => None,
    })
    .await
}

async fn lead(server: &TestServer, act: Act) {
    let event = server.event();
    let (sender, _messages) = mpsc::channel(PAGE_MESSAGES_MAX);
    let page = event.join(FIRST_HOST, None, sender).await.unwrap().unwrap();
    let version = page.state.borrow().value().schedule_version;
    assert!(
        event
            .command(
                FIRST_HOST,
                EventCommand::Schedule(ScheduleCommand::new(act, version)).into()
            )
            .await
    );
}

/// Nobody who listens to anything else notices: the best rendition is published every 200 ms.
async fn nobody_else_notices(server: &TestServer, wait: Duration) {
    let direct = server.edge.stream("/e/talk/48").expect("it is open");
    let (begun, before) = (Instant::now(), direct.counters().published);
    while begun.elapsed() < wait {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let due = begun.elapsed().as_millis() as u64 / 200;
    let published = direct.counters().published - before;
    // A room that was late has caught up within a tick or two; a chunk may be on either side of the edges.
    assert!(published + 2 >= due, "{published} of {due} chunks");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aac_is_a_rendition_and_mp3_a_face_and_a_replay() {
    let (server, folder) = server(real()).await;
    lead(&server, Act::GoOnAir).await;
    let text = playlist(&server, 2).await;
    assert!(text.starts_with("#EXTM3U\n#EXT-X-VERSION:3\n"), "{text}");
    let number: u64 = text
        .lines()
        .last()
        .and_then(|line| {
            line.strip_prefix("hls/")?
                .strip_suffix(".aac")?
                .parse()
                .ok()
        })
        .expect("a segment");
    let Reply::Whole(segment) = asks(&server, &format!("/e/talk/aac/hls/{number}.aac")) else {
        panic!("a segment that is listed is there");
    };
    assert_eq!(segment.headers()["content-type"], "audio/aac");
    assert!(
        segment.headers()["cache-control"]
            .to_str()
            .unwrap()
            .contains("immutable")
    );
    let sound = segment.body().slice(73..);
    let sound = frames(&sound);
    assert!(
        matches!(sound.len(), 168 | 169) && sound.iter().all(|frame| frame.kind == FrameKind::Aac)
    );
    let Reply::Whole(multivariant) = asks(&server, "/e/talk/index.m3u8") else {
        panic!("it is there");
    };
    let multivariant = String::from_utf8(multivariant.body().to_vec()).unwrap();
    assert!(
        multivariant.ends_with("CODECS=\"mp4a.40.2\"\naac/index.m3u8\n"),
        "{multivariant}"
    );

    let Reply::Live(answer, subscription, _) = asks(&server, MP3) else {
        panic!("a listener is let in");
    };
    let fields = answer.headers();
    assert_eq!(fields["content-type"], "audio/mpeg");
    assert_eq!(
        (&fields["icy-name"], &fields["icy-br"]),
        (&"A talk".parse().unwrap(), &"64".parse().unwrap())
    );
    assert_eq!(mp3(&server).listeners(), 1);
    drop(subscription);
    let chunks = chunks_from(&mp3(&server), 0);
    assert!(
        chunks.windows(2).all(|two| two[0].0 + 1 == two[1].0),
        "in a row"
    );
    for (_, bytes) in &chunks {
        assert!(
            frames(bytes)
                .iter()
                .all(|frame| frame.kind == FrameKind::Mp3)
        );
    }

    lead(&server, Act::End).await;
    let ended = playlist(&server, 2).await;
    let ended = if ended.contains("#EXT-X-ENDLIST") {
        ended
    } else {
        eventually("the end of the list", || match asks(&server, PLAYLIST) {
            Reply::Whole(response) => {
                let text = String::from_utf8(response.into_body().to_vec()).ok()?;
                text.contains("#EXT-X-ENDLIST").then_some(text)
            }
            _ => None,
        })
        .await
    };
    assert!(ended.ends_with("#EXT-X-ENDLIST\n"), "{ended}");
    assert!(mp3(&server).ended());
    let file = folder
        .path()
        .join("recordings")
        .join(SLUG)
        .join("replay.mp3");
    eventually("the replay as MP3", || file.exists().then_some(())).await;
    let probed = Command::new("ffprobe")
        .args([
            "-v",
            "error",
            "-show_entries",
            "stream=codec_name,channels,sample_rate:format_tags=title,artist:format=duration",
            "-of",
            "csv=p=0",
        ])
        .arg(&file)
        .output()
        .expect("it comes with ffmpeg");
    let said = String::from_utf8_lossy(&probed.stdout).into_owned();
    assert!(
        said.starts_with("mp3,48000,1\n") && said.contains("A talk,Ada"),
        "{said}"
    );
    assert_eq!(probed.stderr, b"");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_child_that_is_killed_is_followed_by_another_one_and_nothing_is_missing() {
    let here = tempfile::tempdir().unwrap();
    let program = script(here.path(), "echo $$ >$here/pid\nexec $ffmpeg \"$@\"");
    let (server, _folder) = server(program).await;
    let stream = mp3(&server);
    eventually("MP3", || (stream.counters().published > 15).then_some(())).await;
    let pid = || fs::read_to_string(here.path().join("pid")).unwrap();
    let killed = pid();
    let of = |file: &str| fs::read_to_string(format!("/proc/{}/{file}", killed.trim()));
    let environment = of("environ").expect("it runs");
    assert!(
        environment
            .split('\0')
            .all(|variable| variable.is_empty() || variable.starts_with("PWD=")),
        "{environment:?}"
    );
    assert_eq!(of("oom_score_adj").unwrap().trim(), "1000");
    let stat = of("stat").unwrap();
    let fields: Vec<_> = stat.rsplit_once(") ").unwrap().1.split(' ').collect();
    assert_eq!(
        (fields[2], fields[16]),
        (killed.trim(), "10"),
        "its own group, and its nice value: {stat}"
    );
    assert!(
        Command::new("kill")
            .args(["-9", killed.trim()])
            .status()
            .unwrap()
            .success()
    );
    let published = stream.counters().published;
    nobody_else_notices(&server, Duration::from_secs(2)).await;
    eventually("MP3 goes on", || {
        (stream.counters().published > published + 15).then_some(())
    })
    .await;
    assert_ne!(pid(), killed);
    assert_eq!(server.event().stats().counters.transcoders_lost, 1);
    let numbers: Vec<_> = chunks_from(&stream, 0)
        .iter()
        .map(|(number, _)| *number)
        .collect();
    assert!(
        numbers.windows(2).all(|two| two[0] + 1 == two[1]),
        "{numbers:?}"
    );
    let text = playlist(&server, 2).await;
    assert!(!text.contains("#EXT-X-DISCONTINUITY\n"), "{text}");
}

/// Works when it is looked for; then does `lines` until there is a file `$here/well`.
fn broken(folder: &Path, lines: &str) -> PathBuf {
    script(
        folder,
        &format!("if [ $run -lt 2 ] || [ -e $here/well ]; then exec $ffmpeg \"$@\"; fi\n{lines}"),
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_a_child_does_nobody_else_notices_and_the_next_one_may_be_well() {
    for (what, lines) in [
        ("dies", "exit 1"),
        ("dies of a signal", "kill -SEGV $$"),
        (
            "writes garbage",
            "cat /dev/urandom | head -c 3000000; exit 0",
        ),
        (
            "floods its standard error",
            "yes 'Error: \u{1b}[31mno' | head -c 30000000 >&2; exit 1",
        ),
        ("wants nothing", "exec <&-; sleep 1"),
    ] {
        let here = tempfile::tempdir().unwrap();
        let (server, _folder) = server(broken(here.path(), lines)).await;
        let lost = || server.event().stats().counters.transcoders_lost;
        eventually(what, || (lost() >= 2).then_some(())).await;
        nobody_else_notices(&server, Duration::from_secs(1)).await;
        assert_eq!(
            mp3(&server).counters().published,
            0,
            "{what}: garbage is not published"
        );
        fs::write(here.path().join("well"), "").unwrap();
        eventually(what, || {
            (mp3(&server).counters().published > 5).then_some(())
        })
        .await;
        assert_eq!(
            server.event().stats().counters.chunks_not_transcoded,
            0,
            "{what}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_child_that_stands_still_is_killed_with_what_it_has_started() {
    let here = tempfile::tempdir().unwrap();
    let program = broken(
        here.path(),
        "sleep 1000 &\necho $! >$here/pid\ncat >/dev/null\nwait",
    );
    let (server, _folder) = server(program).await;
    let lost = || server.event().stats().counters.transcoders_lost;
    eventually("it is killed", || (lost() > 0).then_some(())).await;
    let pid = fs::read_to_string(here.path().join("pid")).unwrap();
    let stat = format!("/proc/{}/stat", pid.trim());
    eventually("its own child, too", || {
        let stat = fs::read_to_string(&stat).unwrap_or_default();
        (stat.is_empty() || stat.contains(") Z ")).then_some(())
    })
    .await;
    fs::write(here.path().join("well"), "").unwrap();
    eventually("MP3", || {
        (mp3(&server).counters().published > 5).then_some(())
    })
    .await;
    assert_eq!(server.event().stats().counters.chunks_not_transcoded, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_child_runs_while_nobody_is_there_and_whoever_asks_is_served_at_once() {
    let here = tempfile::tempdir().unwrap();
    let program = script(here.path(), "echo $$ >$here/pid\nexec $ffmpeg \"$@\"");
    let (server, _folder) = server(program).await;
    eventually("nobody is there", || {
        server.event().stats().is_suspended.then_some(())
    })
    .await;
    let pid = fs::read_to_string(here.path().join("pid")).unwrap();
    let stat = format!("/proc/{}/stat", pid.trim());
    eventually("the child is gone", || {
        (!Path::new(&stat).exists()).then_some(())
    })
    .await;
    let (addr, _stop) = players::port(&server.edge);
    let asked = [PLAYLIST, MP3].map(|path| players::asks(addr, path.to_owned()));
    for asked in asked {
        assert_eq!(asked.await.unwrap(), "HTTP/1.1 200 OK");
    }
    // All that leads up to now is listed at once.
    let text = playlist(&server, 1).await;
    assert!(text.matches("#EXTINF").count() >= 3, "{text}");
    assert_eq!(server.event().stats().counters.transcoders_lost, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_nothing_makes_them_there_is_no_aac_and_no_mp3() {
    let folder = tempfile::tempdir().unwrap();
    let server = TestServer::start(folder.path()).await;
    assert!(matches!(asks(&server, MP3), Reply::Fallback));
    assert!(matches!(asks(&server, PLAYLIST), Reply::Fallback));
    let Reply::Whole(multivariant) = asks(&server, "/e/talk/index.m3u8") else {
        panic!("it is there");
    };
    assert!(!String::from_utf8_lossy(multivariant.body()).contains("aac"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_that_does_not_what_it_should_is_known_before_anybody_listens() {
    let found = find(real()).await.expect("it is well");
    assert!(
        found.version().starts_with("ffmpeg version "),
        "{}",
        found.version()
    );
    assert!(Ffmpeg::find(&FfmpegSource::Path).await.is_ok());
    let none = find("/nowhere/ffmpeg".into()).await;
    assert!(
        matches!(none, Err(FfmpegError::NotStarted { .. })),
        "{none:?}"
    );
    let old = "if [ \"$1\" = -version ]; then echo 'avconv 0.8.17-6:0.8.17-1, Copyright (c) 2000-2012 the Libav developers'; exit; fi\n\
         echo \"Unrecognized option 'protocol_whitelist'\" >&2; exit 1";
    for (what, lines, said) in [
        (
            "it is old",
            old,
            "(avconv 0.8.17-6:0.8.17-1,) does not encode AAC and MP3 as it is asked to: Unrecognized option 'protocol_whitelist'",
        ),
        (
            "it has no encoder",
            "echo \"Unknown encoder 'libmp3lame'\" >&2; exit 1",
            "(no version told) does not encode AAC and MP3 as it is asked to: Unknown encoder 'libmp3lame'",
        ),
        (
            "it is something else",
            "cat",
            "of a second it made 0 frames of AAC, 0 of MP3 and 96000 other bytes (exit status: 0)",
        ),
        (
            "it makes AAC alone",
            "if [ \"$1\" = -version ]; then exec $ffmpeg -version; fi\nexec $ffmpeg -v error -f s16le -ar 48000 -ac 1 -i pipe:0 -c:a aac -f adts pipe:1",
            "0 of MP3",
        ),
        ("it hangs", "sleep 100", "it was not done within 10 s"),
    ] {
        let here = tempfile::tempdir().unwrap();
        let error = find(script(here.path(), lines))
            .await
            .expect_err(what)
            .to_string();
        assert!(error.contains(said), "{what}: {error}");
        assert!(
            error.len() < 400 && !error.contains('\n'),
            "{what}: {error}"
        );
    }
}
