//! The recorder, on blobs in memory and in a folder.

use std::fs;
use std::path::PathBuf;

use stentor_cluster::blobs::FolderBlobs;
use stentor_cluster::error::StoreError;
use stentor_cluster::testing::MemoryBlobs;
use stentor_media::package::{Packager, PackagerConfig, Published};
use stentor_media::record::{self, PIECE_SAMPLES};
use stentor_media::rendition::{COMMON_BOUNDARY_SAMPLES, Rendition};
use tempfile::TempDir;

use super::file::TORN_BYTES_MAX;
use super::*;

/// Chunks of the full rendition, `seconds` of a tone, from a boundary of the timeline on.
fn chunks(boundary: u64, seconds: usize) -> Vec<Bytes> {
    let config = PackagerConfig {
        first_position: boundary * COMMON_BOUNDARY_SAMPLES,
        epoch_unix_ms: 0,
    };
    let mut packager = Packager::new(config).expect("a boundary");
    let mut out = Vec::new();
    let tick: [f32; 960] = std::array::from_fn(|n| (n as f32 * 0.1).sin() * 0.2);
    for _ in 0..seconds * 50 {
        packager
            .push(&tick, 0, &mut out)
            .expect("48 kHz mono is encoded");
    }
    out.into_iter()
        .filter_map(|published| match published {
            Published::Chunk(chunk) if chunk.rendition == Rendition::Full => Some(chunk.bytes),
            _ => None,
        })
        .collect()
}

fn event() -> Key {
    Key::new("demo").expect("a key")
}

fn programme() -> Key {
    RecordingTrack::Programme.key(&event())
}

/// What of the past was shown last: the numbers of the pieces, and whether that is all.
#[derive(Clone, Default)]
struct Shown(Arc<Mutex<(Vec<u32>, bool)>>);

impl PastSink for Shown {
    fn show(&mut self, past: &Past) {
        let numbers = past
            .pieces
            .read()
            .pieces()
            .iter()
            .map(|piece| piece.number)
            .collect();
        *self.0.lock().unwrap() = (numbers, past.ended);
    }

    fn look(&mut self, _: &Past) {}
}

/// A recorder and what it reports, from the first change on.
fn start(blobs: Arc<dyn Blobs>) -> (Recorder, watch::Receiver<RecorderState>) {
    let (report, reports) = watch::channel(RecorderState::default());
    let counters = Arc::new(Counters::default());
    let about = AboutNow::default();
    let recorder = Recorder::start(
        blobs,
        event(),
        about,
        counters,
        report,
        Box::new(Shown::default()),
    );
    (recorder, reports)
}

/// The next state it reports; `None` when its task has ended.
async fn next(reports: &mut watch::Receiver<RecorderState>) -> Option<RecorderState> {
    reports.changed().await.ok()?;
    Some(*reports.borrow_and_update())
}

/// What it reports last.
async fn last(mut reports: watch::Receiver<RecorderState>) -> RecorderState {
    while reports.changed().await.is_ok() {
        reports.mark_unchanged();
    }
    *reports.borrow()
}

const FAILING: RecorderState = RecorderState {
    failing: true,
    finished: false,
};

const WORKING: RecorderState = RecorderState {
    failing: false,
    finished: false,
};

/// Recordings in a folder, where those of the event are, and what keeps it.
async fn in_folder() -> (Arc<dyn Blobs>, PathBuf, TempDir) {
    let root = tempfile::tempdir().expect("a folder");
    let blobs = FolderBlobs::open(root.path()).await.expect("threads");
    let folder = root.path().join("demo");
    fs::create_dir_all(&folder).expect("a folder");
    (Arc::new(blobs), folder, root)
}

/// What is so when these chunks were recorded and the event is over.
async fn recorded(blobs: &Arc<dyn Blobs>, chunks: &[Bytes]) -> RecorderState {
    let (recorder, reports) = start(Arc::clone(blobs));
    for chunk in chunks {
        assert!(recorder.chunk(RecordingTrack::Programme, chunk.clone()));
    }
    recorder.finish();
    drop(recorder);
    last(reports).await
}

