//! What every way to send mail does, by SMTP and in memory.

use stentor_cluster::mail::{MailError, Mailer};
use stentor_cluster::testing::MemoryMailer;

use super::double::{Does, Double};
use super::mail_to;

/// The same mail twice, one to nobody, and one to who takes none.
async fn conforms(mailer: &dyn Mailer) {
    assert_eq!(mailer.send(mail_to("ada@example.org")).await, Ok(()));
    assert_eq!(mailer.send(mail_to("ada@example.org")).await, Ok(()));
    for nobody in ["", "ada", "ada@example.org\r\nRCPT TO:<x@y.example>"] {
        let refused = mailer.send(mail_to(nobody)).await;
        assert_eq!(refused, Err(MailError::Refused { code: 553 }), "{nobody}");
    }
}

#[tokio::test]
async fn mail_is_taken_and_nobody_is_refused() {
    let memory = MemoryMailer::default();
    conforms(&memory).await;
    assert_eq!(memory.taken().len(), 2);

    let double = Double::start(&[]).await;
    conforms(&double.mailer()).await;
    assert_eq!(double.seen().messages.len(), 2);
}

#[tokio::test]
async fn who_takes_no_mail_is_told_apart_from_who_takes_none_now() {
    let memory = MemoryMailer::default();
    for error in [
        MailError::Refused { code: 550 },
        MailError::Deferred { code: 450 },
    ] {
        memory.answer("ada@example.org", Some(error.clone()));
        assert_eq!(memory.send(mail_to("ada@example.org")).await, Err(error));
    }
    memory.answer("ada@example.org", None);
    assert_eq!(memory.send(mail_to("ada@example.org")).await, Ok(()));

    let double = Double::start(&[("RCPT", Does::Says(b"550 no\r\n"))]).await;
    let mailer = double.mailer();
    let refused = mailer.send(mail_to("ada@example.org")).await;
    assert_eq!(refused, Err(MailError::Refused { code: 550 }));
    double.follow(&[("RCPT", Does::Says(b"450 later\r\n"))]);
    let deferred = mailer.send(mail_to("ada@example.org")).await;
    assert_eq!(deferred, Err(MailError::Deferred { code: 450 }));
    double.follow(&[]);
    assert_eq!(mailer.send(mail_to("ada@example.org")).await, Ok(()));
}
