//! Writes one event's changes to the store, in a task of its own, so that nobody waits for a disk.
//!
//! Only the newest state is of interest: while one is being written, later ones replace each other. While the store fails, the
//! conversation goes on, a restart would find an older state, and hosts see an alarm. What another process has changed in the store
//! is never overwritten: two servers then run the same event, and the one that notices raises the alarm.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use stentor_cluster::key::{Key, Kind};
use stentor_cluster::records::{Change, Records, RecordsError, Version};
use stentor_media::package::hls::PlaylistCounts;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::catalog::{CONVERSATION, KeptState, POSITION, PublishedSoFar};
use crate::counters::{Counters, add};

/// How long after a failed write it is tried again.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// What should be found after a restart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct State {
    /// The conversation; `None` while nothing has changed since the event was opened.
    snapshot: Option<Bytes>,
    published: PublishedSoFar,
}

/// Takes what is to be kept. When its last clone is dropped, the task writes what it has not written yet, and ends.
#[derive(Clone)]
pub(crate) struct SnapshotWriter {
    wanted: Arc<watch::Sender<State>>,
    /// What the store holds, as far as is known.
    held: watch::Receiver<Option<Bytes>>,
}

impl SnapshotWriter {
    /// Starts the task, which is returned too; `kept` is what the store holds. `failing` is set when writing begins to fail and when it works
    /// again.
    pub(crate) fn start(
        records: Arc<dyn Records>,
        key: Key,
        kept: &KeptState,
        counters: Arc<Counters>,
        failing: watch::Sender<bool>,
    ) -> (Self, JoinHandle<()>) {
        let written = State {
            snapshot: None,
            published: kept.published,
        };
        let (wanted, queue) = watch::channel(written.clone());
        let (holds, held) = watch::channel(None);
        let task = WriterTask {
            records,
            key,
            snapshot_version: kept.conversation,
            position_version: kept.position,
            written,
            in_doubt: None,
            holds,
            counters,
            failing,
        };
        let task = tokio::spawn(task.run(queue));
        let wanted = Arc::new(wanted);
        (Self { wanted, held }, task)
    }

    /// The conversation as it should be found after a restart.
    pub(crate) fn snapshot(&self, bytes: Vec<u8>) {
        let bytes = Bytes::from(bytes);
        self.wanted
            .send_modify(|wanted| wanted.snapshot = Some(bytes));
    }

    /// Waits until the store holds the newest snapshot that was wanted when this was called. Where a newer one replaces it unwritten it waits
    /// for ever: it is for whoever changes nothing meanwhile.
    pub(crate) fn written(&self) -> impl Future<Output = ()> + Send + 'static {
        let wanted = self.wanted.borrow().snapshot.clone();
        let mut held = self.held.clone();
        async move {
            // A writer that is gone writes nothing more: who waits gives up by their own time.
            while *held.borrow_and_update() != wanted {
                if held.changed().await.is_err() {
                    std::future::pending::<()>().await;
                }
            }
        }
    }

    /// The position after the last published sample. It only grows, so that no position is used twice.
    pub(crate) fn position(&self, position: u64) {
        self.wanted.send_modify(|wanted| {
            wanted.published.end = wanted.published.end.max(position);
        });
    }

    /// What the playlists go on from.
    pub(crate) fn playlists(&self, counts: PlaylistCounts) {
        self.wanted.send_if_modified(|wanted| {
            let known = wanted.published.playlists.replace(counts);
            known != Some(counts)
        });
    }
}

struct WriterTask {
    records: Arc<dyn Records>,
    key: Key,
    snapshot_version: Version,
    position_version: Option<Version>,
    /// What the store holds, as far as is known.
    written: State,
    /// A state that may have been written although the store answered with an error (a timeout, say).
    in_doubt: Option<State>,
    /// Told whoever waits for the snapshot in `written`.
    holds: watch::Sender<Option<Bytes>>,
    counters: Arc<Counters>,
    failing: watch::Sender<bool>,
}

impl WriterTask {
    async fn run(mut self, mut wanted: watch::Receiver<State>) {
        loop {
            let closed = wanted.changed().await.is_err();
            loop {
                let newest = wanted.borrow_and_update().clone();
                match self.write(&newest).await {
                    Ok(()) => break self.set_failing(false),
                    Err(error) => {
                        add(&self.counters.snapshot_failures, 1);
                        if !*self.failing.borrow() {
                            tracing::error!(%error, event = %self.key, "the store cannot be written");
                        }
                        self.set_failing(true);
                        if closed {
                            return;
                        }
                        tokio::time::sleep(RETRY_AFTER).await;
                    }
                }
            }
            if closed {
                return;
            }
        }
    }

    fn set_failing(&self, failing: bool) {
        let changed = |known: &mut bool| std::mem::replace(known, failing) != failing;
        self.failing.send_if_modified(changed);
    }

