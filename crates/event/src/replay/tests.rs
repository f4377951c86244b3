//! The keeper of the replay, on blobs in memory and in a folder.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use stentor_cluster::blobs::{Blobs, FolderBlobs};
use stentor_cluster::error::StoreError;
use stentor_cluster::key::Key;
use stentor_cluster::testing::MemoryBlobs;
use stentor_media::package::{Packager, PackagerConfig, Published, StemPackager};
use stentor_media::record::{ChapterMark, ChapterMarks, Cut, Edit};
use stentor_media::rendition::Rendition;
use tempfile::TempDir;
use tokio::sync::watch;

use super::keeper::{ReplayIs, ReplayKeeper, ReplayState};
use super::made::MadeReplay;
use super::make::{ReplayError, make_replay};
use super::wish::Wish;
use crate::about::{About, AboutNow};
use crate::recordings::{below, mp3_key, replay_key};

fn event() -> Key {
    Key::new("demo").expect("a key")
}

fn programme() -> Key {
    below(&event(), "programme.mp4")
}

/// Ten seconds of a tone, as they are recorded.
fn recording() -> Bytes {
    let config = PackagerConfig {
        first_position: 0,
        epoch_unix_ms: 0,
    };
    let mut packager = Packager::new(config).expect("a boundary");
    let mut out = Vec::new();
    let tick: [f32; 960] = std::array::from_fn(|n| (n as f32 * 0.1).sin() * 0.2);
    for _ in 0..500 {
        packager.push(&tick, 0, &mut out).expect("it is encoded");
    }
    let mut recording = Packager::head().to_vec();
    for published in out {
        if let Published::Chunk(chunk) = published
            && chunk.rendition == Rendition::Full
        {
            recording.extend_from_slice(&chunk.bytes);
        }
    }
    recording.into()
}

fn whole() -> Wish {
    Wish {
        is_recorded: true,
        title: "A talk".to_owned(),
        ..Wish::default()
    }
}

/// Those from the second to the fourth second, with a chapter at the third.
fn two_seconds() -> Wish {
    let mark = ChapterMark {
        position: 3 * 48_000,
        title: "In the middle".to_owned(),
    };
    Wish {
        edit: Edit {
            cut: Cut {
                from: Some(2 * 48_000),
                to: Some(4 * 48_000),
            },
            marks: ChapterMarks::new(vec![mark]),
        },
        ..whole()
    }
}

/// A keeper in a folder, what is wished of it and what it tells.
struct Scene {
    wish: watch::Sender<Wish>,
    told: watch::Receiver<ReplayState>,
    folder: PathBuf,
    _root: Arc<TempDir>,
}

impl Scene {
    /// With these files, and that wish from the beginning.
    async fn with(files: &[(&str, Bytes)], wish: Wish) -> Self {
        let root = tempfile::tempdir().expect("a folder");
        let folder = root.path().join("demo");
        fs::create_dir_all(&folder).expect("a folder");
        for (name, bytes) in files {
            fs::write(folder.join(name), bytes).expect("it can be written");
        }
        Self::open(Arc::new(root), wish).await
    }

    async fn open(root: Arc<TempDir>, wish: Wish) -> Self {
        let blobs = FolderBlobs::open(root.path()).await.expect("threads");
        let (report, told) = watch::channel(ReplayState::default());
        let (wish, wishes) = watch::channel(wish);
        let keeper = ReplayKeeper {
            blobs: Arc::new(blobs),
            event: event(),
            about: AboutNow::default(),
            ffmpeg: None,
            report,
        };
        tokio::spawn(keeper.run(wishes));
        Self {
            wish,
            told,
            folder: root.path().join("demo"),
            _root: root,
        }
    }

    /// The same folder, by a server that was started again.
    async fn restarted(self, wish: Wish) -> Self {
        Self::open(self._root, wish).await
    }

    /// What it tells next.
    async fn next(&mut self) -> ReplayState {
        self.told.changed().await.expect("the keeper is there");
        self.told.borrow_and_update().clone()
    }

    fn bytes(&self, name: &str) -> Vec<u8> {
        fs::read(self.folder.join(name)).expect("it is there")
    }
}

fn made(state: &ReplayState) -> Arc<MadeReplay> {
    match state {
        ReplayState {
            failing: false,
            replay: ReplayIs::Ready {
                made: Some(made), ..
            },
        } => Arc::clone(made),
        _ => panic!("{state:?}"),
    }
}

