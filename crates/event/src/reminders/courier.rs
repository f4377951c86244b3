//! What is done about reminders: events looked at, mails handed over, addresses written down and deleted.
//!
//! One task does one thing after the other; mails are on their way in tasks of their own, so that a server that hangs keeps nobody else waiting.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use stentor_cluster::mail::MailError;
use stentor_cluster::records::{CHANGES_MAX, Change, RecordsError};
use stentor_core::reminders::{
    Input, Message, Outcome, Output, Progress, Subscription, SubscriptionId,
};
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::job::{Act, Job};
use super::letter::Letter;
use super::occasion::Occasion;
use super::service::{Reminders, State};
use super::stored::{REMINDER, Stored, key_of};
use super::token::token;
use crate::lang::Lang;

/// Mails on their way at once, those that wait for a connection included.
pub const SENDING_MAX: usize = 64;

/// How often it is looked what is due.
const TICK: Duration = Duration::from_secs(1);

/// Ticks between two looks at the events.
const TICKS_PER_LOOK: u64 = 2;

impl Reminders {
    /// Does what is to be done, until the process ends. To be called once.
    pub async fn run(self: Arc<Self>) {
        let waiting = self
            .waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let Some(mut waiting) = waiting else { return };
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut ticks = 0_u64;
        loop {
            tokio::select! {
                Some(job) = waiting.recv() => self.carry_out(vec![job]).await,
                _ = tick.tick() => {
                    if ticks.is_multiple_of(TICKS_PER_LOOK) {
                        self.look_at_events().await;
                    }
                    ticks += 1;
                    self.tick().await;
                }
            }
        }
    }

    /// Follows what hosts and operators have changed.
    pub(crate) async fn look_at_events(&self) {
        let slugs: Vec<String> = self.lock().events.keys().cloned().collect();
        for slug in slugs {
            let occasion = match self.occasion(&slug).await {
                Ok(occasion) => occasion,
                Err(error) => {
                    tracing::debug!(%error, event = slug, "an event cannot be read; it is looked at again");
                    continue;
                }
            };
            let mut state = self.lock();
            let now = (state.clock)();
            let Some(followed) = state.events.get_mut(&slug) else {
                continue;
            };
            match occasion {
                Some(occasion) => followed.occasion = occasion,
                // Deleted: nothing is said of it any more.
                None => followed.occasion.announced.progress = Progress::Over,
            }
            let event = followed.occasion.announced;
            followed
                .reminders
                .step(now, Input::Event(event), &mut Vec::new());
        }
    }

    /// Does what is due.
    pub(crate) async fn tick(self: &Arc<Self>) {
        let mut jobs = Vec::new();
        let mut sends = Vec::new();
        {
            let mut state = self.lock();
            let now = (state.clock)();
            let is_paused = state
                .paused_until
                .is_some_and(|until| Instant::now() < until);
            let mut free = SENDING_MAX.saturating_sub(self.sending.load(Ordering::Relaxed));
            if is_paused {
                free = 0;
            }
            let State { events, slugs, .. } = &mut *state;
            for (slug, followed) in &mut *events {
                let mut out = Vec::new();
                followed
                    .reminders
                    .step(now, Input::Tick { sends_max: free }, &mut out);
                for output in out {
                    match output {
                        Output::Send(id, message) => {
                            free -= 1;
                            self.sending.fetch_add(1, Ordering::Relaxed);
                            sends.push((slug.clone(), id, message, followed.occasion.clone()));
                        }
                        Output::Forget(id) => {
                            slugs.remove(&id);
                            followed.langs.remove(&id);
                            jobs.extend(Job::of(slug, output));
                        }
                        Output::Keep(..) | Output::Update(..) => jobs.extend(Job::of(slug, output)),
                    }
                }
            }
            events.retain(|_, followed| !followed.reminders.is_empty());
        }
        for (slug, id, message, occasion) in sends {
            let this = Arc::clone(self);
            tokio::spawn(async move {
                let outcome = this.send(&slug, id, message, &occasion).await;
                let jobs = this.act(id, Input::Sent { id, outcome });
                for job in jobs {
                    // It ends with the process alone.
                    let _ = this.jobs.send(job).await;
                }
                this.sending.fetch_sub(1, Ordering::Relaxed);
            });
        }
        self.carry_out(jobs).await;
    }

