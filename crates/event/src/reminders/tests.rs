//! Reminders from the form to the mailbox, by a clock that the test moves.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use stentor_cluster::error::StoreError;
use stentor_cluster::mail::{Mail, MailError};
use stentor_cluster::records::Records;
use stentor_cluster::testing::{MemoryMailer, MemoryRecords};
use stentor_core::Now;
use stentor_core::reminders::Network;
use stentor_core::reminders::limits::{CONFIRM_WITHIN_MS, REMIND_BEFORE_MS};
use stentor_core::schedule::{Correction, Start};
use tempfile::TempDir;

use super::service::{AskError, ReminderParts, Reminders};
use super::stored::REMINDER;
use crate::catalog::store_event;
use crate::links::LinkKey;
use crate::record::NewEvent;

const ADA: &str = "ada@example.org";
const MADE: i64 = 1_796_000_000_000;
const STARTS: i64 = MADE + 10 * 3_600_000;

struct Scene {
    records: Arc<MemoryRecords>,
    mailer: Arc<MemoryMailer>,
    reminders: Arc<Reminders>,
    now: Arc<AtomicI64>,
    folder: TempDir,
}

async fn open(
    folder: &TempDir,
    records: &Arc<MemoryRecords>,
    mailer: &Arc<MemoryMailer>,
    now: &Arc<AtomicI64>,
) -> Arc<Reminders> {
    let parts = ReminderParts {
        records: Arc::clone(records) as Arc<dyn Records>,
        mailer: Arc::clone(mailer) as Arc<_>,
        key: LinkKey::load_or_create(folder.path()).unwrap(),
        base_url: "https://live.example.org".to_owned(),
    };
    let clock = Arc::clone(now);
    let now = move || Now {
        mono_ms: clock.load(Ordering::Relaxed).unsigned_abs(),
        unix_ms: clock.load(Ordering::Relaxed),
    };
    Reminders::open_with(parts, Box::new(now)).await.unwrap()
}

impl Scene {
    async fn new() -> Self {
        let records = Arc::new(MemoryRecords::default());
        let new = NewEvent {
            title: "Ilios".to_owned(),
            slug: Some("talk".to_owned()),
            lang: "en".to_owned(),
            told: Correction::default(),
            start: Some(Start {
                unix_ms: STARTS,
                zone: None,
            }),
            draft: false,
            host: "Ada".to_owned(),
            opens_at: 0,
            recorded: true,
            embedding: Default::default(),
        };
        let (record, conversation) = new.make(MADE, &[]).unwrap();
        store_event(&*records, &record, &conversation)
            .await
            .unwrap();
        let (folder, mailer) = (tempfile::tempdir().unwrap(), Arc::default());
        let now = Arc::new(AtomicI64::new(MADE));
        let reminders = open(&folder, &records, &mailer, &now).await;
        Self {
            records,
            mailer,
            reminders,
            now,
            folder,
        }
    }

    async fn ask(&self, address: &str, lang: &str) -> Result<(), AskError> {
        self.reminders
            .ask("talk", address, lang, Some(Network(1)))
            .await
    }

    /// At that time, all that is due is done; the mails that came of it.
    async fn at(&self, now: i64) -> Vec<Mail> {
        let before = self.mailer.taken().len();
        self.now.store(now, Ordering::Relaxed);
        self.reminders.look_at_events().await;
        self.reminders.settle().await;
        self.mailer.taken().split_off(before)
    }

    fn time(&self) -> i64 {
        self.now.load(Ordering::Relaxed)
    }

    async fn kept(&self) -> Vec<String> {
        let page = self.records.list(REMINDER, None).await.unwrap();
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        page.records
            .iter()
            .map(|record| text(&record.bytes))
            .collect()
    }

    /// A request is answered while the task that writes down is at work.
    async fn with_courier<T>(&self, asked: impl Future<Output = T>) -> T {
        tokio::select! {
            answer = asked => answer,
            () = self.reminders.carry_out_for_ever() => unreachable!("it goes on for ever"),
        }
    }
}

/// The token in a mail.
fn token(mail: &Mail) -> String {
    let stop = mail.unsubscribe.strip_suffix("/stop").unwrap();
    stop.strip_prefix("https://live.example.org/r/")
        .unwrap()
        .to_owned()
}

