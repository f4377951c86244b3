//! The listener's page: its template, and what is filled in.
//!
//! The markup is `templates/listen.html`, checked when this crate is compiled; every value is escaped for where it stands. Only the script
//! and the style that `web/` built stand in it as they are: the policy names their hashes.

use askama::Template;

use super::assets::{built, built_icon, built_words};
use stentor_core::schedule::Picture;

use super::headers::framed_policy;
use crate::announcement::{MP3, Moment, OGG, PageHead, REPLAY};
use crate::lang::Lang;
use crate::picture::picture_path;
use crate::status::Status;
use crate::texts::Said;

/// What `web/` built for the listener's page, and for the player that other pages show.
#[derive(Clone, Debug)]
pub struct ListenAssets {
    pub(crate) page: PageAssets,
    pub(crate) embed: PageAssets,
}

impl ListenAssets {
    /// Those of this build; `None` where the binary was built without the pages.
    pub fn load() -> Option<Self> {
        Some(Self {
            page: PageAssets::load("listen")?,
            embed: PageAssets::load("embed")?,
        })
    }
}

/// What `web/` built for one page that carries all of it inside.
#[derive(Clone, Debug)]
pub(crate) struct PageAssets {
    /// What chooses the language, before anything is shown.
    lang: &'static str,
    script: &'static str,
    style: &'static str,
    /// What the script says, in each language, as JSON.
    words: Vec<(Lang, &'static str)>,
    /// Path of the icon.
    icon: String,
}

impl PageAssets {
    fn load(page: &str) -> Option<Self> {
        let text = |path: &str| std::str::from_utf8(built(path)?).ok();
        let words = Lang::all().map(|lang| Some((lang, built_words(page, lang)?)));
        Some(Self {
            lang: text("lang.js")?,
            script: text(&format!("{page}.js"))?,
            style: text(&format!("{page}.css"))?,
            words: words.collect::<Option<_>>()?,
            icon: built_icon()?,
        })
    }

    /// What the page's script says in that language; of others it fetches a file.
    fn words(&self, lang: &Lang) -> &'static str {
        let found = self.words.iter().find(|(of, _)| of == lang);
        found.map_or("[]", |(_, words)| words)
    }

    /// The content security policy that allows the page's own script and style, and nothing else; pages of these sources may show it inside
    /// themselves.
    pub(crate) fn policy(&self, frame_ancestors: &str) -> String {
        framed_policy(&[self.lang, self.script], self.style, frame_ancestors)
    }
}

/// Where the players that browsers have find sound without a script, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sources {
    /// The streams of an event that is live or to come (players reconnect to them by themselves).
    Live {
        /// Whether there is MP3, for those that know no Opus.
        mp3: bool,
    },
    /// The replay.
    Replay,
}

/// One of them.
#[derive(Clone, Copy, Debug)]
struct Source {
    /// Below the event.
    path: &'static str,
    kind: &'static str,
}

impl Sources {
    const fn list(self) -> &'static [Source] {
        const OPUS: Source = Source {
            path: OGG,
            kind: "audio/ogg",
        };
        const LIVE: [Source; 2] = [
            OPUS,
            Source {
                path: MP3,
                kind: "audio/mpeg",
            },
        ];
        match self {
            Self::Live { mp3: true } => &LIVE,
            Self::Live { mp3: false } => &[OPUS],
            Self::Replay => &[Source {
                path: REPLAY,
                kind: "audio/mp4",
            }],
        }
    }
}

/// A picture as a page shows it.
pub(crate) struct ShownPicture {
    path: String,
    width: u16,
    height: u16,
}

impl ShownPicture {
    /// That of the event at this address.
    pub(crate) fn of(slug: &str, picture: &Picture) -> Self {
        Self {
            path: picture_path(slug, picture),
            width: picture.width,
            height: picture.height,
        }
    }
}