#[tokio::test]
async fn a_replay_is_made_once_nothing_more_is_recorded_and_anew_as_it_is_wished() {
    let waiting = Wish {
        is_recorded: false,
        ..whole()
    };
    let mut scene = Scene::with(&[("programme.mp4", recording())], waiting).await;
    scene.wish.send_replace(whole());
    let first = made(&scene.next().await);
    assert_eq!((first.duration_ms, first.is_cut()), (9_993, false));
    assert_eq!(first.spans, [[0, 0, 10_000]]);
    let replay = scene.bytes("replay.mp4");
    assert_eq!(first.bytes, replay.len() as u64);

    scene.wish.send_replace(two_seconds());
    let cut = made(&scene.next().await);
    assert!(cut.is_cut() && cut.duration_ms < 2_000, "{cut:?}");
    assert_eq!(cut.chapters, [(1_000, "In the middle".to_owned())]);
    assert_eq!(cut.spans, [[0, 2_000, 2_000]]);

    scene.wish.send_replace(whole());
    assert_eq!(made(&scene.next().await), first);
    assert!(scene.bytes("replay.mp4") == replay, "a cut can be undone");
}

#[tokio::test]
async fn what_a_kill_has_broken_off_is_finished_before_anybody_hears_what_is_cut_away() {
    let mut scene = Scene::with(&[("programme.mp4", recording())], whole()).await;
    made(&scene.next().await);
    let before = scene.bytes("replay.mp4");
    let half = before[..before.len() / 2].to_vec();
    fs::write(scene.folder.join("replay.mp4.part"), half).expect("it can be written");
    let mut scene = scene.restarted(two_seconds()).await;
    let cut = made(&scene.next().await);
    assert!(cut.is_cut(), "the first that is told");
    assert!(!scene.folder.join("replay.mp4.part").exists());
    // Killed before it was written down how: of a file of another length nothing is known, and it is made anew.
    fs::write(scene.folder.join("replay.mp4"), &before).expect("it can be written");
    let mut scene = scene.restarted(two_seconds()).await;
    assert_eq!(made(&scene.next().await), cut);
    assert_eq!(scene.bytes("replay.mp4").len() as u64, cut.bytes);
}

#[tokio::test]
async fn of_what_was_not_recorded_there_is_no_replay_and_no_alarm() {
    let mut scene = Scene::with(&[], whole()).await;
    // Nothing else was ever to be expected.
    let state = scene.next().await;
    assert_eq!((state.failing, state.replay), (false, ReplayIs::None));
    // A head without a chunk: the server was killed in the first moment on air.
    let mut scene = Scene::with(&[("programme.mp4", Packager::head())], whole()).await;
    let state = scene.next().await;
    assert_eq!((state.failing, state.replay), (true, ReplayIs::None));
}

#[tokio::test]
async fn a_replay_of_which_nothing_is_left_but_itself_is_played_as_it_is() {
    let mut scene = Scene::with(&[("replay.mp4", Bytes::from_static(b"a replay"))], whole()).await;
    let state = scene.next().await;
    let is_played = matches!(state.replay, ReplayIs::Ready { made: None, .. });
    assert!(is_played && !state.failing, "{state:?}");
    // And not where something was to be cut away from it.
    let files = [("replay.mp4", Bytes::from_static(b"a replay"))];
    let mut scene = Scene::with(&files, two_seconds()).await;
    let state = scene.next().await;
    assert_eq!((state.failing, state.replay), (true, ReplayIs::Pending));
}

#[tokio::test]
async fn a_cut_that_leaves_nothing_keeps_the_replay_with_an_alarm_until_the_next_one() {
    let mut scene = Scene::with(&[("programme.mp4", recording())], whole()).await;
    let first = scene.next().await;
    let nothing = Wish {
        edit: Edit {
            cut: Cut {
                from: Some(60 * 48_000),
                to: None,
            },
            ..Edit::default()
        },
        ..whole()
    };
    scene.wish.send_replace(nothing);
    let state = scene.next().await;
    assert!(state.failing && state.replay == first.replay, "{state:?}");
    scene.wish.send_replace(two_seconds());
    assert!(made(&scene.next().await).is_cut());
}

