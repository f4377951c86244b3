### Alle Sätze, die Menschen lesen, auf Deutsch. Angeredet wird mit Sie; „Moderation“ und „Publikum“ kommen ohne Geschlecht aus.

# Der Name der Sprache in der Sprache selbst.
language-name = Deutsch

## Eine Seite, bevor ihr Skript läuft oder ohne Skript

page-not-begun = Das Gespräch hat noch nicht begonnen. Es beginnt hier, unter dieser Adresse.
page-on-air = Jetzt auf Sendung.
page-stage-empty = Im Moment ist niemand auf der Bühne. Der Ton kommt hier zurück.
page-host-dropped = Die Moderation hat die Verbindung verloren. Das Gespräch bleibt offen: Bleiben Sie dran.
page-fault = Bei uns ist etwas schiefgegangen. Wir kümmern uns darum, bleiben Sie dran.
page-held = Das Gespräch macht eine Pause. Es geht hier weiter, unter dieser Adresse.
page-cancelled = Das Gespräch ist abgesagt.
page-replay-awaited = Das Gespräch ist zu Ende. Die Aufzeichnung wird vorbereitet.
page-replay-ready = Das Gespräch ist zu Ende. Sie können es nachhören.
page-replay-none = Das Gespräch ist zu Ende. Eine Aufzeichnung gibt es nicht.
page-not-found = Unter dieser Adresse gibt es kein Gespräch
page-not-found-text = Jedes Gespräch hat seinen eigenen Link. Prüfen Sie den Link, den Sie erhalten haben, oder fragen Sie die Person, von der Sie ihn haben.
page-needs-script = Die Bühne braucht JavaScript
page-needs-script-text = Diese Seite verbindet Ihr Mikrofon. Erlauben Sie ihr JavaScript oder öffnen Sie den Link in einem anderen Browser.
page-unsaid = Die Seite ist nicht vollständig geladen. Sie versucht es weiter; prüfen Sie Ihre Verbindung.
page-not-embedded = Dieses Gespräch wird nicht in anderen Seiten gezeigt. Hier können Sie es hören: { $link }

## Namen von Plätzen

seat-guest = Gast

## Auf der Hörseite und auf der Bühne

common-on-air = Auf Sendung
common-listening =
    { $count ->
        [one] { $count } hört zu
       *[other] { $count } hören zu
    }
common-any-moment = Es ist so weit. Wir warten auf die Moderation, bleiben Sie dran.
common-not-yet = Es hat noch nicht begonnen. Sie werden es hier hören.
common-live = Sie hören live zu.
common-held = Wir machen eine kurze Pause. Bleiben Sie dran, hier geht es weiter.
common-held-until = Es geht weiter: { $moment }.
common-postponed-open = Verschoben. Wann es beginnt, erfahren Sie hier.
common-on-stage = Auf der Bühne
common-muted = stumm
common-connection-lost = Verbindung verloren
common-role-host = Moderation
common-role-co_host = Co-Moderation
common-role-guest = Gast

## Die Hörseite