/// The listener's page.
#[derive(Template)]
#[template(path = "listen.html")]
pub(crate) struct ListenPage<'a> {
    pub(crate) assets: &'a PageAssets,
    pub(crate) lang: Lang,
    pub(crate) title: Said<'a>,
    /// What is going on, in words.
    pub(crate) sentence: &'a str,
    /// When it begins or goes on, where there is something to say.
    pub(crate) moment: Option<Moment>,
    /// Why it stands so, as its host has said it.
    pub(crate) why: Option<&'a str>,
    /// What networks and search engines are told of it.
    pub(crate) head: Option<PageHead>,
    /// Whether reminders can be had by mail.
    pub(crate) mails: bool,
    /// Whether there are AAC and MP3.
    pub(crate) transcodes: bool,
    /// What it is about.
    pub(crate) about: Option<Said<'a>>,
    /// The picture that its host gave it.
    pub(crate) picture: Option<ShownPicture>,
    /// Whether that is something else in another language.
    pub(crate) about_differs: bool,
    /// What `status.json` says, so that the script need not ask for it first.
    pub(crate) status: &'a Status<'a>,
    /// `/e/slug`
    pub(crate) base: &'a str,
    /// Where a player without script finds sound.
    pub(crate) sources: Sources,
}

impl ListenPage<'_> {
    /// The page.
    ///
    /// # Panics
    /// Never: writing to memory does not fail, and no value of the page can fail to be shown.
    pub(crate) fn html(&self) -> String {
        self.render().expect("a page is rendered into memory")
    }

    const fn sources(&self) -> &'static [Source] {
        self.sources.list()
    }
}

/// The player that other pages show inside themselves: the same event, in the same words, without what is not needed to hear.
#[derive(Template)]
#[template(path = "embed.html")]
pub(crate) struct EmbedPage<'a> {
    pub(crate) assets: &'a PageAssets,
    pub(crate) page: &'a ListenPage<'a>,
}

