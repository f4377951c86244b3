//! Mail that goes nowhere: what was handed over lies here to be read.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::answer::Answer;
use crate::mail::{Mail, MailError, Mailer, is_address};

/// Takes every mail but those for which it was told another answer.
#[derive(Default)]
pub struct MemoryMailer {
    taken: Mutex<Vec<Mail>>,
    answers: Mutex<HashMap<String, MailError>>,
}

impl MemoryMailer {
    /// What was taken, in the order it came.
    #[must_use]
    pub fn taken(&self) -> Vec<Mail> {
        locked(&self.taken).clone()
    }

    /// From now on, mail to this address is answered so; `None` takes it again.
    pub fn answer(&self, to: &str, answer: Option<MailError>) {
        let mut answers = locked(&self.answers);
        match answer {
            Some(error) => answers.insert(to.to_owned(), error),
            None => answers.remove(to),
        };
    }
}

impl Mailer for MemoryMailer {
    fn send(&self, mail: Mail) -> Answer<'static, (), MailError> {
        let refused = locked(&self.answers).get(&mail.to).cloned();
        let answer = match refused {
            Some(error) => Err(error),
            None if !is_address(&mail.to) => Err(MailError::Refused { code: 553 }),
            None => {
                locked(&self.taken).push(mail);
                Ok(())
            }
        };
        Box::pin(std::future::ready(answer))
    }
}

fn locked<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