listen-soon = Demnächst
listen-over = Beendet
listen-span = { $days } und { $hours }
listen-starts-in = Noch { $span }
listen-at = { $moment }, Ihre Ortszeit
listen-postponed = Verschoben auf { $moment }
listen-paused = Pause
listen-cancelled = Die Sendung findet nicht statt.
listen-lobby = Sie sind in der Lobby und hören von hier aus den Beginn. Drücken zum Verlassen.
listen-calendar = In den Kalender
listen-armed = Alles bereit: Der Ton startet von selbst. Zum Abbrechen drücken.
listen-listen = Zuhören
listen-arm = Jetzt drücken, dann startet der Ton von selbst.
listen-disarm = Abbrechen
listen-stop = Zuhören beenden
listen-again = Nachhören
listen-pause = Pause
listen-press = Die Sendung läuft. Zum Zuhören drücken.
listen-connecting = Der Ton kommt gleich …
listen-stalled = Das Netz ist langsam. Der Ton kommt zurück.
listen-reconnecting = Verbindung verloren. Sie wird wiederhergestellt …
listen-gone = Der Server antwortet nicht. Wir versuchen es weiter, bleiben Sie dran.
listen-full = Der Server ist voll. Der Ton startet von selbst, sobald Platz ist.
listen-leaving = Dieser Server wird abgeschaltet. Wir suchen einen anderen.
listen-asks = Nächster Versuch in { $seconds } s.
listen-why-busy = Der Server ist stark ausgelastet
listen-why-link = Das Netz des Servers ist ausgelastet
listen-why-blocked = Die Netze sind gerade langsam
listen-why-opening = Wir erwarten großen Andrang
listen-why-pinned = Um den Server zu schonen
listen-why-calm = Die Last nimmt ab
listen-crowd = { $why }: geringere Tonqualität, bis zu { $seconds } s Verzögerung.
listen-offline = Ihr Gerät ist offline. Der Ton kommt mit der Verbindung zurück.
listen-host-dropped = Die Moderation hat die Verbindung verloren. Bleiben Sie dran.
listen-stage-empty = Im Moment ist niemand auf der Bühne. Bleiben Sie dran.
listen-ends = Kommt niemand zurück, endet die Sendung am { $moment }.
listen-fault = Bei uns ist etwas schiefgegangen. Wir kümmern uns darum, bleiben Sie dran.
listen-since = seit { $span }
listen-thanks = Die Sendung ist zu Ende. Danke fürs Zuhören.
listen-replay-soon = Die Aufzeichnung ist noch nicht fertig. Sie erscheint hier.
listen-no-replay = Eine Aufzeichnung zum Nachhören gibt es nicht.
listen-replay = Die Sendung ist zu Ende. Sie können alles nachhören.
listen-was-on-stage = Zum Schluss auf der Bühne
listen-speaking = spricht
listen-message = Von der Moderation
listen-seek = Position
listen-elsewhere = In einer anderen App hören
listen-save = Herunterladen

## Der Player in einer anderen Seite

embed-open = Seite öffnen

## Die Bühne