    /// Writes to somebody.
    async fn send(
        &self,
        slug: &str,
        id: SubscriptionId,
        message: Message,
        occasion: &Occasion,
    ) -> Outcome {
        let Some(key) = key_of(slug, id) else {
            return Outcome::Refused;
        };
        let found = self.parts.records.get(REMINDER, &key).await;
        // Not there yet: it is being written down at this moment. Or the store does not answer.
        let Ok(Some(record)) = found else {
            return Outcome::Unreachable;
        };
        let Some(stored) = Stored::decode(&record.bytes) else {
            return Outcome::Refused;
        };
        let letter = Letter {
            id,
            message,
            to: stored.address,
            lang: Lang::of_tag(&stored.lang).unwrap_or_default(),
            link: self.link(slug),
            own: format!("{}/r/{}", self.parts.base_url, token(&self.parts.key, id)),
        };
        let now = (self.lock().clock)();
        let sent = self
            .parts
            .mailer
            .send(letter.write(occasion, now.unix_ms))
            .await;
        let count = |count: &AtomicU64| count.fetch_add(1, Ordering::Relaxed);
        match sent {
            Ok(()) => {
                count(&self.counts.taken);
                Outcome::Taken
            }
            Err(MailError::Refused { code }) => {
                count(&self.counts.refused);
                tracing::info!(
                    event = slug,
                    code,
                    "a mail was refused, and its address is forgotten"
                );
                Outcome::Refused
            }
            Err(MailError::Deferred { code }) => {
                count(&self.counts.deferred);
                tracing::info!(event = slug, code, "a mail was put off");
                Outcome::Deferred
            }
            Err(MailError::Unreachable { again_in, .. }) => {
                count(&self.counts.unreachable);
                self.lock().paused_until = Some(Instant::now() + again_in);
                Outcome::Unreachable
            }
            Err(MailError::Busy { .. }) => Outcome::Unreachable,
        }
    }

    /// Writes it down. What is to be forgotten is deleted by the handful.
    async fn carry_out(&self, jobs: Vec<Job>) {
        let (forgets, others): (Vec<_>, Vec<_>) = jobs
            .into_iter()
            .partition(|job| matches!(job.act, Act::Forget));
        for job in others {
            let Job {
                slug,
                id,
                act,
                done,
            } = job;
            let written = match act {
                Act::Keep(stored) => self.keep(&slug, id, &stored).await,
                Act::Update(subscription) => self.update(&slug, id, &subscription).await,
                Act::Forget => continue,
            };
            if let Err(error) = &written {
                tracing::error!(%error, event = slug, "a reminder cannot be written down");
            }
            Job::tell(done, written.is_ok());
        }
        let mut rest = forgets;
        while !rest.is_empty() {
            let part: Vec<_> = rest.drain(..rest.len().min(CHANGES_MAX)).collect();
            let deleted = self.forget(&part).await;
            if let Err(error) = &deleted {
                tracing::error!(%error, "addresses cannot be deleted; it is tried again at the next start");
            }
            for job in part {
                Job::tell(job.done, deleted.is_ok());
            }
        }
    }

    async fn keep(
        &self,
        slug: &str,
        id: SubscriptionId,
        stored: &Stored,
    ) -> Result<(), RecordsError> {
        let Some(key) = key_of(slug, id) else {
            return Ok(());
        };
        let kept = self
            .parts
            .records
            .put(REMINDER, &key, None, stored.encode().into())
            .await;
        if kept.is_err() {
            // Nobody can be written to at an address that is not known: as if they had not asked.
            let _ = self.act(id, Input::Stop(id));
        }
        kept.map(drop)
    }

    async fn update(
        &self,
        slug: &str,
        id: SubscriptionId,
        subscription: &Subscription,
    ) -> Result<(), RecordsError> {
        let Some(key) = key_of(slug, id) else {
            return Ok(());
        };
        let records = &self.parts.records;
        // Deleted meanwhile: there is nothing to write down.
        let Some(record) = records.get(REMINDER, &key).await? else {
            return Ok(());
        };
        let Some(mut stored) = Stored::decode(&record.bytes) else {
            return Ok(());
        };
        stored.follow(subscription);
        let version = Some(record.version);
        records
            .put(REMINDER, &key, version, stored.encode().into())
            .await
            .map(drop)
    }

    async fn forget(&self, jobs: &[Job]) -> Result<(), RecordsError> {
        let mut changes = Vec::new();
        for Job { slug, id, .. } in jobs {
            let Some(key) = key_of(slug, *id) else {
                continue;
            };
            if let Some(record) = self.parts.records.get(REMINDER, &key).await? {
                changes.push(Change::Delete {
                    kind: REMINDER,
                    key,
                    expected: record.version,
                });
            }
        }
        if changes.is_empty() {
            return Ok(());
        }
        self.parts.records.commit(changes).await.map(drop)
    }

    /// Does what is due, and waits until all of it is done, for tests that move the time.
    #[cfg(test)]
    pub(super) async fn settle(self: &Arc<Self>) {
        self.drain().await;
        // Once more for what came of it.
        for _ in 0..2 {
            self.tick().await;
            while self.sending.load(Ordering::Relaxed) > 0 {
                self.drain().await;
                tokio::task::yield_now().await;
            }
            self.drain().await;
        }
    }

    #[cfg(test)]
    async fn drain(&self) {
        let mut waiting = self
            .waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(waiting) = &mut waiting {
            while let Ok(job) = waiting.try_recv() {
                self.carry_out(vec![job]).await;
            }
        }
        *self.waiting.lock().unwrap_or_else(PoisonError::into_inner) = waiting;
    }

    #[cfg(test)]
    pub(super) async fn carry_out_for_ever(&self) {
        loop {
            self.drain().await;
            tokio::task::yield_now().await;
        }
    }
}
