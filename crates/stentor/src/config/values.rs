//! What single values of the configuration are read as, once they are texts.

use std::path::PathBuf;

use stentor_event::lang::Lang;

use super::address::Hint;
use super::keys::FfmpegChoice;
use super::unknown::nearest;

pub(super) fn set<T>(place: &mut T, value: Result<T, Hint>) -> Result<(), Hint> {
    value.map(|value| *place = value)
}

pub(super) fn set_some<T>(place: &mut Option<T>, value: Result<T, Hint>) -> Result<(), Hint> {
    value.map(|value| *place = Some(value))
}

/// A path; no shell has looked at what stands in a file or a variable.
pub(super) fn path(text: &str) -> Result<PathBuf, Hint> {
    if text.is_empty() {
        return Err("it is empty".to_owned());
    }
    if text == "~" || text.starts_with("~/") || text.contains('$') {
        return Err("neither ~ nor variables are filled in here: write the whole path".to_owned());
    }
    if text.contains('\0') {
        return Err("no path has a zero byte".to_owned());
    }
    Ok(PathBuf::from(text))
}

/// A word, or the file of a program: whole, since which folder the server was started in is nobody's choice.
pub(super) fn ffmpeg(text: &str) -> Result<FfmpegChoice, Hint> {
    match text {
        "auto" => Ok(FfmpegChoice::Auto),
        "off" => Ok(FfmpegChoice::Off),
        _ if text.starts_with('/') => path(text).map(FfmpegChoice::File),
        _ => Err(nearest(text, ["auto", "off"])
            .map_or_else(Hint::new, |word| format!("did you mean {word}?"))),
    }
}

/// Where browsers can be sent: it becomes a header, so nothing else may stand in it.
pub(super) fn address_of_page(text: &str) -> Result<String, Hint> {
    let rest = ["https://", "http://"]
        .into_iter()
        .find_map(|scheme| text.strip_prefix(scheme));
    let fits = rest.is_some_and(|rest| {
        rest.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '[')
            && rest.chars().all(|char| char.is_ascii_graphic())
    });
    fits.then(|| text.to_owned()).ok_or_else(Hint::new)
}

/// A language of the pages.
pub(super) fn language(text: &str) -> Result<Lang, Hint> {
    Lang::parse(text).ok_or_else(Hint::new)
}

pub(super) fn one_of<T: Copy>(text: &str, words: &[(&'static str, T)]) -> Result<T, Hint> {
    let found = words.iter().find(|(word, _)| *word == text);
    found.map(|(_, value)| *value).ok_or_else(|| {
        let near = nearest(text, words.iter().map(|(word, _)| *word));
        near.map_or_else(Hint::new, |word| format!("did you mean {word}?"))
    })
}