stage-green-room = Vorraum
stage-not-yet = Noch nicht auf Sendung
stage-over = Die Sendung ist zu Ende
stage-over-text = Vielen Dank. Die Aufzeichnung wird auf der Hörseite bereitgestellt.
stage-over-unrecorded = Vielen Dank. Die Sendung wurde nicht aufgezeichnet.
stage-no-token = Dieser Link ist unvollständig
stage-no-token-text = Der Teil nach # fehlt. Öffnen Sie den Link, den Sie erhalten haben, noch einmal vollständig, oder bitten Sie die Moderation um einen neuen.
stage-rejected = Diese Einladung gilt nicht mehr
stage-rejected-text = Bitten Sie die Moderation um einen neuen Link.
stage-removed = Die Moderation hat Sie entfernt
stage-removed-text = Sie können mit allen anderen weiter zuhören.
stage-replaced = Sie sind auf einer anderen Seite verbunden
stage-replaced-text = Ihr Platz wurde in einem anderen Tab oder auf einem anderen Gerät geöffnet.
stage-take-back = Hierher zurückholen
stage-to-listeners = Zur Hörseite
stage-reaching = Verbindung zur Bühne wird aufgebaut …
stage-not-connected = Sie sind gerade offline. Versuchen Sie es erneut, sobald die Verbindung wieder da ist.
stage-your-name = Ihr Name, wie ihn das Publikum sieht
stage-name-saved = Gespeichert. Das Publikum sieht jetzt diesen Namen.
stage-mic-title = Zuerst Ihr Mikrofon
stage-mic-why = Ihr Browser wird danach fragen. Im Vorraum sind Sie nicht auf Sendung: Sie entscheiden, wann Sie auf die Bühne gehen.
stage-mic-why-guest = Ihr Browser wird danach fragen. Im Vorraum kann nur die Moderation Sie hören, bis sie Sie auf die Bühne holt.
stage-mic-allow = Mein Mikrofon verwenden
stage-mic-asking = Beantworten Sie die Frage Ihres Browsers …
stage-mic-retry = Erneut versuchen
stage-mic-device = Mikrofon
stage-system-default = Systemstandard
stage-speaker-device = Kopfhörer oder Lautsprecher
stage-speaker-choose = Tonausgabe wählen
stage-test-tone = Testton abspielen
stage-speak = Sagen Sie etwas: Die Balken sollten sich mit Ihrer Stimme bewegen.
stage-listen-back = Mich selbst hören
stage-headphones = Setzen Sie zuerst Kopfhörer auf: Ihre eigene Stimme kommt vom Server zurück.
stage-go-on = Auf die Bühne gehen
stage-host-sees = Die Moderation sieht Sie hier und holt Sie auf die Bühne. Bleiben Sie auf dieser Seite.
stage-host-waits = Sie entscheiden, wann Sie auf die Bühne gehen.
stage-scheduled-note = Auf der Bühne hören sich alle gegenseitig. Das Publikum hört nichts, bis die Sendung beginnt.
stage-unheard-title = Man hört Sie nicht
stage-unsure = Vielleicht hört man Sie nicht
stage-try-now = Jetzt versuchen
stage-settings = Ton und Tasten
stage-hold-to-talk = Zum Sprechen gedrückt halten
stage-key-toggle = öffnet und schließt Ihr Mikrofon
stage-key-hold = öffnet Ihr Mikrofon, solange Sie sie gedrückt halten
stage-keys-on = Taste verwenden
stage-push-to-talk = Sprechtaste: Ihr Mikrofon ist nur offen, solange Sie den Knopf oder die Taste gedrückt halten
stage-starts-at = Beginn: { $moment }, Ihre Ortszeit
stage-live = Sie sind auf Sendung
stage-live-text = Das ganze Publikum hört Sie.
stage-live-before = Ihr Mikrofon ist offen
stage-live-before-text = Alle auf der Bühne hören Sie.
stage-muted = Sie sind stummgeschaltet
stage-muted-text = Niemand hört Sie.
stage-muting = Mikrofon wird geschlossen …
stage-unmuting = Mikrofon wird geöffnet …
stage-pending-text = Warten auf das Mischpult.
stage-mute = Mikrofon schließen
stage-mute-them = Stummschalten
stage-unmute-them = Mikrofon öffnen
stage-unmute = Mikrofon öffnen
stage-speaking-muted = Sie sprechen, aber Ihr Mikrofon ist stummgeschaltet.
stage-hushed = Die Moderation hat Sie stummgeschaltet.
stage-hushed-host = Die Co-Moderation hat Sie stummgeschaltet.
stage-back-to-green = Zurück in den Vorraum
stage-line-lost = Verbindung zum Server verloren. Sie wird wiederhergestellt …
stage-voice-connecting = Ihre Stimme wird verbunden …
stage-voice-lost = Ihre Stimme kommt nicht durch. Die Verbindung wird wiederhergestellt …
stage-voice-refused = Der Server hat die Tonverbindung abgelehnt:
stage-waiting = Im Vorraum
stage-nobody-waiting = Niemand wartet.
stage-nobody-on = Noch ist niemand auf der Bühne.
stage-invited-seats = Eingeladen, noch nicht da
stage-you = Sie
stage-pre-listened = Die Moderation hört Ihnen gerade zu.
stage-off-stage = Sie wurden in den Vorraum zurückgeholt. Das Publikum hört Sie nicht mehr.
stage-silent-here = Von Ihrem Mikrofon kommt kein Ton. Ist es ausgeschaltet oder von einer anderen App belegt?
stage-too-quiet-here = Ihre Stimme ist für die anderen zu leise. Gehen Sie näher ans Mikrofon oder stellen Sie es lauter.
stage-cannot-connect-not_reached = Ihre Stimme erreicht den Server nicht. Möglicherweise steht eine Firewall im Weg: Versuchen Sie es in einem anderen Netz.
stage-cannot-connect-handshake_failed = Ihr Browser und der Server konnten sich nicht auf eine Verschlüsselung einigen. Versuchen Sie es mit einem anderen Browser.
stage-pre-listen = Vorhören
stage-not-heard-yet = noch nichts zu hören
stage-warning-silent_microphone = Mikrofon offen, aber kein Ton
stage-warning-not_ready = Mikrofon offen, aber nicht zu hören: Die Seite antwortet nicht
stage-warning-not_reached = Verbindung versucht, aber beim Server kommt kein Ton an: eine Firewall?
stage-warning-handshake_failed = Verbindung versucht, aber die Verschlüsselung wurde abgelehnt: ein RSA-Zertifikat?
stage-warning-too_quiet = zu leise zum Anheben: näher ans Mikrofon?
stage-warning-flooding = öffnet ständig neue Verbindungen
stage-record = Diese Sendung aufzeichnen
stage-recorded = Diese Sendung wird aufgezeichnet: als Ganzes und jede Stimme für sich.
stage-not-recorded = Diese Sendung wird nicht aufgezeichnet.
stage-stop-record-title = Aufzeichnung beenden?
stage-stop-record-text = Was von jetzt an gesagt wird, fehlt in der Aufzeichnung.
stage-stop-record = Aufzeichnung beenden
stage-leave-title = Die Bühne verlassen?
stage-leave-text = Das Publikum hört Sie dann nicht mehr. Wenn Sie zurückkommen, sind Sie stummgeschaltet.
stage-leave = Bühne verlassen
stage-ends = Alle sind gegangen: Die Sendung endet um { $time } von selbst.
stage-silent = Mikrofon offen, aber kein Ton
stage-no-sound = kein Ton vom Mikrofon
stage-admit = Auf die Bühne holen
stage-admit-title = { $name } auf die Bühne holen?
stage-admit-text = Von diesem Mikrofon kam noch kein Ton. Bitten Sie zuerst um ein paar Worte.
stage-admit-anyway = Trotzdem auf die Bühne holen
stage-to-green = In den Vorraum
stage-remove = Entfernen
stage-show-link = Persönlicher Link
stage-make-co-host = Zur Co-Moderation machen
stage-make-guest = Wieder zum Gast machen
stage-hand-over = Moderation übergeben
stage-more = Mehr
stage-of = { $act }: { $name }
stage-program = Sendesignal
stage-check = Soundcheck
stage-check-text = Lautestes Mikrofon; die Lautheit wird auf Sendung gemessen.
stage-start = Auf Sendung gehen
stage-start-title = Jetzt auf Sendung gehen?
stage-start-early = Angekündigt ist die Sendung für { $moment }.
stage-start-text = Von diesem Moment an hört das Publikum alle auf der Bühne.
stage-start-empty = Noch ist niemand auf der Bühne: Das Publikum hört nur das Pausenzeichen.
stage-start-closed = Auf der Bühne sind alle Mikrofone stummgeschaltet: Bis eines geöffnet wird, hört das Publikum nur das Pausenzeichen.
stage-end = Sendung beenden
stage-end-title = Die Sendung für alle beenden?
stage-end-text = Das Publikum kommt zur Aufzeichnung. Das lässt sich nicht rückgängig machen.
stage-end-unrecorded = Es gibt keine Aufzeichnung, die das Publikum nachhören könnte. Das lässt sich nicht rückgängig machen.
stage-remove-title = { $name } entfernen?
stage-remove-text = Der Platz wird geschlossen, und der Link gilt nicht mehr.
stage-hand-title = Moderation an { $name } übergeben?
stage-hand-text = Diese Person übernimmt die Moderation; Sie bleiben als Co-Moderation dabei.
stage-cancel = Abbrechen
stage-close = Schließen
stage-invite = Jemanden einladen
stage-invite-name = Name der Person
stage-invite-role = Kommt als
stage-invite-make = Link erstellen
stage-invite-done = Link für { $name }
stage-invite-text = Dieser Link ist persönlich. Wer ihn hat, nimmt diesen Platz ein.
stage-line-text = Tragen Sie das in OBS, ffmpeg oder am Mischpult ein.
stage-line-url = WHIP-Adresse
stage-line-url-music = WHIP-Adresse für Musik: Der Ton bleibt, wie er kommt
stage-line-token = Bearer-Token
stage-copy = Kopieren
stage-copied = Kopiert
stage-message = Nachricht ans Publikum
stage-message-edit = Dem Publikum schreiben
stage-message-text = Alle sehen sie sofort, jeder in seiner Sprache. Eine Sprache genügt: Dann sehen alle diese.
stage-message-none = Schreiben Sie etwas; „Ausblenden“ entfernt, was angezeigt wird.
stage-send = Senden
stage-clear = Ausblenden
stage-listen-link = Link für das Publikum
stage-too-quiet = etwas leise
stage-too-loud = etwas laut
stage-just-right = genau richtig
stage-silence = niemand spricht
stage-none-open = kein Mikrofon offen
stage-host_dropped = Die Moderation hat die Verbindung verloren. Die Sendung geht weiter; die Bühne gehört Ihnen.
stage-host_dropped-waiting = Die Moderation hat die Verbindung verloren. Bleiben Sie hier: Wir warten auf sie.
stage-stage_empty = Niemand ist auf der Bühne. Das Publikum hört das Pausenzeichen.
stage-fault = Der Server meldet eine Störung.
stage-role-line_in = Line-In
stage-role-monitor = Mithörplatz
stage-unheard-insecure = Browser geben das Mikrofon nur für sichere Seiten frei. Öffnen Sie diese Seite mit https.
stage-unheard-denied = Das Mikrofon ist für diese Seite gesperrt. Erlauben Sie es in der Adressleiste Ihres Browsers und versuchen Sie es erneut.
stage-unheard-missing = Kein Mikrofon gefunden. Schließen Sie eines an: Wir merken es.
stage-unheard-busy = Das Mikrofon ließ sich nicht öffnen. Möglicherweise ist es von einer anderen App belegt.
stage-unheard-taken = Ihr System hat das Mikrofon stummgeschaltet. Vielleicht war es eine andere App oder ein Schalter.
stage-unheard-ended = Diese Seite hat kein Mikrofon: Es wurde abgezogen oder ist noch nicht erlaubt.
stage-unheard-voice = Ihre Stimme kommt nicht durch. Sie wird neu verbunden.
stage-unheard-line = Der Server meldet sich nicht, deshalb lässt es sich nicht sicher sagen. Ihr Mikrofon bleibt offen.
stage-unheard-silent = Ihr Mikrofon ist offen, aber es kommt kein Ton. Ist es ausgeschaltet oder von einer anderen App belegt?
stage-unheard-on_the_way = Ihr Mikrofon funktioniert, aber Ihre Stimme kommt nicht beim Server an.
stage-became-host = Sie haben jetzt die Moderation.
stage-became-co_host = Sie gehören jetzt zur Co-Moderation.
stage-became-guest = Sie sind jetzt Gast.
stage-alarm-output_silent = Es wird gesprochen, aber nach außen ist nichts zu hören. Der Server sucht die Ursache.
stage-alarm-recorder = Die Aufzeichnung kann nicht geschrieben werden. Die Sendung läuft weiter.
stage-alarm-mixer_late = Das Mischpult kommt nicht nach: Der Rechner ist überlastet. Der Ton kann aussetzen.
stage-alarm-store = Der Server kann seinen Stand nicht sichern. Die Sendung läuft weiter.
stage-alarm-replay = Die Aufzeichnung konnte nicht so hergestellt werden, wie Sie es wünschen. Sie ist, wie sie war; bei der nächsten Änderung wird es wieder versucht.
stage-alarm-other = Alarm vom Server: { $kind }
stage-refusal-stale_version = Das hat gerade jemand anders geändert. Sehen Sie nach und drücken Sie erneut, wenn Sie es noch wollen.
stage-refusal-stage_full = Alle Plätze auf der Bühne sind besetzt.
stage-refusal-seats_full = Alle Plätze sind vergeben. Entfernen Sie zuerst jemanden.
stage-refusal-not_connected = Diese Person ist gerade nicht verbunden.
stage-refusal-not_allowed = Das kann nur die Moderation oder die Co-Moderation.
stage-refusal-event_ended = Die Sendung ist zu Ende.
stage-refusal-no_such_sender = Ihr Platz gehört nicht mehr zu dieser Sendung.
stage-refusal-no_such_seat = Diese Person gehört nicht mehr zu dieser Sendung.
stage-refusal-unmute_other = Nur die Person selbst kann ihr Mikrofon öffnen.
stage-refusal-not_in_green_room = Sich selbst hören können Sie nur im Vorraum.
stage-refusal-too_many_sessions = Gerade verbinden sich sehr viele. Versuchen Sie es gleich noch einmal.
stage-refusal-too_many_offers = Dieser Link öffnet zu schnell neue Verbindungen. Warten Sie ein paar Sekunden.
stage-refusal-not_heard = Von dieser Person war noch nichts zu hören.
stage-refusal-receive_only = Dieser Platz kann nur zuhören.
stage-refusal-host_stays = Jemand muss immer moderieren. Übergeben Sie zuerst die Moderation.
stage-refusal-role_not_given = Diese Rolle kann hier nicht vergeben werden.
stage-refusal-name_empty = Schreiben Sie einen Namen.
stage-refusal-too_long = Das ist zu lang. Kürzen Sie es.
stage-refusal-control_characters = Manche Zeichen lassen sich nicht anzeigen. Lassen Sie sie weg.
stage-refusal-too_many = Zu viel auf einmal. Warten Sie einen Moment.
stage-refused = Der Server hat das abgelehnt.

