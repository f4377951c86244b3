//! Mails on their way: a bounded queue, a few connections, and a server that is left alone while it cannot be used.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustls::ClientConfig;
use tokio::sync::{Mutex as TurnMutex, mpsc, oneshot};
use tokio::time::{Instant, timeout};

use super::back_off::Health;
use super::server::{Security, SmtpServer};
use super::session::{Failure, Session};
use crate::answer::Answer;
use crate::mail::error::{MailError, MailSetupError};
use crate::mail::mailer::{Mail, Mailer};
use crate::mail::message::{Composed, Sender, compose};

/// Connections to the server at once. Relays count them, and four carry what a server with a listener each tenth of a second needs.
pub const CONNECTIONS_MAX: usize = 4;

/// Mails that wait for a connection. At it, [`MailError::Busy`] at once.
pub const MAILS_WAITING_MAX: usize = 256;

/// Sends by SMTP. Its tasks end when it is dropped; what waits then is not sent.
pub struct SmtpMailer {
    jobs: mpsc::Sender<Job>,
}

struct Job {
    mail: Mail,
    reply: oneshot::Sender<Result<(), MailError>>,
}

/// What all connections share.
struct Relay {
    server: SmtpServer,
    tls: Option<Arc<ClientConfig>>,
    sender: Sender,
    health: Mutex<Health>,
    /// Connections that rest, and since when; at most [`CONNECTIONS_MAX`]. The last that came is the next to be used, so that few mails keep
    /// one open.
    resting: Mutex<Vec<(Session, Instant)>>,
}

impl SmtpMailer {
    /// Starts the tasks that send; nothing is connected before there is a mail. To be called on a runtime of tokio's.
    ///
    /// # Errors
    /// The operator's: a server whose name can be in no certificate.
    pub fn start(
        server: SmtpServer,
        tls: Option<Arc<ClientConfig>>,
        sender: Sender,
    ) -> Result<Self, MailSetupError> {
        let is_name = rustls::pki_types::ServerName::try_from(server.host.as_str()).is_ok();
        if server.security != Security::None && !is_name {
            return Err(MailSetupError::Host { host: server.host });
        }
        let (jobs, waiting) = mpsc::channel(MAILS_WAITING_MAX);
        let waiting = Arc::new(TurnMutex::new(waiting));
        let relay = Arc::new(Relay {
            server,
            tls,
            sender,
            health: Mutex::default(),
            resting: Mutex::default(),
        });
        for _ in 0..CONNECTIONS_MAX {
            tokio::spawn(work(Arc::clone(&relay), Arc::clone(&waiting)));
        }
        Ok(Self { jobs })
    }

    /// Connects once, says hello and who we are, and goes away.
    ///
    /// # Errors
    /// What is wrong, in words: the operator's.
    pub async fn check(
        server: &SmtpServer,
        tls: Option<&Arc<ClientConfig>>,
        sender: &Sender,
    ) -> Result<(), String> {
        let session = Session::open(server, tls, sender.domain()).await?;
        session.close().await;
        Ok(())
    }
}

impl Mailer for SmtpMailer {
    fn send(&self, mail: Mail) -> Answer<'static, (), MailError> {
        let (reply, answer) = oneshot::channel();
        let queued = self.jobs.try_send(Job { mail, reply }).is_ok();
        Box::pin(async move {
            let busy = MailError::Busy {
                max: MAILS_WAITING_MAX,
            };
            if !queued {
                return Err(busy);
            }
            answer.await.unwrap_or(Err(busy))
        })
    }
}

/// Hands over one mail after the other, as long as there is whoever may give more.
async fn work(relay: Arc<Relay>, waiting: Arc<TurnMutex<mpsc::Receiver<Job>>>) {
    loop {
        // One waits for the next mail, the others for this lock: it is not held while a mail is sent.
        let next = async { waiting.lock().await.recv().await };
        match timeout(relay.server.timeouts.idle, next).await {
            Ok(None) => return,
            Ok(Some(Job { mail, reply })) => {
                let sent = relay.send(&mail).await;
                // Whoever handed it over may be gone.
                let _ = reply.send(sent);
            }
            Err(_) => relay.close_rested().await,
        }
    }
}

impl Relay {
    async fn send(&self, mail: &Mail) -> Result<(), MailError> {
        let composed = compose(mail, &self.sender)?;
        if let Some((why, again_in)) = locked(&self.health).left_alone(Instant::now()) {
            return Err(MailError::Unreachable { why, again_in });
        }
        let rested = locked(&self.resting).pop();
        let mut sent = match rested {
            Some((session, _)) => self.hand_over(session, &composed).await,
            None => self.connect_and_hand_over(&composed).await,
        };
        // A server may have closed a connection that rested: that is no failure of its.
        if matches!(sent, Err(Failure::Gone(_))) {
            sent = self.connect_and_hand_over(&composed).await;
        }
        match sent {
            Err(Failure::Broken(why) | Failure::Gone(why)) => Err(self.failed(why)),
            Err(Failure::Refused(code)) => Err(MailError::Refused { code }),
            Err(Failure::Deferred(code)) => Err(MailError::Deferred { code }),
            Ok(()) => {
                if locked(&self.health).works() {
                    tracing::info!("the mail server takes mail again");
                }
                Ok(())
            }
        }
    }

    async fn connect_and_hand_over(&self, mail: &Composed) -> Result<(), Failure> {
        let opened = Session::open(&self.server, self.tls.as_ref(), self.sender.domain()).await;
        self.hand_over(opened.map_err(Failure::Broken)?, mail).await
    }

    async fn hand_over(&self, mut session: Session, mail: &Composed) -> Result<(), Failure> {
        let sent = session.send(&self.sender.envelope(), mail).await;
        if !matches!(sent, Err(Failure::Broken(_) | Failure::Gone(_))) && !session.is_broken() {
            locked(&self.resting).push((session, Instant::now()));
        }
        sent
    }

    /// Says goodbye on those that have rested for long enough.
    async fn close_rested(&self) {
        let idle = self.server.timeouts.idle;
        let rested = {
            let mut resting = locked(&self.resting);
            let (rested, rest): (Vec<_>, Vec<_>) = std::mem::take(&mut *resting)
                .into_iter()
                .partition(|(_, since)| since.elapsed() >= idle);
            *resting = rest;
            rested
        };
        for (session, _) in rested {
            session.close().await;
        }
    }

    fn failed(&self, why: String) -> MailError {
        let now = Instant::now();
        let (again_in, is_news) = locked(&self.health).failed(&why, now, self.server.back_off);
        if is_news {
            tracing::warn!(
                why,
                again_in_s = again_in.as_secs(),
                "the mail server cannot be used"
            );
        }
        MailError::Unreachable { why, again_in }
    }
}

/// What is locked changes within calls that cannot panic between two parts of it.
fn locked<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
