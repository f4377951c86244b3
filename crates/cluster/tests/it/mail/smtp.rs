//! Servers that answer, that do not, and that answer strangely.

use std::time::{Duration, Instant};

use stentor_cluster::mail::{
    BackOff, CONNECTIONS_MAX, MAILS_WAITING_MAX, MailError, Mailer, SmtpMailer, SmtpTimeouts,
};
use tokio::net::TcpListener;

use super::double::{Does, Double, login, mailer, sender, settings};
use super::mail_to;

const ADA: &str = "ada@example.org";

fn why(sent: Result<(), MailError>) -> String {
    match sent {
        Err(MailError::Unreachable { why, .. }) => why,
        other => panic!("expected a server that cannot be used, got {other:?}"),
    }
}

#[tokio::test]
async fn a_mail_arrives_as_it_was_written_and_two_on_one_connection() {
    let double = Double::start(&[]).await;
    let mailer = double.mailer();
    for _ in 0..2 {
        assert_eq!(mailer.send(mail_to(ADA)).await, Ok(()));
    }
    let seen = double.seen();
    assert_eq!(seen.commands[0], "EHLO example.org");
    assert_eq!(seen.commands[1], "MAIL FROM:<noreply@example.org>");
    assert_eq!(seen.commands[2], "RCPT TO:<ada@example.org>");
    let (_, text) = seen.messages[0]
        .split_once("\r\n\r\n")
        .expect("a head and a text");
    assert_eq!(text, "It begins at 20:00.\r\n.\r\n.. and ends\r\n");
    assert_eq!(seen.connections, 1, "{seen:?}");
}

#[tokio::test]
async fn a_server_that_answers_in_latin_1_takes_mail_and_its_noes_are_read() {
    let double = Double::start(&[
        ("220", Does::Says(b"220 bo\xeete aux lettres\r\n")),
        (
            "EHLO",
            Does::Says(b"250-bonjour \xe0 vous\r\n250 8BITMIME\r\n"),
        ),
        ("RCPT", Does::Says(b"250 destinataire accept\xe9\r\n")),
        (".", Does::Says(b"250 message re\xe7u\r\n")),
    ])
    .await;
    let mailer = double.mailer();
    assert_eq!(mailer.send(mail_to(ADA)).await, Ok(()));
    double.follow(&[("RCPT", Does::Says(b"550 bo\xeete inconnue\r\n"))]);
    let refused = mailer.send(mail_to(ADA)).await;
    assert_eq!(refused, Err(MailError::Refused { code: 550 }));
    double.follow(&[("RCPT", Does::Says(b"452-bo\xeete\r\n452 pleine \xff\r\n"))]);
    let deferred = mailer.send(mail_to(ADA)).await;
    assert_eq!(deferred, Err(MailError::Deferred { code: 452 }));
    assert_eq!(
        double.seen().connections,
        1,
        "each no leaves the connection good"
    );
}

#[tokio::test]
async fn what_a_server_says_of_itself_is_shown_and_what_it_says_of_people_is_not() {
    let double =
        Double::start(&[("EHLO", Does::Says(b"550 acc\xe8s refus\xe9 \x1b[31m\r\n"))]).await;
    let said = why(double.mailer().send(mail_to(ADA)).await);
    assert!(
        said.contains("accès refusé") && said.contains("550"),
        "{said}"
    );
    assert!(!said.contains('\u{1b}'), "{said:?}");

    let double = Double::start(&[("RCPT", Does::Says(b"421 ada@example.org: go away\r\n"))]).await;
    let said = why(double.mailer().send(mail_to(ADA)).await);
    assert!(!said.contains("ada") && said.contains("421"), "{said}");
    for code in [b"550 ada@example.org?\r\n", b"450 ada@example.org?\r\n"] {
        let double = Double::start(&[]).await;
        double.follow(Box::leak(Box::new([("RCPT", Does::Says(code))])));
        let error = double.mailer().send(mail_to(ADA)).await.unwrap_err();
        assert!(!error.to_string().contains("ada"), "{error}");
    }
}

#[tokio::test]
async fn a_message_that_is_refused_as_such_is_no_reason_to_forget_whoever_it_was_for() {
    for (at, code) in [("DATA", 554), (".", 554), (".", 451)] {
        let says: &'static [u8] = if code == 554 {
            b"554 spam\r\n"
        } else {
            b"451 busy\r\n"
        };
        let double = Double::start(Box::leak(Box::new([(at, Does::Says(says))]))).await;
        let sent = double.mailer().send(mail_to(ADA)).await;
        assert_eq!(sent, Err(MailError::Deferred { code }), "{at}");
    }
}