## Der Abend, für alle, die ihn leiten

stage-announce = Ankündigen
stage-hold = Pause
stage-hold-edit = Hinweis ändern
stage-resume = Weiter
stage-held = in der Pause
stage-postpone = Verschieben
stage-correct = Berichtigen
stage-cancel-event = Absagen
stage-open-doors = Lobby öffnen
stage-automatic = Zur angekündigten Zeit von selbst auf Sendung gehen
stage-reads = Das Publikum liest jetzt:
stage-reads-nothing = Nichts: Das ist ein Entwurf.
stage-chapters = Kapitel
stage-chapter-name = Name des Kapitels, das jetzt beginnt
stage-chapter-mark = Setzen
stage-chapter-drop = Kapitel „{ $title }“ entfernen
stage-replay-on = Alle können die Aufzeichnung hören.
stage-replay-off = Die Aufzeichnung ist nicht öffentlich.
stage-replay-withhold = Zurückziehen
stage-replay-publish = Veröffentlichen
stage-chapter-title = Name des Kapitels
stage-chapter-at = Beginnt bei
stage-chapter-rename = Umbenennen
stage-chapter-add = Hinzufügen
stage-replay-from = Alle können die Aufzeichnung ab { $moment } hören.
stage-replay-deleted = Die Aufzeichnung wurde gelöscht.
stage-replay-later = Später veröffentlichen
stage-replay-later-text = Bis dahin kann sie niemand hören, danach alle.
stage-replay-here = Hier
stage-replay-cut = Schneiden
stage-replay-cut-text = Was abgeschnitten wird, ist nicht verloren: Es lässt sich wiederherstellen.
stage-replay-length = Sie dauert { $time }.
stage-replay-cut-from = Neuer Anfang
stage-replay-cut-to = Neues Ende
stage-replay-uncut = Alles wiederherstellen
stage-time-wrong = Eine Zeit schreibt man wie 1:15 oder 1:02:03.
stage-files = Dateien zum Mitnehmen
stage-replay-delete = Aufzeichnung löschen
stage-replay-delete-title = Aufzeichnung löschen?
stage-replay-delete-text = Alles Aufgezeichnete geht: die Sendung und jede Stimme. Das lässt sich nicht rückgängig machen.
stage-hold-text = Das Publikum bleibt, wo es ist, hört das Pausenzeichen und liest den Grund.
stage-postpone-text = Alle erfahren es sofort: auf der Seite, in Kalendern und Feeds.
stage-cancel-text = Alle erfahren, dass die Sendung nicht stattfindet. Das lässt sich nicht rückgängig machen.
stage-correct-text = Für Fehler in der Ankündigung. Für eine neue Zeit besser verschieben: Dann erfahren es alle.
stage-why = Der Grund, für alle zu lesen. Eine Sprache genügt.
stage-title = Titel
stage-languages = Auch angekündigt auf
stage-series = Reihe
stage-picture = Bild der Veranstaltung
stage-picture-drop = Bild entfernen
stage-picture-refused = Das Bild wurde nicht angenommen: Es muss ein JPEG, PNG oder WebP mit höchstens 8 MB und 50 Millionen Pixeln sein, mit mindestens 200 Pixeln auf jeder Seite.
stage-picture-later = Das Bild konnte gerade nicht gespeichert werden. Bitte gleich noch einmal versuchen.
stage-about = Beschreibung
stage-hold-for = Wie lange?
stage-new-time = Wann beginnt es?
stage-minutes = { $count ->
    [one] in { $count } Minute
   *[other] in { $count } Minuten
}
stage-time-at = Zu einer anderen Zeit …
stage-time-none = Keine Zeit angekündigt
stage-hold-open = Noch nicht bekannt
stage-time-open = Noch nicht bekannt
stage-time-yours = Nach Ihrer Uhr ({ $zone })
stage-time-twice = In dieser Nacht zeigt die Uhr diese Zeit zweimal. Welche?
stage-time-skipped = In dieser Nacht überspringt die Uhr diese Zeit. Wählen Sie eine andere.
stage-cancelled = Abgesagt
stage-cancelled-text = Die Sendung findet nicht statt. Das Publikum weiß es.
stage-operator = Die Technik
stage-did = { $name } { $what }.
stage-did-made = hat die Sendung angelegt
stage-did-announced = hat die Sendung gerade angekündigt
stage-did-doors_opened = hat gerade die Lobby geöffnet
stage-did-went_on_air = ist gerade auf Sendung gegangen
stage-did-held = hat gerade Pause gemacht
stage-did-resumed = hat gerade weitergemacht
stage-did-postponed = hat die Sendung gerade verschoben
stage-did-ended = hat die Sendung gerade beendet
stage-did-cancelled = hat die Sendung gerade abgesagt
stage-did-corrected = hat die Ankündigung gerade berichtigt
stage-did-replay_offered = hat gerade über die Aufzeichnung entschieden
stage-did-replay_cut = hat gerade die Aufzeichnung geschnitten
stage-did-replay_deleted = hat gerade die Aufzeichnung gelöscht
stage-did-chapter = hat gerade ein Kapitel gesetzt
stage-refusal-not_now = Das geht an dieser Stelle der Sendung nicht.
stage-refusal-event_cancelled = Die Sendung ist abgesagt.
stage-refusal-time_past = Diese Zeit ist vorbei. Wählen Sie eine spätere.
stage-refusal-time_far = Diese Zeit ist Jahre entfernt. Prüfen Sie das Datum.
stage-refusal-chapter_outside = Ein Kapitel beginnt während der Sendung.
stage-refusal-too_many_chapters = Mehr Kapitel sind nicht möglich.
stage-refusal-cut_outside = Ein Schnitt liegt in der Aufzeichnung und lässt mindestens eine Sekunde davon übrig.
stage-refusal-replay_deleted = Die Aufzeichnung wurde gelöscht.
stage-refusal-history_full = An dieser Sendung wurde zu viel geändert. Sie kann noch beginnen und enden.

