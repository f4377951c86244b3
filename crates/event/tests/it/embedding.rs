//! Who may show the player of an event inside a page: as its host says, from the address to the headers.

use http::Response;
use stentor_edge::faces::Reply;
use stentor_event::catalog::{Amendment, ask};
use stentor_event::embedding::Embedding;
use stentor_event::testing::{SLUG, TestServer};

use crate::registry::asks;

const PLAYERS: [&str; 4] = [
    "/e/talk/embed",
    "/e/talk/de/embed",
    "/e/talk/en/embed",
    "/e/talk/fr/embed",
];

async fn say(server: &TestServer, who: &str) {
    let amendment = Amendment {
        embedding: Some(who.parse::<Embedding>().unwrap()),
        ..Amendment::default()
    };
    ask(&*server.records, SLUG, &amendment).await.unwrap();
    server.events.open_new().await.unwrap();
    server.event().settle().await;
}

fn answer(server: &TestServer, path: &str) -> Response<String> {
    match asks(server, path) {
        Reply::Whole(answer) => answer.map(|body| String::from_utf8(body.to_vec()).unwrap()),
        // Nothing of the edge's: whoever stands behind it says that it is not there.
        Reply::Fallback => Response::builder().status(404).body(String::new()).unwrap(),
        _ => panic!("{path} is no document"),
    }
}

fn field<'a>(answer: &'a Response<String>, name: &str) -> &'a str {
    let value = answer.headers().get(name);
    value.map_or("", |value| value.to_str().unwrap())
}

/// The sources of `frame-ancestors`.
fn ancestors(answer: &Response<String>) -> &str {
    let policy = field(answer, "content-security-policy");
    let mut directives = policy.split(';').map(str::trim);
    directives
        .find_map(|directive| directive.strip_prefix("frame-ancestors "))
        .unwrap_or_default()
}

/// Whether the page of the event names its player to programs.
fn offers_it(server: &TestServer) -> bool {
    let page = answer(server, "/e/talk");
    assert_eq!(ancestors(&page), "'self'", "the page itself is in no frame");
    page.body().contains("application/json+oembed")
}

/// Without pages in it this program has no player to show; `make web` builds them.
fn has_pages(server: &TestServer) -> bool {
    let has = answer(server, "/e/talk").status() == 200;
    let must = std::env::var_os("STENTOR_MUST_RUN").is_some();
    assert!(has || !must, "not run, and it must: there are no pages");
    has
}

#[tokio::test]
async fn nobody_shows_the_player_until_the_host_says_who() {
    let folder = tempfile::tempdir().unwrap();
    let server = TestServer::start(folder.path()).await;
    if !has_pages(&server) {
        return println!("not run: the program was built without its pages");
    }
    let refused = |path| {
        let answer = answer(&server, path);
        (answer.status().as_u16(), answer.into_body())
    };
    let sentence = "This conversation is not shown inside other pages. You can hear it here: http://here/e/talk\n";
    assert_eq!(refused("/e/talk/embed"), (410, sentence.to_owned()));
    assert_eq!(refused("/e/talk/fr/embed").0, 404);
    assert!(!offers_it(&server));
    for (who, sources) in [
        ("any", "*"),
        (
            "https://a.example https://b.example:8443",
            "'self' https://a.example https://b.example:8443",
        ),
    ] {
        say(&server, who).await;
        for path in PLAYERS {
            let player = answer(&server, path);
            assert_eq!(player.status(), 200, "{path}");
            assert_eq!(ancestors(&player), sources, "{path}");
            assert_eq!(field(&player, "cache-control"), "public, max-age=5");
            assert_eq!(field(&player, "x-content-type-options"), "nosniff");
            assert!(field(&player, "set-cookie").is_empty());
        }
        assert!(offers_it(&server));
    }
    say(&server, "none").await;
    assert_eq!(refused("/e/talk/embed"), (410, sentence.to_owned()));
    assert_eq!(refused("/e/talk/fr/embed").0, 404);
    assert!(!offers_it(&server));
}

#[tokio::test]
async fn what_the_host_has_said_outlives_a_restart_and_goes_with_the_event() {
    let folder = tempfile::tempdir().unwrap();
    let server = TestServer::start(folder.path()).await;
    if !has_pages(&server) {
        return println!("not run: the program was built without its pages");
    }
    say(&server, "any").await;
    let server = server.restarted().await;
    for path in PLAYERS {
        assert_eq!(ancestors(&answer(&server, path)), "*", "{path}");
    }
    let delete = Amendment {
        delete: true,
        ..Amendment::default()
    };
    ask(&*server.records, SLUG, &delete).await.unwrap();
    server.events.open_new().await.unwrap();
    for path in PLAYERS {
        assert_ne!(answer(&server, path).status(), 200, "{path}");
    }
}