#[tokio::test]
async fn each_speaker_has_a_file_that_plays_along_with_the_whole_replay_cut_or_not() {
    let head = StemPackager::head(&stentor_media::tags::Tags::default());
    let files = [("programme.mp4", recording()), ("speaker-1.mp4", head)];
    let mut whole_first = Scene::with(&files, whole()).await;
    made(&whole_first.next().await);
    let mut cut_first = Scene::with(&files, two_seconds()).await;
    made(&cut_first.next().await);
    for scene in [&whole_first, &cut_first] {
        for _ in 0..500 {
            if scene.folder.join("stem-1.mp4").exists() {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }
    assert!(whole_first.bytes("stem-1.mp4") == cut_first.bytes("stem-1.mp4"));
}

#[tokio::test]
async fn what_is_deleted_is_gone_with_all_its_files_also_if_it_was_asked_for_before_a_kill() {
    let files = [
        ("programme.mp4", recording()),
        ("replay.mp3", Bytes::from_static(b"sound")),
        ("stem-1-Ada.mp4", Bytes::from_static(b"sound")),
        ("replay.mp3.part", Bytes::from_static(b"so")),
    ];
    let deleted = Wish {
        is_deleted: true,
        ..whole()
    };
    let mut scene = Scene::with(&files, whole()).await;
    made(&scene.next().await);
    assert!(
        !scene.folder.join("replay.mp3").exists(),
        "it was another's"
    );
    scene.wish.send_replace(deleted.clone());
    let state = scene.next().await;
    assert_eq!((state.failing, state.replay), (false, ReplayIs::None));
    let left = |scene: &Scene| fs::read_dir(&scene.folder).map_or(0, Iterator::count);
    assert_eq!(left(&scene), 0);
    let mut scene = Scene::with(&files, deleted).await;
    scene.next().await;
    assert_eq!(left(&scene), 0);
}

/// A recording in blobs of memory, and its replay.
async fn with_replay() -> (MemoryBlobs, Arc<dyn Blobs>, Bytes) {
    let memory = MemoryBlobs::default();
    let blobs: Arc<dyn Blobs> = Arc::new(memory.clone());
    blobs.put(&programme(), recording()).await.expect("room");
    make(&blobs, &whole()).await.expect("it is made");
    let replay = blobs.get(&replay_key(&event())).await.expect("the replay");
    (memory, blobs, replay)
}

async fn make(blobs: &Arc<dyn Blobs>, wish: &Wish) -> Result<MadeReplay, ReplayError> {
    make_replay(blobs, &event(), &About::default(), wish).await
}

#[tokio::test]
async fn wherever_the_disk_fills_up_in_a_cut_there_is_one_whole_replay_and_it_is_said() {
    let (memory, blobs, before) = with_replay().await;
    let mp3 = mp3_key(&event());
    blobs.put(&mp3, Bytes::from_static(b"sound")).await.unwrap();
    let mut refused = 0;
    for calls in 0.. {
        let place = "in a test".to_owned();
        memory
            .faults()
            .fails_after(calls, StoreError::Full { place });
        let result = make(&blobs, &two_seconds()).await;
        memory.faults().works();
        let kept = blobs.get(&replay_key(&event())).await;
        let kept = kept.expect("there is always one");
        let Err(error) = result else {
            assert!(kept.len() < before.len() / 4, "it is cut");
            break;
        };
        assert!(matches!(error, ReplayError::Full(_)), "{error}");
        assert!(error.to_string().contains("stays as it was"), "{error}");
        refused += 1;
        assert!(kept == before || kept.len() < before.len() / 4);
        let made = MadeReplay::read(&*blobs, &event(), kept.len() as u64).await;
        let fulfils = made
            .unwrap()
            .is_some_and(|made| made.fulfils(&two_seconds()));
        assert!(!fulfils, "whoever starts next makes it");
    }
    assert!(refused > 5, "{refused}");
    let gone = blobs.size(&mp3).await;
    assert_eq!(gone, Ok(None), "of another replay no MP3 is left");
    make(&blobs, &whole()).await.expect("it is made");
    let again = blobs.get(&replay_key(&event())).await;
    assert_eq!(again, Ok(before), "a cut can be undone");
}

#[tokio::test]
async fn what_cannot_be_made_leaves_the_replay_as_it_was() {
    let (_, blobs, before) = with_replay().await;
    blobs.delete(&programme()).await.expect("it is there");
    let error = make(&blobs, &two_seconds()).await.expect_err("refused");
    assert!(matches!(error, ReplayError::NoRecording), "{error}");
    assert_eq!(blobs.get(&replay_key(&event())).await, Ok(before));
}
