//! An event in several languages, as readers of each find it.

use std::collections::BTreeMap;

use stentor_core::conversation::FIRST_HOST;
use stentor_core::event::EventCommand;
use stentor_core::schedule::{Act, Correction, ScheduleCommand};
use stentor_edge::faces::Reply;
use stentor_event::catalog::{Amendment, ask};
use stentor_event::testing::{SLUG, TestServer};
use stentor_event::texts::{languages_of, texts_of};

use crate::evening::eventually;
use crate::registry::{asks, status};

fn texts(pairs: &[(&str, &str)]) -> stentor_core::Texts {
    let pairs = pairs
        .iter()
        .map(|(tag, text)| ((*tag).to_owned(), (*text).to_owned()));
    texts_of(&pairs.collect::<BTreeMap<_, _>>()).expect("languages")
}

fn page(server: &TestServer, below: &str) -> String {
    match asks(server, &format!("/e/{SLUG}{below}")) {
        Reply::Whole(response) => String::from_utf8(response.body().to_vec()).expect("a page"),
        _ => panic!("{below} is not there"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_reader_has_title_and_description_in_their_language_or_else_in_the_events_own() {
    let folder = tempfile::tempdir().unwrap();
    let server = TestServer::start(folder.path()).await;
    let french = Amendment {
        lang: Some("fr".to_owned()),
        ..Amendment::default()
    };
    ask(&*server.records, SLUG, &french).await.unwrap();
    server.events.open_new().await.unwrap();
    let correction = Correction {
        title: Some("L’été".to_owned()),
        titles: Some(texts(&[("de", "Der Sommer"), ("ar", "الصيف")])),
        languages: languages_of(&["de", "ar"]).ok(),
        description: Some(texts(&[("fr", "Du vent."), ("de", "Vom Wind.")])),
        ..Correction::default()
    };
    let version = server
        .event()
        .view()
        .await
        .unwrap()
        .value()
        .schedule_version;
    let act = ScheduleCommand::new(Act::Correct(correction), version);
    let command = EventCommand::Schedule(act).into();
    let acted = server.event().act(FIRST_HOST, command).await.unwrap();
    assert_eq!(acted.refused, None);
    eventually("pages say so", || {
        page(&server, "/de").contains("Der Sommer").then_some(())
    })
    .await;
    for (below, lang, title, about) in [
        ("", "fr", "L’été", "Du vent."),
        ("/fr", "fr", "L’été", "Du vent."),
        ("/de", "de", "Der Sommer", "Vom Wind."),
        ("/en", "fr", "L’été", "Du vent."),
    ] {
        let html = page(&server, below);
        for expected in [
            format!("<title>{title} · Stentor</title>"),
            format!("<h1 id=\"title\" lang=\"{lang}\" dir=\"auto\">{title}</h1>"),
            format!("<p id=\"about\" lang=\"{lang}\" dir=\"auto\" data-differs>{about}</p>"),
        ] {
            assert!(html.contains(&expected), "{below}: {expected}: {html}");
        }
    }
    let status = status(&server, SLUG).unwrap();
    assert_eq!(
        (&status["title"], &status["lang"]),
        (&"L’été".into(), &"fr".into())
    );
    assert_eq!(status["titles"]["de"], "Der Sommer");
    // And it is so after the server was started again.
    server.event().settle().await;
    let server = server.restarted().await;
    assert!(page(&server, "/de").contains("Der Sommer"));
    assert!(page(&server, "/en").contains("L’été"));
}
