//! What an event says of itself outside its pages: in the head of each stream, in its playlist, and in the files of its recording.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use http::HeaderMap;
use http::header::{HeaderName, HeaderValue};
use stentor_core::SeatId;
use stentor_core::conversation::View;
use stentor_core::stage::Role;
use stentor_media::package::hls::iso_8601;
use stentor_media::rendition::SAMPLE_RATE_HZ;
use stentor_media::tags::Tags;
use stentor_media::transcode::MP3_KBIT_PER_S;

/// Characters of a date as ISO 8601 has it.
const DATE_CHARS: usize = 10;

/// What an event says of itself, and who is who in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct About {
    pub(crate) tags: Tags,
    /// Everybody's name, also of those who were removed.
    pub(crate) names: BTreeMap<SeatId, String>,
}

impl About {
    /// As of now; `made_unix_ms` is when the event was made, `base_url` where it is found.
    pub(crate) fn of(view: &View, made_unix_ms: i64, base_url: &str) -> Self {
        let on_air = view.schedule.on_air_unix_ms;
        let when = view.starts_unix_ms().or(on_air).unwrap_or(made_unix_ms);
        let host = view.seats.iter().find(|seat| seat.role == Role::Host);
        let mut date = iso_8601(when);
        date.truncate(DATE_CHARS);
        Self {
            tags: Tags {
                title: view.title().to_owned(),
                artist: host.map(|seat| seat.name.clone()).unwrap_or_default(),
                date,
                organization: station(base_url).to_owned(),
            },
            names: view
                .seats
                .iter()
                .map(|seat| (seat.seat, seat.name.clone()))
                .collect(),
        }
    }

    /// The same of one speaker's recording.
    pub(crate) fn of_speaker(&self, seat: SeatId) -> Tags {
        let name = self.names.get(&seat).cloned();
        Tags {
            artist: name.unwrap_or_else(|| self.tags.artist.clone()),
            ..self.tags.clone()
        }
    }
}

/// The name of the server, where it has one that says something.
fn station(base_url: &str) -> &str {
    let authority = base_url
        .split_once("://")
        .map_or(base_url, |(_, rest)| rest);
    let host = authority.split(['/', ':', '[']).next().unwrap_or_default();
    let is_name = host.contains(|c: char| c.is_ascii_alphabetic()) && host != "localhost";
    if is_name { host } else { "" }
}

/// What radio players are told in the fields of the answer (Icecast's `icy-` fields).
pub(crate) fn radio_fields(tags: &Tags, slug: &str) -> HeaderMap {
    let mut fields = HeaderMap::new();
    let mut set = |name, value: String| {
        if let Ok(value) = HeaderValue::from_str(&value) {
            fields.insert(HeaderName::from_static(name), value);
        }
    };
    let title = ascii(&tags.title);
    let name = if title.is_empty() {
        slug.to_owned()
    } else {
        title
    };
    set("icy-name", name);
    set("icy-pub", "0".to_owned());
    fields
}

/// The same for radio players of MP3, some of which want to know beforehand what comes (Icecast's `icy-br`, `ice-audio-info`).
pub(crate) fn mp3_fields(tags: &Tags, slug: &str) -> HeaderMap {
    let mut fields = radio_fields(tags, slug);
    let info = format!("bitrate={MP3_KBIT_PER_S};samplerate={SAMPLE_RATE_HZ};channels=1");
    fields.insert("icy-br", HeaderValue::from(MP3_KBIT_PER_S));
    if let Ok(info) = HeaderValue::from_str(&info) {
        fields.insert("ice-audio-info", info);
    }
    fields
}

/// What becomes of a file that a browser is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Disposition {
    /// It is shown or played, if the browser can.
    Inline,
    /// It is saved.
    Attachment,
}

/// `Content-Disposition` for whoever saves a file (RFC 6266): under the event's name, in ASCII for old programs and as it is in UTF-8 (RFC 8187).
/// `extension` comes with its dot.
pub(crate) fn saved_as(
    disposition: Disposition,
    title: &str,
    slug: &str,
    extension: &str,
) -> Option<HeaderValue> {
    let name: String = title
        .chars()
        .map(|c| if is_of_file_names(c) { c } else { ' ' })
        .take(FILE_NAME_CHARS_MAX)
        .collect();
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    let name = name.trim_matches(['.', ' ']);
    let name = if name.is_empty() { slug } else { name };
    let plain = ascii(name).replace('"', "'");
    let plain = if plain.is_empty() { slug } else { &plain };
    let kind = match disposition {
        Disposition::Inline => "inline",
        Disposition::Attachment => "attachment",
    };
    let mut value = format!("{kind}; filename=\"{plain}{extension}\"; filename*=UTF-8''");
    for byte in name.bytes().chain(extension.bytes()) {
        // attr-char of RFC 8187 section 3.2.1, those of them that no shell or page knows.
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => {
                value.push(char::from(byte));
            }
            _ => value.push_str(&format!("%{byte:02X}")),
        }
    }
    HeaderValue::from_str(&value).ok()
}

/// Characters of a title that become the name of a file: with the longest of them in UTF-8 it still fits every file system (255 bytes).
const FILE_NAME_CHARS_MAX: usize = 60;