    /// Makes the store hold this state.
    async fn write(&mut self, newest: &State) -> Result<(), WriteError> {
        if let Some(in_doubt) = self.in_doubt.clone() {
            self.find_out(&in_doubt).await?;
            self.in_doubt = None;
        }
        let changes = self.changes(newest);
        if changes.is_empty() {
            return Ok(());
        }
        let kinds: Vec<Kind> = changes.iter().map(kind_of).collect();
        match self.records.commit(changes).await {
            Ok(versions) => {
                for (kind, version) in kinds.into_iter().zip(versions) {
                    self.adopt(kind, newest, version);
                }
                add(&self.counters.snapshots_written, 1);
                Ok(())
            }
            Err(RecordsError::Conflict { .. }) => Err(WriteError::Elsewhere),
            Err(error) => {
                self.in_doubt = Some(newest.clone());
                Err(error.into())
            }
        }
    }

    fn changes(&self, newest: &State) -> Vec<Change> {
        let put = |kind, expected, bytes| Change::Put {
            kind,
            key: self.key.clone(),
            expected,
            bytes,
        };
        let mut changes = Vec::new();
        if let Some(snapshot) = &newest.snapshot
            && newest.snapshot != self.written.snapshot
        {
            let expected = Some(self.snapshot_version);
            changes.push(put(CONVERSATION, expected, snapshot.clone()));
        }
        if newest.published != self.written.published {
            let expected = self.position_version;
            changes.push(put(POSITION, expected, position_bytes(newest.published)));
        }
        changes
    }

    /// Reads back whether a write that was answered with an error was done all the same.
    async fn find_out(&mut self, in_doubt: &State) -> Result<(), WriteError> {
        let known = [Some(self.snapshot_version), self.position_version];
        let bytes = [
            in_doubt.snapshot.clone(),
            Some(position_bytes(in_doubt.published)),
        ];
        for ((kind, known), bytes) in [CONVERSATION, POSITION].into_iter().zip(known).zip(bytes) {
            let found = self.records.get(kind, &self.key).await?;
            match found {
                Some(found) if Some(found.version) == known => {}
                Some(found) if Some(&found.bytes) == bytes.as_ref() => {
                    self.adopt(kind, in_doubt, found.version);
                }
                None if known.is_none() => {}
                Some(_) | None => return Err(WriteError::Elsewhere),
            }
        }
        Ok(())
    }

    /// One record of the store now holds its part of a state.
    fn adopt(&mut self, kind: Kind, state: &State, version: Version) {
        if kind == CONVERSATION {
            self.snapshot_version = version;
            self.written.snapshot.clone_from(&state.snapshot);
            self.holds.send_replace(state.snapshot.clone());
        } else {
            self.position_version = Some(version);
            self.written.published = state.published;
        }
    }
}

fn kind_of(change: &Change) -> Kind {
    match change {
        Change::Put { kind, .. } | Change::Delete { kind, .. } => *kind,
    }
}

fn position_bytes(published: PublishedSoFar) -> Bytes {
    Bytes::from(published.encode())
}

/// Why a state was not written.
#[derive(Debug, thiserror::Error)]
enum WriteError {
    #[error(transparent)]
    Records(#[from] RecordsError),
    #[error("the event was changed in the store by another server, and is left as that has it")]
    Elsewhere,
}

#[cfg(test)]
mod tests {
    use super::*;
    use stentor_cluster::error::StoreError;
    use stentor_cluster::testing::MemoryRecords;
    use tokio::sync::mpsc;
    use tokio::time::Instant;

    struct Scene {
        records: MemoryRecords,
        writer: SnapshotWriter,
        failing: mpsc::UnboundedReceiver<bool>,
        counters: Arc<Counters>,
    }

    fn key() -> Key {
        Key::new("demo").expect("a key")
    }

    fn full() -> StoreError {
        StoreError::Full {
            place: "in a test".to_owned(),
        }
    }

    impl Scene {
        /// A store that holds an event, and its writer.
        async fn new() -> Self {
            let records = MemoryRecords::default();
            let conversation = records
                .put(CONVERSATION, &key(), None, Bytes::from_static(b"found"))
                .await
                .expect("it is kept");
            let kept = KeptState {
                conversation,
                position: None,
                published: PublishedSoFar::default(),
            };
            let (report, mut reports) = watch::channel(false);
            let (tell, failing) = mpsc::unbounded_channel();
            tokio::spawn(async move {
                while reports.changed().await.is_ok() {
                    let _ = tell.send(*reports.borrow_and_update());
                }
            });
            let store = Arc::new(records.clone());
            let counters = Arc::new(Counters::default());
            let counted = Arc::clone(&counters);
            let (writer, _) = SnapshotWriter::start(store, key(), &kept, counted, report);
            Self {
                records,
                writer,
                failing,
                counters,
            }
        }

        /// What a restart would find, read once every call that can be answered has been.
        async fn found(&self) -> (String, Option<String>) {
            let text = |bytes: Bytes| String::from_utf8(bytes.to_vec()).expect("text");
            let get = async |kind| {
                let found = self.records.get(kind, &key()).await.expect("it is read");
                found.map(|record| text(record.bytes))
            };
            (
                get(CONVERSATION).await.expect("it is there"),
                get(POSITION).await,
            )
        }

