//! The listener's page: its template, and what is filled in.
//!
//! The markup is `templates/listen.html`, checked when this crate is compiled; every value is escaped for where it stands. Only the script
//! and the style that `web/` built stand in it as they are: the policy names their hashes.

use askama::Template;

use super::assets::{built, built_icon, built_words};
use super::headers::inline_policy;
use crate::announcement::PageHead;
use crate::lang::Lang;
use crate::status::Status;

/// What `web/` built for the listener's page.
#[derive(Clone, Debug)]
pub struct ListenAssets {
    /// What chooses the language, before anything is shown.
    lang: &'static str,
    script: &'static str,
    style: &'static str,
    /// What the script says, in each language, as JSON.
    words: Vec<(Lang, &'static str)>,
    /// Path of the icon.
    icon: String,
    policy: String,
}

impl ListenAssets {
    /// Those of this build; `None` where the binary was built without the pages.
    pub fn load() -> Option<Self> {
        let text = |path| std::str::from_utf8(built(path)?).ok();
        let words = Lang::all().map(|lang| Some((lang, built_words(lang)?)));
        Some(Self::new(
            text("lang.js")?,
            text("listen.js")?,
            text("listen.css")?,
            words.collect::<Option<_>>()?,
            built_icon()?,
        ))
    }

    fn new(
        lang: &'static str,
        script: &'static str,
        style: &'static str,
        words: Vec<(Lang, &'static str)>,
        icon: String,
    ) -> Self {
        Self {
            lang,
            script,
            style,
            words,
            icon,
            policy: inline_policy(&[lang, script], style),
        }
    }

    /// What the page's script says in that language; of others it fetches a file.
    fn words(&self, lang: &Lang) -> &'static str {
        let found = self.words.iter().find(|(of, _)| of == lang);
        found.map_or("[]", |(_, words)| words)
    }

    /// The content security policy that allows the page's own script and style, and nothing else.
    pub(crate) fn policy(&self) -> &str {
        &self.policy
    }
}

/// The listener's page.
#[derive(Template)]
#[template(path = "listen.html")]
pub(crate) struct ListenPage<'a> {
    pub(crate) assets: &'a ListenAssets,
    pub(crate) lang: Lang,
    pub(crate) title: &'a str,
    /// What is going on, in words.
    pub(crate) sentence: &'a str,
    /// What networks and search engines are told of it.
    pub(crate) head: Option<PageHead>,
    /// Whether reminders can be had by mail.
    pub(crate) mails: bool,
    /// What it is about.
    pub(crate) about: Option<&'a str>,
    /// What `status.json` says, so that the script need not ask for it first.
    pub(crate) status: &'a Status<'a>,
    /// `/e/slug`
    pub(crate) base: &'a str,
    /// Where a player without script finds sound, below `base`.
    pub(crate) plain_source: &'a str,
}

impl ListenPage<'_> {
    /// The page.
    ///
    /// # Panics
    /// Never: writing to memory does not fail, and no value of the page can fail to be shown.
    pub(crate) fn html(&self) -> String {
        self.render().expect("a page is rendered into memory")
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::{env, fs};

    use stentor_core::Now;
    use stentor_core::conversation::{Conversation, FIRST_HOST, Input, Outbox, View};
    use stentor_core::event::{ConditionKind, EventCommand, EventInfo};
    use stentor_core::schedule::{ANNOUNCED_VERSION, Act, ScheduleCommand, Start};

    use super::*;
    use crate::compress::compress;
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

    fn assets(lang: &'static str, script: &'static str, style: &'static str) -> ListenAssets {
        let words = Lang::all().map(|lang| (lang, lang.code())).collect();
        ListenAssets::new(lang, script, style, words, "/assets/icon-0.svg".to_owned())
    }

    fn page_of(view: &View, assets: &ListenAssets, lang: Lang) -> String {
        let replay = Replay::Awaited;
        ListenPage {
            assets,
            lang,
            title: view.title(),
            sentence: &sentence(lang, view.phase(), ConditionKind::Ok, replay),
            head: None,
            mails: false,
            about: None,
            status: &status(view, 1_800_000_002_000, replay),
            base: "/e/radio-nord",
            plain_source: "/ogg/live.ogg",
        }
        .html()
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
    fn the_page_keeps_its_form() {
        let assets = assets("say()", "go()", "a{b:c}");
        for lang in Lang::all() {
            let got = page_of(&view("Nord & Süd"), &assets, lang);
            let path = Path::new(env!("CARGO_MANIFEST_DIR"))
                .join(format!("tests/golden/listen.{}.html", lang.code()));
            if env::var_os("GOLDEN").is_some_and(|value| value == "write") {
                fs::create_dir_all(path.parent().expect("a file is in a folder")).unwrap();
                fs::write(&path, &got).unwrap();
            }
            let wanted = fs::read_to_string(&path).unwrap_or_default();
            assert!(got == wanted, "{} has changed:\n{got}", path.display());
        }
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
        assert_eq!(between(&page, "<h1 id=\"title\">", "</h1>"), escaped);
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
            let told = full(&view(title), 1_800_000_002_000, Replay::Awaited);
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
        assert_eq!(assets.policy(), inline_policy(&[lang, script], style));
    }

    #[test]
    fn the_page_as_it_is_served_fits_into_the_first_window() {
        let Some(assets) = ListenAssets::load() else {
            assert!(
                env::var_os("STENTOR_MUST_RUN").is_none(),
                "not run, and it must: the program was built without its pages"
            );
            return println!("not run: the program was built without its pages");
        };
        let longest = "é".repeat(stentor_core::limits::TITLE_CHARS_MAX);
        for lang in Lang::all() {
            let page = compress(page_of(&view(&longest), &assets, lang).into());
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