/// Nothing more is written, and all was.
const FINISHED: RecorderState = RecorderState {
    failing: false,
    finished: true,
};

#[tokio::test]
async fn what_was_torn_by_a_kill_is_cut_off_and_the_recording_goes_on() {
    let (blobs, folder, _root) = in_folder().await;
    let before = chunks(0, 2);
    let mut torn = Packager::head().to_vec();
    before
        .iter()
        .for_each(|chunk| torn.extend_from_slice(chunk));
    torn.extend_from_slice(&before[0][..40]);
    fs::write(folder.join("programme.mp4"), torn).expect("it can be written");

    assert_eq!(recorded(&blobs, &chunks(5, 2)).await, FINISHED);
    let kept = fs::read(folder.join("programme.mp4")).expect("the recording");
    let recovered = record::recover(&kept[..]).expect("memory reads");
    assert_eq!(
        (recovered.chunks, recovered.valid_bytes),
        (20, kept.len() as u64)
    );
}

#[tokio::test(start_paused = true)]
async fn a_full_disk_raises_the_alarm_once_and_loses_only_what_did_not_fit() {
    let blobs = MemoryBlobs::default();
    let (recorder, mut reports) = start(Arc::new(blobs.clone()));
    let chunks = chunks(0, 2);
    let record = |chunk: &Bytes| {
        assert!(recorder.chunk(RecordingTrack::Programme, chunk.clone()));
    };
    record(&chunks[0]);
    tokio::time::sleep(SYNC_EVERY).await;
    blobs.faults().fails(StoreError::Full {
        place: "in a test".to_owned(),
    });
    record(&chunks[1]);
    record(&chunks[2]);
    assert_eq!(next(&mut reports).await, Some(FAILING));
    tokio::time::sleep(SYNC_EVERY * 10).await;
    assert!(!reports.has_changed().unwrap(), "the alarm is raised once");
    blobs.faults().works();
    record(&chunks[3]);
    assert_eq!(next(&mut reports).await, Some(WORKING));
    let kept = blobs.get(&programme()).await.expect("the recording");
    let expected = [Packager::head(), chunks[0].clone(), chunks[3].clone()].concat();
    assert!(
        kept == expected,
        "what fitted is there, whole, and nothing else"
    );
    assert!(!reports.has_changed().unwrap(), "and stays off");
    let counted = recorder.counters.snapshot();
    assert_eq!(
        (counted.chunks_recorded, counted.chunks_not_written),
        (2, 2)
    );
    let bytes = chunks[0].len() + chunks[3].len();
    assert_eq!(counted.bytes_recorded, bytes as u64);
}

#[tokio::test(start_paused = true)]
async fn past_its_queue_a_slow_disk_costs_chunks_and_raises_the_alarm_but_the_end_is_not_lost() {
    let blobs = MemoryBlobs::default();
    let (recorder, mut reports) = start(Arc::new(blobs.clone()));
    blobs.faults().waits();
    let chunk = chunks(0, 1).remove(0);
    let mut queued = 0;
    while recorder.chunk(RecordingTrack::Programme, chunk.clone()) {
        queued += 1;
        assert!(queued <= QUEUE_CHUNKS_MAX, "the queue has no limit");
    }
    assert_eq!(queued, QUEUE_CHUNKS_MAX);
    assert_eq!(recorder.counters.snapshot().chunks_not_queued, 1);
    recorder.finish();
    blobs.faults().works();
    assert_eq!(next(&mut reports).await, Some(FAILING));
    drop(recorder);
    assert!(last(reports).await.finished);
    let size = blobs.size(&programme()).await.expect("it is looked for");
    let expected = Packager::head().len() + queued * chunk.len();
    assert_eq!(size, Some(expected as u64));
}