#[tokio::test]
async fn a_server_that_hangs_at_any_point_is_given_up_and_then_left_alone() {
    for at in ["220", "EHLO", "MAIL", "RCPT", "DATA", "."] {
        for does in [Does::Hangs, Does::Closes, Does::Drivels] {
            let double = Double::start(Box::leak(Box::new([(at, does)]))).await;
            let mailer = double.mailer();
            let begun = Instant::now();
            let said = why(mailer.send(mail_to(ADA)).await);
            assert!(!said.is_empty() && !said.contains("ada@"), "{at}: {said}");
            // Less than the sum of all that it could have been waited for.
            assert!(begun.elapsed() < Duration::from_secs(8), "{at} {does:?}");
            let connections = double.seen().connections;
            let again = mailer.send(mail_to(ADA)).await;
            assert_eq!(why(again), said, "nobody waits for it a second time");
            assert_eq!(double.seen().connections, connections, "{at}");
        }
    }
}

#[tokio::test]
async fn a_server_that_comes_back_is_used_again() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = free.local_addr().unwrap();
    drop(free);
    let mut server = settings(addr);
    server.back_off = BackOff {
        first: Duration::from_millis(1),
        longest: Duration::from_millis(20),
    };
    let mailer = mailer(server);
    let said = why(mailer.send(mail_to(ADA)).await);
    assert!(said.contains("no connection to 127.0.0.1"), "{said}");
    let double = Double::start_at(addr, &[]).await;
    let deadline = Instant::now() + Duration::from_secs(10);
    while mailer.send(mail_to(ADA)).await.is_err() {
        assert!(Instant::now() < deadline, "it is there");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(double.seen().messages.len(), 1);
}

#[tokio::test]
async fn a_connection_that_was_closed_while_it_rested_costs_no_mail() {
    let double = Double::start(&[(".", Does::SaysAndCloses(b"250 taken, and bye\r\n"))]).await;
    let mailer = double.mailer();
    for sent in 1..=3 {
        assert_eq!(mailer.send(mail_to(ADA)).await, Ok(()));
        assert_eq!(double.seen().connections, sent);
    }
}

#[tokio::test]
async fn a_connection_with_nothing_to_send_is_closed() {
    let double = Double::start(&[]).await;
    let mut server = settings(double.addr);
    server.timeouts.idle = Duration::from_millis(10);
    let mailer = mailer(server);
    assert_eq!(mailer.send(mail_to(ADA)).await, Ok(()));
    let deadline = Instant::now() + Duration::from_secs(10);
    while !double.seen().commands.contains(&"QUIT".to_owned()) {
        assert!(Instant::now() < deadline, "it says goodbye");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(
        mailer.send(mail_to(ADA)).await,
        Ok(()),
        "and another is opened"
    );
}

#[tokio::test]
async fn at_the_limit_a_mail_is_refused_at_once_and_the_others_have_their_answers() {
    let double = Double::start(&[("220", Does::Hangs)]).await;
    let mailer = double.mailer();
    let mut waiting: Vec<_> = (0..MAILS_WAITING_MAX)
        .map(|_| mailer.send(mail_to(ADA)))
        .collect();
    let refused = mailer.send(mail_to(ADA)).await;
    assert_eq!(
        refused,
        Err(MailError::Busy {
            max: MAILS_WAITING_MAX
        })
    );
    for answer in waiting.drain(..) {
        assert!(matches!(answer.await, Err(MailError::Unreachable { .. })));
    }
    assert!(double.seen().connections <= CONNECTIONS_MAX);
}

#[tokio::test]
async fn who_we_are_is_said_and_a_no_is_told_without_the_password() {
    let double = Double::start(&[("AUTH", Does::Says(b"535 mot de passe erron\xe9\r\n"))]).await;
    let mut server = settings(double.addr);
    server.login = Some(login());
    let said = SmtpMailer::check(&server, None, &sender())
        .await
        .unwrap_err();
    assert!(
        said.contains("does not let us in") && said.contains("erroné"),
        "{said}"
    );
    assert!(!said.contains("troy-horse"), "{said}");
    assert!(!format!("{server:?}").contains("troy-horse"));
    double.follow(&[]);
    assert_eq!(SmtpMailer::check(&server, None, &sender()).await, Ok(()));
    let commands = double.seen().commands;
    assert!(
        !commands.iter().any(|line| line.starts_with("MAIL")),
        "{commands:?}"
    );
}

#[tokio::test]
async fn waiting_for_mail_servers_is_within_minutes_by_default() {
    let SmtpTimeouts {
        connect,
        reply,
        take,
        ..
    } = SmtpTimeouts::default();
    // Connected, TLS, greeting and hello, two for the login, sender, recipient, data, the message, and the two of another connection.
    assert!(2 * connect + 8 * reply + take < Duration::from_secs(15 * 60));
}