## What the listener’s page fetches after itself

more-share = Teilen
more-shared = Link kopiert
more-remind = Eine Mail vor dem Beginn, und wenn er sich verschiebt:
more-remind-send = Erinnern
more-remind-failed = Das ging nicht. Bitte noch einmal.
more-speed = Tempo
more-chapters = Kapitel
more-back = – { $seconds } s
more-forward = + { $seconds } s
more-rewind = Zurückgehen
more-rewind-back = 1 Minute zurück
more-live = Zurück zur Sendung
more-volume = Lautstärke
more-players = Andere Player
more-players-ogg = Radio-App oder VLC (Ogg Opus)
more-players-hls = Podcast-App oder Fernseher (HLS)
more-players-mp3 = Alte Telefone, Radios, Boxen (MP3)
more-players-opus = Dieser Server macht weder AAC noch MP3: Player, die Opus nicht kennen, können das nicht abspielen.

## Daten, vom Server geschrieben

date-weekday =
    { $number ->
        [1] Montag
        [2] Dienstag
        [3] Mittwoch
        [4] Donnerstag
        [5] Freitag
        [6] Samstag
       *[other] Sonntag
    }
date-month =
    { $number ->
        [1] Januar
        [2] Februar
        [3] März
        [4] April
        [5] Mai
        [6] Juni
        [7] Juli
        [8] August
        [9] September
        [10] Oktober
        [11] November
       *[other] Dezember
    }