impl EmbedPage<'_> {
    /// The page.
    ///
    /// # Panics
    /// Never, as [`ListenPage::html`].
    pub(crate) fn html(&self) -> String {
        self.render().expect("a page is rendered into memory")
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::{env, fs};

    use stentor_core::conversation::{Conversation, FIRST_HOST, Input, Outbox, View};
    use stentor_core::event::{ConditionKind, EventCommand, EventInfo, Phase};
    use stentor_core::schedule::{ANNOUNCED_VERSION, Act, ScheduleCommand, Start};
    use stentor_core::{LanguageTag, Now};

    use super::*;
    use crate::announcement::testing::listing;
    use crate::compress::compress;
    use crate::listing::{Listing, ListingPhase};
    use crate::pages::sentence;
    use crate::status::{Replay, full, status};

    /// The whole budget of the page, compressed, bytes: with its headers that is the first window of TCP.
    const LISTEN_BYTES_MAX: usize = 14_000;

    fn view(title: &str) -> View {
        let at = |unix_ms| Now {
            mono_ms: 0,
            unix_ms,
        };
        let info = EventInfo {
            title: title.to_owned(),
            start: Some(Start {
                unix_ms: 1_800_000_000_000,
                zone: None,
            }),
            draft: false,
            host_name: String::new(),
            recorded: true,
        };
        let mut conversation = Conversation::new(info, at(1_800_000_000_000));
        let go = EventCommand::Schedule(ScheduleCommand::new(Act::GoOnAir, ANNOUNCED_VERSION));
        let input = Input::Command {
            by: FIRST_HOST,
            command: go.into(),
        };
        conversation.step(at(1_800_000_001_000), input, &mut Outbox::new());
        let mut view = View {
            listeners: 3,
            notice_id: 7,
            ..conversation.view()
        };
        // Whatever may once be let into a title.
        view.schedule.title = title.to_owned();
        view
    }

    fn assets(lang: &'static str, script: &'static str, style: &'static str) -> PageAssets {
        PageAssets {
            lang,
            script,
            style,
            words: Lang::all().map(|lang| (lang, lang.code())).collect(),
            icon: "/assets/icon-0.svg".to_owned(),
        }
    }

    /// The page of an event, and the player for others' pages, with the same assets.
    fn both_of(view: &View, assets: &PageAssets, lang: Lang) -> [String; 2] {
        let replay = Replay::Awaited;
        let listing = Listing {
            starts_unix_ms: view.starts_unix_ms(),
            until_unix_ms: view.schedule.until_unix_ms,
            phase: match view.phase() {
                Phase::Held => ListingPhase::Held,
                Phase::OnAir => ListingPhase::OnAir,
                _ => ListingPhase::Announced,
            },
            ..listing()
        };
        let page = ListenPage {
            assets,
            lang,
            title: Said {
                lang: "en",
                text: view.title(),
            },
            sentence: &sentence(lang, &view.schedule, ConditionKind::Ok, replay),
            moment: Moment::of(&listing, lang),
            why: listing.said(&view.schedule.why, lang.code()),
            head: None,
            mails: false,
            transcodes: true,
            about: None,
            picture: None,
            about_differs: false,
            status: &status(view, Lang::default(), 1_800_000_002_000, replay),
            base: "/e/radio-nord",
            sources: Sources::Live { mp3: true },
        };
        let embed = EmbedPage {
            assets,
            page: &page,
        };
        [page.html(), embed.html()]
    }

    fn page_of(view: &View, assets: &PageAssets, lang: Lang) -> String {
        let [page, _] = both_of(view, assets, lang);
        page
    }

    /// The same event, held for a reason until a moment.
    fn held(title: &str) -> View {
        let mut view = view(title);
        view.schedule.phase = Phase::Held;
        view.schedule.until_unix_ms = Some(1_800_000_600_000);
        let english = LanguageTag::parse("en").unwrap();
        let why = "A glass of <water>";
        view.schedule.why.set(english, why).unwrap();
        view
    }

    fn titled(title: &str) -> String {
        let assets = assets("say()", "go()", "a{b:c}");
        page_of(&view(title), &assets, Lang::default())
    }

    /// The text between two others.
    fn between<'a>(page: &'a str, open: &str, close: &str) -> &'a str {
        let rest = page.split_once(open).expect("it begins").1;
        rest.split_once(close).expect("it ends").0
    }

    /// `GOLDEN=write cargo test` writes it anew; the difference then shows in the review.
    #[test]
    fn the_pages_keep_their_form() {
        let assets = assets("say()", "go()", "a{b:c}");
        for lang in Lang::all() {
            let [page, embed] = both_of(&view("Nord & Süd"), &assets, lang);
            is_golden(&page, &format!("listen.{}.html", lang.code()));
            is_golden(&embed, &format!("embed.{}.html", lang.code()));
        }
        let [page, embed] = both_of(&held("Nord & Süd"), &assets, Lang::default());
        is_golden(&page, "listen.held.html");
        is_golden(&embed, "embed.held.html");
    }

    fn is_golden(got: &str, name: &str) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/golden")
            .join(name);
        if env::var_os("GOLDEN").is_some_and(|value| value == "write") {
            fs::create_dir_all(path.parent().expect("a file is in a folder")).unwrap();
            fs::write(&path, got).unwrap();
        }
        let wanted = fs::read_to_string(&path).unwrap_or_default();
        assert!(got == wanted, "{} has changed:\n{got}", path.display());
    }

    #[test]
    fn a_title_cannot_break_out_of_the_page() {
        let hostile = "</title></script><script>x</script>\"'&{{ base }}%TITLE%";
        let page = titled(hostile);
        let plain = titled("a title");
        let elements = |page: &str| page.matches('<').count();
        assert_eq!(elements(&page), elements(&plain), "{page}");
        assert_eq!(page.matches("<script").count(), 4, "{page}");
        let escaped = "&#60;/title&#62;&#60;/script&#62;&#60;script&#62;x&#60;/script&#62;&#34;&#39;&#38;{{ base }}%TITLE%";
        assert_eq!(between(&page, "<title>", " · Stentor</title>"), escaped);
        let heading = "<h1 id=\"title\" lang=\"en\" dir=\"auto\">";
        assert_eq!(between(&page, heading, "</h1>"), escaped);
    }

    #[test]
    fn the_state_in_the_page_is_what_status_json_says_and_cannot_end_its_script() {
        for title in ["a title", "</script><!--\"'&\\", "\u{2028}<\u{0}>"] {
            let page = titled(title);
            let state = between(
                &page,
                "<script type=\"application/json\" id=\"state\">",
                "</script>",
            );
            assert!(!state.contains(['<', '>', '&']), "{state}");
            let told = full(
                &view(title),
                Lang::default(),
                1_800_000_002_000,
                Replay::Awaited,
            );
            let parse = |json: &str| serde_json::from_str::<serde_json::Value>(json).unwrap();
            assert_eq!(parse(state), parse(&told));
            assert_eq!(parse(state)["title"], title);
        }
    }

    #[test]
    fn the_page_carries_the_words_of_its_own_language_alone() {
        for lang in Lang::all() {
            let page = page_of(&view("a title"), &assets("say()", "go()", "a{b:c}"), lang);
            let open = "<script type=\"application/json\" id=\"words\">";
            assert_eq!(between(&page, open, "</script>"), lang.code());
            assert_eq!(page.matches(" aria-current=\"true\"").count(), 1, "{page}");
            assert!(page.contains(&format!(" aria-current=\"true\">{}</a>", lang.name())));
        }
    }

    #[test]
    fn what_is_run_stands_in_the_page_as_its_policy_names_it() {
        let (lang, script, style) = ("say('<')", "if(1<2&&'a')go()", "a>b{content:\"&\"}");
        let assets = assets(lang, script, style);
        let page = page_of(&view("a title"), &assets, Lang::parse("fr").unwrap());
        assert_eq!(between(&page, "<script>", "</script>"), lang);
        let (_, after) = page.split_once("</style>").expect("it has a style");
        assert_eq!(between(after, "<script>", "</script>"), script);
        assert_eq!(between(&page, "<style>", "</style>"), style);
        let policy = framed_policy(&[lang, script], style, "*");
        assert_eq!(assets.policy("*"), policy);
    }

    #[test]
    fn a_title_cannot_break_out_of_the_player() {
        let assets = assets("say()", "go()", "a{b:c}");
        let elements = |title: &str| {
            let [_, embed] = both_of(&held(title), &assets, Lang::default());
            embed.matches('<').count()
        };
        assert_eq!(elements("</script><b>\"'&"), elements("a title"));
    }

    #[test]
    fn the_pages_as_they_are_served_fit_into_the_first_window() {
        let Some(assets) = ListenAssets::load() else {
            assert!(
                env::var_os("STENTOR_MUST_RUN").is_none(),
                "not run, and it must: the program was built without its pages"
            );
            return println!("not run: the program was built without its pages");
        };
        let longest = "é".repeat(stentor_core::limits::TITLE_CHARS_MAX);
        for lang in Lang::all() {
            let [page, _] = both_of(&held(&longest), &assets.page, lang);
            let [_, embed] = both_of(&held(&longest), &assets.embed, lang);
            for html in [page, embed] {
                let page = compress(html.into());
                for form in [page.br, page.gzip] {
                    let bytes = form.expect("both are made").len();
                    assert!(
                        bytes <= LISTEN_BYTES_MAX,
                        "{lang:?}: {bytes} of {LISTEN_BYTES_MAX} bytes"
                    );
                }
            }
        }
    }
}
