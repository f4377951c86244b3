//! TLS from the first byte and after `STARTTLS`, and who is not trusted.

use std::sync::Arc;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use stentor_cluster::mail::{Mailer, Security, SmtpMailer, SmtpServer};

use super::double::{Does, Double, login, sender, settings};
use super::mail_to;

/// A certificate for that name, and who trusts it.
fn tls(name: &str) -> (Arc<ServerConfig>, Arc<ClientConfig>) {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed([name.to_owned()]).unwrap();
    let provider = Arc::new(aws_lc_rs::default_provider());
    let der = CertificateDer::from(cert.der().to_vec());
    let server = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![der.clone()],
            PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap(),
        )
        .unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(der).unwrap();
    let client = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    (Arc::new(server), Arc::new(client))
}

fn protected(double: &Double, security: Security) -> SmtpServer {
    SmtpServer {
        host: "localhost".to_owned(),
        security,
        login: Some(login()),
        ..settings(double.addr)
    }
}

#[tokio::test]
async fn mail_goes_over_tls_from_the_first_byte_and_after_starttls() {
    for (security, from_first_byte) in [(Security::Tls, true), (Security::StartTls, false)] {
        let (server, client) = tls("localhost");
        let double = Double::start_with(&[], Some(server), from_first_byte).await;
        let mailer =
            SmtpMailer::start(protected(&double, security), Some(client), sender()).unwrap();
        let sent = mailer.send(mail_to("ada@example.org")).await;
        assert_eq!(sent, Ok(()), "{security:?}");
        let commands = double.seen().commands;
        let login = commands.iter().position(|line| line.starts_with("AUTH"));
        let begun = commands.iter().position(|line| line == "STARTTLS");
        assert!(login.is_some() && begun < login, "{commands:?}");
    }
}

#[tokio::test]
async fn replies_in_latin_1_are_read_below_tls_too() {
    let (server, client) = tls("localhost");
    let rules = &[("AUTH", Does::Says(b"535 refus\xe9\r\n"))];
    let double = Double::start_with(rules, Some(server), false).await;
    let settings = protected(&double, Security::StartTls);
    let said = SmtpMailer::check(&settings, Some(&client), &sender())
        .await
        .unwrap_err();
    assert!(said.contains("refusé"), "{said}");
}

#[tokio::test]
async fn a_server_nobody_vouches_for_is_told_nothing() {
    for (security, from_first_byte) in [(Security::Tls, true), (Security::StartTls, false)] {
        let (server, _) = tls("localhost");
        let (_, stranger) = tls("localhost");
        let double = Double::start_with(&[], Some(server), from_first_byte).await;
        let settings = protected(&double, security);
        let said = SmtpMailer::check(&settings, Some(&stranger), &sender())
            .await
            .unwrap_err();
        assert!(said.starts_with("no TLS with localhost"), "{said}");
        let commands = double.seen().commands;
        assert!(
            !commands.iter().any(|line| line.starts_with("AUTH")),
            "{commands:?}"
        );
    }
}

#[tokio::test]
async fn where_tls_is_asked_for_nothing_is_sent_without_it() {
    let double = Double::start(&[]).await;
    let (_, client) = tls("localhost");
    let settings = protected(&double, Security::StartTls);
    let said = SmtpMailer::check(&settings, Some(&client), &sender())
        .await
        .unwrap_err();
    assert!(said.contains("offers no STARTTLS"), "{said}");
    let commands = double.seen().commands;
    assert_eq!(commands, ["EHLO example.org"]);
    // And a server that takes it back.
    let refusing = Double::start(&[
        ("EHLO", Does::Says(b"250-x\r\n250 STARTTLS\r\n")),
        ("STARTTLS", Does::Says(b"454 not now\r\n")),
    ])
    .await;
    let settings = protected(&refusing, Security::StartTls);
    let said = SmtpMailer::check(&settings, Some(&client), &sender())
        .await
        .unwrap_err();
    assert!(said.contains("454"), "{said}");
}