date-long = { $weekday }, { $day }. { $month } { $year }
date-at = { $date }, { $time } Uhr ({ $place })

## Kalender, Feeds, Karten, Startseite

announce-on-air = Live
announce-held = Unterbrochen
announce-doors = Einlass
announce-over = Vorbei
announce-replay = Zum Nachhören
announce-postponed = Verschoben
announce-cancelled = Abgesagt
announce-listen = Hören
announce-now = Jetzt
announce-soon = Demnächst
announce-series = Reihen
announce-again = Zum Nachhören
announce-nothing = Zurzeit ist nichts angekündigt.
announce-calendar = Kalender
announce-feed = Podcast
announce-more =
    { $count ->
        [one] { $count } weiteres im Kalender
       *[other] { $count } weitere im Kalender
    }
announce-labelled = { $label }: { $what }
announce-names = { $names } und { $last }
announce-with = Mit { $names }

## Erinnerungen per Mail

mail-confirm = Bitte bestätigen: Erinnerung an „{ $title }“
mail-confirm-text =
    Jemand, vermutlich Sie, möchte an dieses Gespräch erinnert werden:

    { $title }
    { $when }

    Öffnen Sie dafür innerhalb eines Tages diese Adresse und drücken Sie den Knopf:
    { $confirm }

    Waren Sie es nicht, so tun Sie nichts: Es kommt keine weitere Nachricht, und Ihre Adresse wird nach einem Tag gelöscht. Sofort löschen:
    { $stop }