#[tokio::test]
async fn who_asks_confirms_and_is_reminded_and_forgotten() {
    let scene = Scene::new().await;
    scene.ask(ADA, "fr-CA").await.unwrap();
    let mails = scene.at(MADE).await;
    let [confirm] = &mails[..] else {
        panic!("{mails:?}")
    };
    assert_eq!((&*confirm.to, &*confirm.language), (ADA, "fr"));
    assert!(confirm.subject.contains("Ilios"));
    let link = token(confirm);
    assert!(
        confirm
            .text
            .contains(&format!("https://live.example.org/r/{link}/confirm\n"))
    );
    let looked = scene.reminders.look(&link).unwrap();
    assert!(!looked.confirmed);
    let shown = scene
        .with_courier(scene.reminders.confirm(&link))
        .await
        .unwrap();
    assert!(shown.confirmed && shown.title == "Ilios" && shown.lang.code() == "fr");
    assert!(
        scene.kept().await[0].contains("\"confirmed\":true"),
        "written down before it is said"
    );
    let mails = scene.at(STARTS - REMIND_BEFORE_MS).await;
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].subject, "Bientôt\u{a0}: Ilios");
    assert!(scene.with_courier(scene.reminders.stop(&link)).await);
    assert!(scene.kept().await.is_empty());
    assert_eq!(scene.reminders.look(&link), None);
    assert!(
        scene.with_courier(scene.reminders.stop(&link)).await,
        "a second time is as good"
    );
}

#[tokio::test]
async fn the_answer_is_the_same_whether_an_address_is_known() {
    let scene = Scene::new().await;
    for _ in 0..3 {
        assert_eq!(scene.ask(ADA, "en").await, Ok(()));
        assert_eq!(scene.ask("ADA@example.ORG", "en").await, Ok(()));
    }
    assert_eq!(scene.at(MADE).await.len(), 1);
    assert_eq!(scene.ask("bob@example.org", "en").await, Ok(()));
}

