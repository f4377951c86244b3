//! The listener's page: its template, and what is filled in.

use super::assets::built;
use super::headers::inline_policy;
use crate::lang::Lang;

/// The listener's page with its holes still open.
#[derive(Clone, Debug)]
pub struct ListenTemplate {
    html: &'static str,
    policy: String,
}

/// What goes into the holes of the listener's page.
#[derive(Debug)]
pub(crate) struct ListenPage<'a> {
    pub(crate) lang: Lang,
    pub(crate) title: &'a str,
    /// What is going on, in words.
    pub(crate) sentence: &'a str,
    /// The event's `status.json`.
    pub(crate) state_json: &'a str,
    /// `/e/slug`
    pub(crate) base: &'a str,
    /// Where a player without script finds sound.
    pub(crate) plain_source: &'a str,
}

impl ListenTemplate {
    /// The page of this build; `None` where the binary was built without the pages.
    pub fn load() -> Option<Self> {
        let html = std::str::from_utf8(built("listen.html")?).ok()?;
        Some(Self {
            html,
            policy: inline_policy(html),
        })
    }

    /// The content security policy that allows this page's own script and style, and nothing else.
    pub(crate) fn policy(&self) -> &str {
        &self.policy
    }

    /// The page with everything filled in.
    pub(crate) fn fill(&self, page: &ListenPage<'_>) -> String {
        let other = format!("{}/{}", page.base, page.lang.other().code());
        let holes = [
            ("%LANG%", page.lang.code().to_owned()),
            ("%TITLE%", escape(page.title)),
            ("%SENTENCE%", escape(page.sentence)),
            // Inside a script element only `<` can end it (HTML, 4.12.1.3); the JSON stays the same JSON.
            ("%STATE%", page.state_json.replace('<', "\\u003c")),
            ("%BASE%", escape(page.base)),
            ("%OTHER%", escape(&other)),
            ("%NOJS_SRC%", escape(page.plain_source)),
        ];
        fill_holes(self.html, &holes)
    }
}

/// Fills in one pass, so that a title that looks like a hole stays a title.
fn fill_holes(template: &str, holes: &[(&str, String)]) -> String {
    let mut page = String::with_capacity(template.len() + 1024);
    let mut rest = template;
    while let Some(at) = rest.find('%') {
        page.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some((name, value)) = holes.iter().find(|(name, _)| rest.starts_with(name)) {
            page.push_str(value);
            rest = &rest[name.len()..];
        } else {
            page.push('%');
            rest = &rest[1..];
        }
    }
    page + rest
}

/// Escapes text for an element or a quoted attribute.
fn escape(text: &str) -> String {
    text.chars()
        .fold(String::with_capacity(text.len()), |mut out, c| {
            match c {
                '&' => out.push_str("&amp;"),
                '<' => out.push_str("&lt;"),
                '>' => out.push_str("&gt;"),
                '"' => out.push_str("&quot;"),
                '\'' => out.push_str("&#39;"),
                c => out.push(c),
            }
            out
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_cannot_break_out_of_the_page() {
        let template = ListenTemplate {
            html: "<title>%TITLE%</title><script type=\"application/json\">%STATE%</script><p>100%</p>",
            policy: String::new(),
        };
        let page = template.fill(&ListenPage {
            lang: Lang::En,
            title: "</title><script>%STATE%",
            sentence: "",
            state_json: "{\"title\":\"</script>\"}",
            base: "/e/x",
            plain_source: "",
        });
        assert_eq!(
            page,
            "<title>&lt;/title&gt;&lt;script&gt;%STATE%</title>\
             <script type=\"application/json\">{\"title\":\"\\u003c/script>\"}</script><p>100%</p>"
        );
    }
}