mail-soon = Gleich: { $title }
mail-soon-text =
    { $title } beginnt gleich.

    { $when }

    Hier zuhören, ohne Konto:
    { $link }
mail-begun = Jetzt: { $title }
mail-begun-text =
    { $title } hat begonnen.

    Hier zuhören, ohne Konto:
    { $link }
# $why ist ein eigener Absatz oder nichts.
mail-moved = Neue Zeit: { $title }
mail-moved-text =
    { $title } beginnt nicht wie angekündigt. Jetzt gilt:

    { $when }

    { $why }Die Adresse bleibt dieselbe:
    { $link }
mail-cancelled = Abgesagt: { $title }
mail-cancelled-text =
    { $title } findet nicht statt.

    { $why }Was es dazu zu sagen gibt, steht hier:
    { $link }
mail-footer = Sie haben darum gebeten. Ihre Adresse wird nach dem Gespräch gelöscht. Jetzt löschen:
mail-no-time = Die Zeit steht noch nicht fest.

## Die Seiten hinter den Links einer Erinnerung

remind-asked = Sehen Sie in Ihr Postfach
remind-asked-text = Wenn an diese Adresse erinnert werden kann, ist eine Nachricht mit einem Link unterwegs. Mehr kommt nur, wenn Sie ihm folgen.
remind-confirm = Möchten Sie erinnert werden?
remind-confirm-text = Kurz vor Beginn kommt eine Nachricht, und noch eine, wenn sich die Zeit ändert. Ihre Adresse wird nach dem Gespräch gelöscht.
remind-confirm-button = Erinnern
remind-confirmed = Sie werden erinnert
remind-confirmed-text = Kurz vor Beginn kommt eine Nachricht, und noch eine, wenn sich die Zeit ändert.
remind-stop = Keine Nachrichten mehr?
remind-stop-text = Ihre Adresse wird sofort gelöscht.
remind-stop-button = Meine Adresse löschen
remind-stopped = Ihre Adresse ist gelöscht
remind-stopped-text = Es kommt keine Nachricht mehr dazu. Zuhören können Sie trotzdem.
remind-gone = Dieser Link führt nirgends mehr hin
remind-gone-text = Entweder wurde ihm nicht innerhalb eines Tages gefolgt, oder das Gespräch ist vorbei, oder ein Stück des Links fehlt. Auf der Seite des Gesprächs können Sie einen neuen anfordern.
remind-failed = Das ging nicht
remind-failed-text = Es konnte nicht festgehalten werden. Bitte versuchen Sie es in einer Minute noch einmal.
remind-listen = Zur Seite des Gesprächs