        /// Lets the task do all it can at this moment: time moves on only when nobody has anything to do.
        async fn settle(&self) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }

        fn told(&mut self) -> Vec<bool> {
            std::iter::from_fn(|| self.failing.try_recv().ok()).collect()
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_newest_state_and_position_are_kept() {
        let mut scene = Scene::new().await;
        for number in 1..=3_u64 {
            scene
                .writer
                .snapshot(format!("state {number}").into_bytes());
            scene.writer.position(number * 100);
            scene.settle().await;
            let position = Some((number * 100).to_string());
            assert_eq!(scene.found().await, (format!("state {number}"), position));
        }
        assert!(scene.told().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn a_position_never_goes_back() {
        let scene = Scene::new().await;
        scene.writer.position(500);
        scene.writer.position(400);
        scene.settle().await;
        scene.writer.position(300);
        scene.settle().await;
        assert_eq!(scene.found().await.1.as_deref(), Some("500"));
    }

    #[tokio::test(start_paused = true)]
    async fn while_the_store_is_slow_states_replace_each_other_and_the_last_is_kept() {
        let mut scene = Scene::new().await;
        let before = scene.records.faults().calls();
        scene.records.faults().waits();
        for number in 1..=100_u64 {
            scene
                .writer
                .snapshot(format!("state {number}").into_bytes());
            scene.writer.position(number);
            scene.settle().await;
        }
        scene.records.faults().works();
        scene.settle().await;
        assert_eq!(
            scene.records.faults().calls() - before,
            2,
            "each is one commit"
        );
        let found = scene.found().await;
        assert_eq!(found, ("state 100".to_owned(), Some("100".to_owned())));
        assert!(scene.told().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn what_a_failing_store_has_missed_is_there_when_it_works_again() {
        let mut scene = Scene::new().await;
        scene.records.faults().fails(full());
        scene.writer.snapshot(b"during".to_vec());
        scene.writer.position(7);
        tokio::time::sleep(Duration::from_secs(600)).await;
        assert_eq!(scene.told(), [true], "the alarm is raised once");
        let counted = scene.counters.snapshot();
        assert_eq!(counted.snapshots_written, 0);
        assert!(counted.snapshot_failures > 1, "each attempt is counted");
        scene.writer.snapshot(b"last".to_vec());
        scene.records.faults().works();
        let begun = Instant::now();
        assert_eq!(scene.failing.recv().await, Some(false));
        assert!(begun.elapsed() <= RETRY_AFTER);
        let found = scene.found().await;
        assert_eq!(found, ("last".to_owned(), Some("7".to_owned())));
        assert_eq!(scene.counters.snapshot().snapshots_written, 1);
        assert!(scene.told().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn a_write_whose_answer_was_lost_is_found_and_the_next_goes_on_from_it() {
        let mut scene = Scene::new().await;
        scene.records.faults().loses_answers();
        scene.writer.snapshot(b"done unheard".to_vec());
        scene.writer.position(7);
        assert_eq!(scene.failing.recv().await, Some(true));
        scene.records.faults().works();
        let done = ("done unheard".to_owned(), Some("7".to_owned()));
        assert_eq!(scene.found().await, done);
        assert_eq!(scene.failing.recv().await, Some(false));
        scene.writer.snapshot(b"next".to_vec());
        scene.writer.position(8);
        scene.settle().await;
        let found = scene.found().await;
        assert_eq!(found, ("next".to_owned(), Some("8".to_owned())));
        assert!(scene.told().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn what_another_server_has_written_is_left_and_the_alarm_stays() {
        let mut scene = Scene::new().await;
        let found = scene.records.get(CONVERSATION, &key()).await;
        let version = found.expect("it is read").map(|record| record.version);
        let foreign = Bytes::from_static(b"of another server");
        let written = scene.records.put(CONVERSATION, &key(), version, foreign);
        written.await.expect("it is written");
        scene.writer.snapshot(b"ours".to_vec());
        tokio::time::sleep(Duration::from_secs(60)).await;
        assert_eq!(scene.found().await.0, "of another server");
        assert_eq!(scene.told(), [true]);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_left_when_the_last_handle_goes_is_written() {
        let scene = Scene::new().await;
        scene.records.faults().waits();
        scene.writer.snapshot(b"first".to_vec());
        scene.settle().await;
        scene.writer.snapshot(b"last".to_vec());
        let Scene {
            records,
            writer,
            mut failing,
            ..
        } = scene;
        drop(writer);
        records.faults().works();
        // The task has ended when nobody can tell any more.
        assert_eq!(failing.recv().await, None);
        let found = records.get(CONVERSATION, &key()).await;
        let found = found.expect("it is read").expect("it is there");
        assert_eq!(found.bytes, "last");
    }
}