#[tokio::test(start_paused = true)]
async fn of_lost_chunks_is_told_for_a_while_though_nothing_more_is_recorded() {
    let blobs = MemoryBlobs::default();
    let (recorder, mut reports) = start(Arc::new(blobs.clone()));
    blobs.faults().waits();
    let chunk = chunks(0, 1).remove(0);
    while recorder.chunk(RecordingTrack::Programme, chunk.clone()) {}
    blobs.faults().works();
    assert_eq!(next(&mut reports).await, Some(FAILING));
    let told = Instant::now();
    assert_eq!(next(&mut reports).await, Some(WORKING));
    let told_for = told.elapsed();
    assert!(told_for <= LOSS_TOLD_FOR + SYNC_EVERY, "{told_for:?}");
    assert!(told_for >= LOSS_TOLD_FOR - SYNC_EVERY, "{told_for:?}");
}

#[tokio::test]
async fn a_recording_nobody_can_read_is_set_aside_whole() {
    let (blobs, folder, _root) = in_folder().await;
    let foreign = vec![7; TORN_BYTES_MAX as usize + 1];
    for n in 1..=2 {
        fs::write(folder.join("programme.mp4"), &foreign).expect("it can be written");
        assert_eq!(recorded(&blobs, &chunks(0, 1)).await, FINISHED);
        let aside = fs::read(folder.join(format!("programme.unread-{n}.mp4")));
        assert_eq!(aside.expect("set aside"), foreign);
    }
}

/// A chunk of the tone at another place of the timeline.
fn chunk_at(chunk: &Bytes, position: u64) -> Bytes {
    let mut chunk = chunk.to_vec();
    for (kind, behind) in [(b"prft", 20), (b"tfdt", 8)] {
        let at = chunk.windows(4).position(|window| window == kind);
        let at = at.expect("a chunk has it") + behind;
        chunk[at..at + 8].copy_from_slice(&position.to_be_bytes());
    }
    chunk.into()
}

/// Starts a recorder whose past is shown there.
fn start_showing(
    blobs: &Arc<dyn Blobs>,
    shown: &Shown,
) -> (Recorder, watch::Receiver<RecorderState>) {
    let (report, reports) = watch::channel(RecorderState::default());
    let (about, counters) = (AboutNow::default(), Arc::default());
    let past = Box::new(shown.clone());
    let recorder = Recorder::start(Arc::clone(blobs), event(), about, counters, report, past);
    (recorder, reports)
}

#[tokio::test]
async fn what_was_recorded_can_be_heard_again_by_its_place_also_after_a_restart_and_a_hold() {
    let (blobs, _folder, _root) = in_folder().await;
    let tone = chunks(0, 1).remove(0);
    let shown = Shown::default();
    let told = || shown.0.lock().unwrap().clone();
    let (recorder, reports) = start_showing(&blobs, &shown);
    let record = |recorder: &Recorder, piece: u64, n: u64| {
        let position = piece * PIECE_SAMPLES + n * 9_600;
        assert!(recorder.chunk(RecordingTrack::Programme, chunk_at(&tone, position)));
    };
    // Two pieces and a bit, held, and a third begun.
    (0..144 * 2 + 3).for_each(|n| record(&recorder, 100, n));
    recorder.passed(103 * PIECE_SAMPLES);
    recorder.passed(104 * PIECE_SAMPLES);
    record(&recorder, 110, 0);
    drop(recorder);
    last(reports).await;
    assert_eq!(told(), (vec![100, 101, 102], false));
    // The next run finds them before anything is recorded, and goes on with the piece that was begun.
    let (recorder, reports) = start_showing(&blobs, &shown);
    recorder.passed(101 * PIECE_SAMPLES);
    record(&recorder, 110, 7);
    recorder.finish();
    drop(recorder);
    last(reports).await;
    assert_eq!(told(), (vec![100, 101, 102, 110], true));
}
