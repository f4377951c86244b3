//! What the pages say, in each language.

use axum::http::header::{self, HeaderMap};

/// One page.
pub(super) struct Said {
    pub(super) heading: &'static str,
    pub(super) text: &'static str,
    /// What stands on its button; empty where it has none.
    pub(super) button: &'static str,
}

/// All of one language.
pub(super) struct Words {
    /// ISO 639-1.
    pub(super) lang: &'static str,
    pub(super) asked: Said,
    pub(super) confirm: Said,
    pub(super) confirmed: Said,
    pub(super) stop: Said,
    pub(super) stopped: Said,
    pub(super) gone: Said,
    pub(super) failed: Said,
    /// What leads to the event's page.
    pub(super) listen: &'static str,
}

/// The words of a language, or of the first.
pub(super) fn words(lang: &str) -> &'static Words {
    known(lang).unwrap_or(&ENGLISH)
}

/// The language that was named, else the first one a browser asks for that there is.
pub(super) fn asked_for(named: &str, headers: &HeaderMap) -> &'static Words {
    let accepted = headers
        .get(header::ACCEPT_LANGUAGE)
        .and_then(|value| value.to_str().ok());
    let accepted = accepted.unwrap_or_default().split(',').take(ACCEPTED_MAX);
    let mut asked = std::iter::once(named).chain(accepted);
    asked.find_map(known).unwrap_or(&ENGLISH)
}

/// Languages of a browser that are looked at; people read fewer.
const ACCEPTED_MAX: usize = 16;

fn known(tag: &str) -> Option<&'static Words> {
    let primary = tag.split(['-', ';']).next().unwrap_or_default().trim();
    let all = [&ENGLISH, &FRENCH, &GERMAN];
    all.into_iter()
        .find(|words| words.lang.eq_ignore_ascii_case(primary))
}

static ENGLISH: Words = Words {
    lang: "en",
    asked: Said {
        heading: "Look into your mailbox",
        text: "If a reminder can be sent to that address, a mail with a link is on its way. Nothing more comes unless you follow it.",
        button: "",
    },
    confirm: Said {
        heading: "Do you want to be reminded?",
        text: "You get a mail shortly before it begins, and another one if the time changes. Your address is deleted after the event.",
        button: "Remind me",
    },
    confirmed: Said {
        heading: "You will be reminded",
        text: "A mail comes shortly before it begins, and another one if the time changes.",
        button: "",
    },
    stop: Said {
        heading: "No more mail?",
        text: "Your address is deleted at once.",
        button: "Delete my address",
    },
    stopped: Said {
        heading: "Your address is deleted",
        text: "No more mail about this comes. You can listen all the same.",
        button: "",
    },
    gone: Said {
        heading: "This link is about nothing any more",
        text: "Either it was not followed within a day, or the event is over, or a part of the link is missing. On the event’s page you can ask for another.",
        button: "",
    },
    failed: Said {
        heading: "That did not work",
        text: "It could not be written down. Please try again in a minute.",
        button: "",
    },
    listen: "To the event’s page",
};

static FRENCH: Words = Words {
    lang: "fr",
    asked: Said {
        heading: "Regardez votre messagerie",
        text: "Si un rappel peut être envoyé à cette adresse, un message avec un lien est en route. Rien d’autre ne viendra si vous ne le suivez pas.",
        button: "",
    },
    confirm: Said {
        heading: "Voulez-vous un rappel ?",
        text: "Un message viendra peu avant le début, et un autre si l’heure change. Votre adresse sera effacée après la conversation.",
        button: "Me le rappeler",
    },
    confirmed: Said {
        heading: "Vous recevrez un rappel",
        text: "Un message viendra peu avant le début, et un autre si l’heure change.",
        button: "",
    },
    stop: Said {
        heading: "Plus de messages ?",
        text: "Votre adresse est effacée tout de suite.",
        button: "Effacer mon adresse",
    },
    stopped: Said {
        heading: "Votre adresse est effacée",
        text: "Plus aucun message ne viendra à ce sujet. Vous pouvez écouter quand même.",
        button: "",
    },
    gone: Said {
        heading: "Ce lien ne mène plus à rien",
        text: "Il n’a pas été suivi dans la journée, ou la conversation est terminée, ou il manque un morceau du lien. Vous pouvez en demander un autre sur la page de la conversation.",
        button: "",
    },
    failed: Said {
        heading: "Cela n’a pas marché",
        text: "Rien n’a pu être noté. Réessayez dans une minute.",
        button: "",
    },
    listen: "Vers la page de la conversation",
};

static GERMAN: Words = Words {
    lang: "de",
    asked: Said {
        heading: "Sehen Sie in Ihr Postfach",
        text: "Wenn an diese Adresse erinnert werden kann, ist eine Nachricht mit einem Link unterwegs. Mehr kommt nur, wenn Sie ihm folgen.",
        button: "",
    },
    confirm: Said {
        heading: "Möchten Sie erinnert werden?",
        text: "Kurz vor Beginn kommt eine Nachricht, und noch eine, wenn sich die Zeit ändert. Ihre Adresse wird nach dem Gespräch gelöscht.",
        button: "Erinnern",
    },
    confirmed: Said {
        heading: "Sie werden erinnert",
        text: "Kurz vor Beginn kommt eine Nachricht, und noch eine, wenn sich die Zeit ändert.",
        button: "",
    },
    stop: Said {
        heading: "Keine Nachrichten mehr?",
        text: "Ihre Adresse wird sofort gelöscht.",
        button: "Meine Adresse löschen",
    },
    stopped: Said {
        heading: "Ihre Adresse ist gelöscht",
        text: "Es kommt keine Nachricht mehr dazu. Zuhören können Sie trotzdem.",
        button: "",
    },
    gone: Said {
        heading: "Dieser Link führt nirgends mehr hin",
        text: "Entweder wurde ihm nicht innerhalb eines Tages gefolgt, oder das Gespräch ist vorbei, oder ein Stück des Links fehlt. Auf der Seite des Gesprächs können Sie einen neuen anfordern.",
        button: "",
    },
    failed: Said {
        heading: "Das ging nicht",
        text: "Es konnte nicht festgehalten werden. Bitte versuchen Sie es in einer Minute noch einmal.",
        button: "",
    },
    listen: "Zur Seite des Gesprächs",
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_that_was_named_goes_before_those_of_the_browser() {
        let mut headers = HeaderMap::new();
        assert_eq!(asked_for("", &headers).lang, "en");
        headers.insert(
            header::ACCEPT_LANGUAGE,
            "es, de-AT;q=0.8, fr;q=0.5".parse().unwrap(),
        );
        assert_eq!(asked_for("", &headers).lang, "de");
        assert_eq!(asked_for("fr-CA", &headers).lang, "fr");
        assert_eq!(asked_for("es", &headers).lang, "de");
        assert_eq!(words("xx").lang, "en");
    }

    #[test]
    fn pages_speak_the_languages_of_the_mails() {
        for lang in stentor_event::reminders::LANGUAGES {
            assert_eq!(words(lang).lang, lang);
        }
    }
}