/// Whether systems take a character in the name of a file. What is invisible or turns the direction of a text could hide the ending.
fn is_of_file_names(c: char) -> bool {
    !c.is_control()
        && !matches!(c, '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|')
        && !matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// A text in ASCII, for fields that have no other: without accents where there is a letter without, and without what has none.
fn ascii(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            ' '..='~' => plain.push(c),
            _ => plain.push_str(without_accent(c)),
        }
    }
    plain.trim().to_owned()
}

/// The letters nearest to one of the Latin alphabet, or to a typographic mark.
pub(crate) const fn without_accent(c: char) -> &'static str {
    match c {
        'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' => "a",
        'À' | 'Á' | 'Â' | 'Ã' | 'Ä' | 'Å' => "A",
        'è' | 'é' | 'ê' | 'ë' => "e",
        'È' | 'É' | 'Ê' | 'Ë' => "E",
        'ì' | 'í' | 'î' | 'ï' => "i",
        'Ì' | 'Í' | 'Î' | 'Ï' => "I",
        'ò' | 'ó' | 'ô' | 'õ' | 'ö' | 'ø' => "o",
        'Ò' | 'Ó' | 'Ô' | 'Õ' | 'Ö' | 'Ø' => "O",
        'ù' | 'ú' | 'û' | 'ü' => "u",
        'Ù' | 'Ú' | 'Û' | 'Ü' => "U",
        'ý' | 'ÿ' => "y",
        'ç' => "c",
        'Ç' => "C",
        'ñ' => "n",
        'Ñ' => "N",
        'œ' => "oe",
        'Œ' => "OE",
        'æ' => "ae",
        'Æ' => "AE",
        'ß' => "ss",
        '\u{2018}' | '\u{2019}' => "'",
        '\u{201c}' | '\u{201d}' | '«' | '»' => "\"",
        '\u{2013}' | '\u{2014}' => "-",
        '\u{a0}' | '\u{202f}' => " ",
        _ => "",
    }
}

/// What an event says of itself now, for whoever begins a file.
#[derive(Clone, Debug, Default)]
pub(crate) struct AboutNow(Arc<Mutex<Arc<About>>>);

impl AboutNow {
    pub(crate) fn set(&self, about: Arc<About>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = about;
    }

    pub(crate) fn get(&self) -> Arc<About> {
        Arc::clone(&self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_without_a_name_is_no_station() {
        for (base_url, name) in [
            ("https://radio.example.org", "radio.example.org"),
            ("http://radio.example.org:8080", "radio.example.org"),
            ("http://127.0.0.1:8080", ""),
            ("http://[::1]:8080", ""),
            ("http://localhost:8080", ""),
        ] {
            assert_eq!(station(base_url), name);
        }
    }

    #[test]
    fn a_title_of_any_language_becomes_a_field() {
        for (title, field) in [
            ("L\u{2019}été, « enfin » !", "L'ete, \" enfin \" !"),
            ("日本", "talk"),
            ("Grüße\r\nX: y", "Grusse X: y"),
            ("", "talk"),
        ] {
            let tags = Tags {
                title: title.replace(['\r', '\n'], " ").replace("  ", " "),
                ..Tags::default()
            };
            let fields = radio_fields(&tags, "talk");
            assert_eq!(fields["icy-name"].to_str().ok(), Some(field));
        }
        let tags = Tags {
            title: "a\r\nb\u{0}".to_owned(),
            ..Tags::default()
        };
        assert_eq!(radio_fields(&tags, "talk")["icy-name"], "ab");
    }

    #[test]
    fn a_replay_is_saved_under_the_name_of_its_event() {
        let long = "\u{1f399}".repeat(200);
        let cut = "%F0%9F%8E%99".repeat(FILE_NAME_CHARS_MAX);
        for (title, name) in [
            ("A talk", "\"A talk.mp4\"; filename*=UTF-8''A%20talk.mp4".to_owned()),
            (
                "L\u{2019}été : « enfin »",
                "\"L'ete ' enfin '.mp4\"; filename*=UTF-8''L%E2%80%99%C3%A9t%C3%A9%20%C2%AB%20enfin%20%C2%BB.mp4"
                    .to_owned(),
            ),
            ("日本", "\"talk.mp4\"; filename*=UTF-8''%E6%97%A5%E6%9C%AC.mp4".to_owned()),
            (
                "../../etc/pass\"wd\r\nX: y",
                "\"etc pass wd X y.mp4\"; filename*=UTF-8''etc%20pass%20wd%20X%20y.mp4".to_owned(),
            ),
            ("\u{202e}4pm.exe", "\"4pm.exe.mp4\"; filename*=UTF-8''4pm.exe.mp4".to_owned()),
            ("", "\"talk.mp4\"; filename*=UTF-8''talk.mp4".to_owned()),
            (&long, format!("\"talk.mp4\"; filename*=UTF-8''{cut}.mp4")),
        ] {
            let value = saved_as(Disposition::Inline, title, "talk", ".mp4").expect("a field");
            assert_eq!(value.to_str().ok(), Some(&*format!("inline; filename={name}")));
        }
    }
}