#[tokio::test]
async fn what_cannot_be_is_refused_in_one_sentence() {
    let scene = Scene::new().await;
    for wrong in [
        "",
        "ada",
        "ada@example.org\r\nBcc: b@example.org",
        &"a".repeat(100_000),
    ] {
        assert_eq!(scene.ask(wrong, "en").await, Err(AskError::Address));
    }
    let ask = |slug: &'static str| scene.reminders.ask(slug, ADA, "en", None);
    for slug in ["nobody", "../x", "", "A"] {
        assert_eq!(ask(slug).await, Err(AskError::NoEvent), "{slug}");
    }
    let mut allowed = 0;
    while scene.ask(ADA, "en").await != Err(AskError::Network) {
        allowed += 1;
        assert!(allowed < 1_000);
    }
    assert!(
        scene
            .reminders
            .ask("talk", ADA, "en", Some(Network(2)))
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn a_restart_loses_nobody_and_reminds_nobody_twice() {
    let mut scene = Scene::new().await;
    scene.ask(ADA, "de").await.unwrap();
    scene.ask("bob@example.org", "en").await.unwrap();
    let mails = scene.at(MADE).await;
    let ada = mails.iter().find(|mail| mail.to == ADA).map(token).unwrap();
    scene
        .with_courier(scene.reminders.confirm(&ada))
        .await
        .unwrap();
    scene.reminders = open(&scene.folder, &scene.records, &scene.mailer, &scene.now).await;
    let stats = scene.reminders.stats();
    assert_eq!((stats.asked, stats.confirmed), (1, 1));
    assert_eq!(scene.at(MADE + 1).await, []);
    let mails = scene.at(STARTS - REMIND_BEFORE_MS).await;
    assert_eq!(mails.len(), 1);
    assert_eq!((&*mails[0].to, &*mails[0].language), (ADA, "de"));
    scene.reminders = open(&scene.folder, &scene.records, &scene.mailer, &scene.now).await;
    assert_eq!(scene.at(STARTS - REMIND_BEFORE_MS + 1).await, []);
    assert!(
        scene
            .reminders
            .look(&ada)
            .is_some_and(|shown| shown.lang.code() == "de")
    );
}

#[tokio::test]
async fn an_event_that_is_deleted_takes_its_addresses_along() {
    let mut scene = Scene::new().await;
    for number in 0..40 {
        // More than one network, or it has had enough.
        let network = Some(Network(number / 20));
        let address = format!("a{number}@example.org");
        scene
            .reminders
            .ask("talk", &address, "en", network)
            .await
            .unwrap();
    }
    scene.at(MADE).await;
    assert_eq!(scene.kept().await.len(), 40);
    let key = stentor_cluster::key::Key::new("talk").unwrap();
    for kind in [
        stentor_cluster::key::Kind::new("event"),
        crate::catalog::CONVERSATION,
    ] {
        let record = scene.records.get(kind, &key).await.unwrap().unwrap();
        let delete = stentor_cluster::records::Change::Delete {
            kind,
            key: key.clone(),
            expected: record.version,
        };
        scene.records.commit(vec![delete]).await.unwrap();
    }
    // Beside a server that runs, and beside one that did not.
    let before = scene.records.list(REMINDER, None).await.unwrap().records;
    scene.at(MADE + 1).await;
    assert!(scene.kept().await.is_empty());
    for record in before {
        scene
            .records
            .put(REMINDER, &record.key, None, record.bytes)
            .await
            .unwrap();
    }
    scene.reminders = open(&scene.folder, &scene.records, &scene.mailer, &scene.now).await;
    scene.at(MADE + 2).await;
    assert!(scene.kept().await.is_empty());
}

#[tokio::test]
async fn who_does_not_confirm_is_deleted_after_a_day() {
    let scene = Scene::new().await;
    scene.ask(ADA, "en").await.unwrap();
    scene.at(MADE).await;
    scene.at(MADE + CONFIRM_WITHIN_MS - 1).await;
    assert_eq!(scene.kept().await.len(), 1);
    scene.at(MADE + CONFIRM_WITHIN_MS).await;
    assert!(scene.kept().await.is_empty());
}

#[tokio::test]
async fn an_address_that_takes_no_mail_is_deleted_and_a_server_that_is_away_is_waited_for() {
    let scene = Scene::new().await;
    let again_in = std::time::Duration::from_millis(30);
    let away = MailError::Unreachable {
        why: "away".to_owned(),
        again_in,
    };
    scene.mailer.answer(ADA, Some(away));
    scene.ask(ADA, "en").await.unwrap();
    assert_eq!(scene.at(MADE).await, []);
    scene.mailer.answer(ADA, None);
    assert_eq!(scene.at(MADE + 1).await, [], "it is left alone");
    tokio::time::sleep(again_in).await;
    assert_eq!(scene.at(MADE + 2).await.len(), 1);
    scene
        .mailer
        .answer("bob@example.org", Some(MailError::Refused { code: 550 }));
    scene.ask("bob@example.org", "en").await.unwrap();
    scene.at(MADE + 3).await;
    assert_eq!(scene.kept().await.len(), 1);
    let stats = scene.reminders.stats();
    assert_eq!((stats.taken, stats.refused, stats.unreachable), (1, 1, 1));
}

#[tokio::test]
async fn a_store_that_fails_is_no_reason_to_write_to_anybody_or_to_promise_anything() {
    let scene = Scene::new().await;
    scene.ask(ADA, "en").await.unwrap();
    let link = token(&scene.at(MADE).await[0]);
    scene.records.faults().fails(StoreError::Full {
        place: "here".to_owned(),
    });
    scene.ask("bob@example.org", "en").await.unwrap();
    assert_eq!(scene.at(scene.time() + 1).await, []);
    assert_eq!(
        scene.with_courier(scene.reminders.confirm(&link)).await,
        None
    );
    assert!(!scene.with_courier(scene.reminders.stop(&link)).await);
}

#[tokio::test]
async fn no_line_of_the_log_has_an_address_in_it() {
    struct Writer(Arc<Mutex<Vec<u8>>>);
    impl std::io::Write for Writer {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let log = Arc::new(Mutex::new(Vec::new()));
    let written = Arc::clone(&log);
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || Writer(Arc::clone(&written)))
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let scene = Scene::new().await;
    for (number, answer) in [
        None,
        Some(MailError::Refused { code: 550 }),
        Some(MailError::Deferred { code: 450 }),
    ]
    .into_iter()
    .enumerate()
    {
        let address = format!("ada{number}@example.org");
        scene.mailer.answer(&address, answer);
        scene.ask(&address, "en").await.unwrap();
    }
    scene.at(MADE).await;
    scene.records.faults().fails(StoreError::Full {
        place: "here".to_owned(),
    });
    scene.ask("ada9@example.org", "en").await.unwrap();
    scene.at(MADE + 1).await;
    let log = String::from_utf8(log.lock().unwrap().clone()).unwrap();
    assert!(
        log.contains("refused") && log.contains("written down"),
        "{log}"
    );
    assert!(
        !log.contains("ada") && !log.contains("example.org"),
        "{log}"
    );
}
