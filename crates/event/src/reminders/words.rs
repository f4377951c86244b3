//! What mails say, in each language. `{title}`, `{when}`, `{why}` (a paragraph, or nothing), `{link}`, `{confirm}` and `{stop}` are filled in.

/// One message.
pub(super) struct LetterWords {
    pub(super) subject: &'static str,
    pub(super) text: &'static str,
}

/// All of one language.
pub(super) struct Words {
    /// ISO 639-1.
    pub(super) lang: &'static str,
    pub(super) confirm: LetterWords,
    pub(super) soon: LetterWords,
    pub(super) begun: LetterWords,
    pub(super) moved: LetterWords,
    pub(super) cancelled: LetterWords,
    /// Below all but the first.
    pub(super) footer: &'static str,
    /// Where no time is announced.
    pub(super) no_time: &'static str,
    /// A date of `{weekday}`, `{day}`, `{month}` and `{year}`.
    pub(super) date: &'static str,
    pub(super) weekdays: [&'static str; 7],
    pub(super) months: [&'static str; 12],
}

/// The languages that mails are written in; whoever asks for another reads the first.
pub const LANGUAGES: [&str; 3] = [ENGLISH.lang, FRENCH.lang, GERMAN.lang];

/// The words of a language, or of the first.
pub(super) fn words(lang: &str) -> &'static Words {
    match lang {
        "fr" => &FRENCH,
        "de" => &GERMAN,
        _ => &ENGLISH,
    }
}

/// Fills in names; what is filled in is not looked at again.
pub(super) fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let mut filled = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let Some((name, after)) = after.split_once('}') else {
            filled.push('{');
            rest = after;
            continue;
        };
        let found = values.iter().find(|(known, _)| *known == name);
        filled.push_str(found.map_or("", |(_, value)| value));
        rest = after;
    }
    filled.push_str(rest);
    filled
}

static ENGLISH: Words = Words {
    lang: "en",
    confirm: LetterWords {
        subject: "Please confirm: a reminder of “{title}”",
        text: "Somebody, most likely you, asked for a reminder of this conversation:\n\n\
            {title}\n{when}\n\n\
            To be reminded, open this address within a day and press the button:\n{confirm}\n\n\
            If it was not you, do nothing: no more mail will come, and your address is deleted after a day. To have it deleted at once:\n{stop}\n",
    },
    soon: LetterWords {
        subject: "Soon: {title}",
        text: "{title} begins soon.\n\n{when}\n\nListen here, no account is needed:\n{link}\n",
    },
    begun: LetterWords {
        subject: "Now: {title}",
        text: "{title} has begun.\n\nListen here, no account is needed:\n{link}\n",
    },
    moved: LetterWords {
        subject: "New time: {title}",
        text: "{title} does not begin when you were told. Now it is:\n\n{when}\n\n{why}The address is the same:\n{link}\n",
    },
    cancelled: LetterWords {
        subject: "Cancelled: {title}",
        text: "{title} is cancelled.\n\n{why}What there is to say about it is here:\n{link}\n",
    },
    footer: "You asked for this. Your address is deleted after the event. To have it deleted now:",
    no_time: "The time is not known yet.",
    date: "{weekday} {day} {month} {year}",
    weekdays: [
        "Monday",
        "Tuesday",
        "Wednesday",
        "Thursday",
        "Friday",
        "Saturday",
        "Sunday",
    ],
    months: [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
};

static FRENCH: Words = Words {
    lang: "fr",
    confirm: LetterWords {
        subject: "À confirmer : un rappel pour « {title} »",
        text: "Quelqu’un, sans doute vous, a demandé un rappel pour cette conversation :\n\n\
            {title}\n{when}\n\n\
            Pour le recevoir, ouvrez cette adresse dans la journée et appuyez sur le bouton :\n{confirm}\n\n\
            Si ce n’était pas vous, ne faites rien : aucun autre message ne viendra, et votre adresse sera effacée dans un jour. Pour l’effacer tout de suite :\n{stop}\n",
    },
    soon: LetterWords {
        subject: "Bientôt : {title}",
        text: "{title} va commencer.\n\n{when}\n\nÉcoutez ici, sans compte :\n{link}\n",
    },
    begun: LetterWords {
        subject: "Maintenant : {title}",
        text: "{title} a commencé.\n\nÉcoutez ici, sans compte :\n{link}\n",
    },
    moved: LetterWords {
        subject: "Nouvel horaire : {title}",
        text: "{title} ne commence pas à l’heure annoncée. C’est désormais :\n\n{when}\n\n{why}L’adresse reste la même :\n{link}\n",
    },
    cancelled: LetterWords {
        subject: "Annulé : {title}",
        text: "{title} n’aura pas lieu.\n\n{why}Ce qu’il y a à en dire est ici :\n{link}\n",
    },
    footer: "Vous avez demandé ce message. Votre adresse sera effacée après la conversation. Pour l’effacer maintenant :",
    no_time: "L’heure n’est pas encore connue.",
    date: "{weekday} {day} {month} {year}",
    weekdays: [
        "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche",
    ],
    months: [
        "janvier",
        "février",
        "mars",
        "avril",
        "mai",
        "juin",
        "juillet",
        "août",
        "septembre",
        "octobre",
        "novembre",
        "décembre",
    ],
};

static GERMAN: Words = Words {
    lang: "de",
    confirm: LetterWords {
        subject: "Bitte bestätigen: Erinnerung an „{title}“",
        text: "Jemand, vermutlich Sie, möchte an dieses Gespräch erinnert werden:\n\n\
            {title}\n{when}\n\n\
            Öffnen Sie dafür innerhalb eines Tages diese Adresse und drücken Sie den Knopf:\n{confirm}\n\n\
            Waren Sie es nicht, so tun Sie nichts: Es kommt keine weitere Nachricht, und Ihre Adresse wird nach einem Tag gelöscht. Sofort löschen:\n{stop}\n",
    },
    soon: LetterWords {
        subject: "Gleich: {title}",
        text: "{title} beginnt gleich.\n\n{when}\n\nHier zuhören, ohne Konto:\n{link}\n",
    },
    begun: LetterWords {
        subject: "Jetzt: {title}",
        text: "{title} hat begonnen.\n\nHier zuhören, ohne Konto:\n{link}\n",
    },
    moved: LetterWords {
        subject: "Neue Zeit: {title}",
        text: "{title} beginnt nicht wie angekündigt. Jetzt gilt:\n\n{when}\n\n{why}Die Adresse bleibt dieselbe:\n{link}\n",
    },
    cancelled: LetterWords {
        subject: "Abgesagt: {title}",
        text: "{title} findet nicht statt.\n\n{why}Was es dazu zu sagen gibt, steht hier:\n{link}\n",
    },
    footer: "Sie haben darum gebeten. Ihre Adresse wird nach dem Gespräch gelöscht. Jetzt löschen:",
    no_time: "Die Zeit steht noch nicht fest.",
    date: "{weekday}, {day}. {month} {year}",
    weekdays: [
        "Montag",
        "Dienstag",
        "Mittwoch",
        "Donnerstag",
        "Freitag",
        "Samstag",
        "Sonntag",
    ],
    months: [
        "Januar",
        "Februar",
        "März",
        "April",
        "Mai",
        "Juni",
        "Juli",
        "August",
        "September",
        "Oktober",
        "November",
        "Dezember",
    ],
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_says_all_there_is_to_say() {
        for lang in LANGUAGES {
            let words = words(lang);
            assert_eq!(words.lang, lang);
            let confirm = words.confirm.text;
            for name in ["{title}", "{when}", "{confirm}", "{stop}"] {
                assert!(confirm.contains(name), "{lang}: {name}");
            }
            for letter in [&words.soon, &words.begun, &words.moved, &words.cancelled] {
                assert!(letter.subject.contains("{title}"), "{lang}");
                assert!(letter.text.contains("{link}"), "{lang}");
            }
            assert!(words.moved.text.contains("{when}"), "{lang}");
            for letter in [&words.moved, &words.cancelled] {
                assert!(letter.text.contains("{why}"), "{lang}");
            }
        }
        assert_eq!(words("xx").lang, "en");
    }

    #[test]
    fn what_is_filled_in_is_not_filled_in_again() {
        let filled = fill("{a}: {b} {c} {", &[("a", "{b}"), ("b", "}{a}")]);
        assert_eq!(filled, "{b}: }{a}  {");
    }
}
