### Every sentence that people read, in English: the language the others are translated from.
###
### A message is named after where it is read: `page-` stands in a page before its script runs, or without one; `listen-` is said by the
### listener’s page, `stage-` by the stage page, `common-` by both, `embed-` only by the player inside other pages, `more-` by what the listener’s page fetches after itself; `seat-` names a place, `date-`, `announce-`, `mail-` and `remind-` stand in
### what the server writes. How to add a language, and what a message may
### hold: CONTRIBUTING.md.

# The language’s own name for itself.
language-name = English

## A page before its script runs, or without one

page-not-begun = This conversation has not begun yet. It will begin here, at this address.
page-on-air = On air now.
page-stage-empty = Nobody is on stage at the moment. The sound will be back here.
page-host-dropped = The host has lost the connection. The conversation stays open: please stay.
page-fault = Something went wrong on our side. We’re on it, stay with us.
page-held = This conversation is paused. It goes on here, at this address.
page-cancelled = This conversation has been cancelled.
page-replay-awaited = This conversation has ended. The replay is being made.
page-replay-ready = This conversation has ended. You can listen to it again.
page-replay-none = This conversation has ended. There is no replay.
page-not-found = There is no conversation at this address
page-not-found-text = A conversation has a link of its own. Please check the one you were given, or ask whoever invited you.
page-needs-script = The stage needs JavaScript
page-needs-script-text = This page connects your microphone. Allow JavaScript for it, or open the link in another browser.
page-unsaid = This page has not loaded completely. It keeps trying; check your connection.
page-not-embedded = This conversation is not shown inside other pages. You can hear it here: { $link }

## Names of places

seat-guest = Guest

## Said by the listener’s page and by the stage page

common-on-air = On air
common-listening = { $count } listening
common-any-moment = It’s time. We’re waiting for the host, stay with us.
common-not-yet = It hasn’t started yet. You’ll hear it here.
common-live = You are listening live.
common-held = We’re taking a break. Stay with us: it goes on here.
common-held-until = It goes on { $moment }.
common-postponed-open = Postponed. We’ll say here when it begins.
common-on-stage = On stage
common-muted = muted
common-connection-lost = connection lost
common-role-host = host
common-role-co_host = co-host
common-role-guest = guest

## The listener’s page

listen-soon = Soon
listen-over = Ended
listen-span = { $days } and { $hours }
listen-starts-in = Starts in { $span }
listen-at = { $moment }, your time
listen-postponed = Postponed to { $moment }
listen-paused = Paused
listen-cancelled = It will not take place.
listen-lobby = You’re in the lobby: you’ll hear it begin from here. Press to leave.
listen-calendar = Add to calendar
listen-armed = All set: the sound will start by itself. Press to cancel.
listen-listen = Listen
listen-arm = Press now and the sound will start on its own.
listen-disarm = Cancel
listen-stop = Stop listening
listen-again = Listen again
listen-pause = Pause
listen-press = It’s live. Press to listen.
listen-connecting = Sound is on its way…
listen-stalled = The network is slow. Sound is coming back.
listen-reconnecting = Connection lost. Reconnecting…
listen-gone = The server isn’t answering. We’ll keep trying; just stay here.
listen-full = The server is full. The sound will start by itself as soon as there is room.
listen-leaving = This server is closing. We are looking for another one.
listen-asks = Next try in { $seconds } s.
listen-why-busy = The server is busy
listen-why-link = The server’s network is full
listen-why-blocked = Networks are slow at the moment
listen-why-opening = We’re expecting a big audience
listen-why-pinned = To go easy on the server
listen-why-calm = The load is easing
listen-crowd = { $why }: lower sound quality, up to { $seconds } s behind.
listen-offline = Your device is offline. The sound comes back with your connection.
listen-host-dropped = The host has lost the connection. Stay with us.
listen-stage-empty = Nobody is on stage right now. Stay with us.
listen-ends = If nobody comes back, it ends on { $moment }.
listen-fault = Something went wrong on our side. We’re on it, stay with us.
listen-since = for { $span }
listen-thanks = It’s over. Thank you for listening.
listen-replay-soon = The recording isn’t ready yet. It will appear here.
listen-no-replay = There is no recording to listen to.
listen-replay = It’s over. You can listen to all of it again.
listen-was-on-stage = On stage at the end
listen-speaking = speaking
listen-message = From the host
listen-seek = Position
listen-elsewhere = Listen in another app
listen-save = Download

## The player inside another page

embed-open = Open the page

## The stage page

stage-green-room = Green room
stage-not-yet = Not on air yet
stage-over = The event has ended
stage-over-text = Thank you. The recording is being prepared on the listeners’ page.
stage-over-unrecorded = Thank you. It was not recorded.
stage-no-token = This link is incomplete
stage-no-token-text = The part after # is missing. Open the link you were sent again, whole, or ask the host for a new one.
stage-rejected = This invitation no longer works
stage-rejected-text = Ask the host for a new link.
stage-removed = The host has removed you
stage-removed-text = You can go on listening with everybody else.
stage-replaced = You’re connected on another page
stage-replaced-text = Your seat has been opened in another tab or on another device.
stage-take-back = Take it back here
stage-to-listeners = Go to the listeners’ page
stage-reaching = Connecting to the stage…
stage-not-connected = You’re offline right now. Try again once you’re reconnected.
stage-your-name = Your name, as listeners see it
stage-name-saved = Saved. Listeners now see this name.
stage-mic-title = First, your microphone
stage-mic-why = Your browser will ask for it. In the green room you are off the air: you decide when to go on stage.
stage-mic-why-guest = Your browser will ask for it. In the green room only the hosts can listen in, until they bring you on stage.
stage-mic-allow = Use my microphone
stage-mic-asking = Answer your browser’s prompt…
stage-mic-retry = Try again
stage-mic-device = Microphone
stage-system-default = System default
stage-speaker-device = Headphones or loudspeaker
stage-speaker-choose = Choose where you hear the others
stage-test-tone = Play a test sound
stage-speak = Say something: the bars should move with your voice.
stage-listen-back = Hear how I sound
stage-headphones = Put headphones on first: your own voice comes back from the server.
stage-go-on = Go on stage
stage-host-sees = The host sees you here, and will bring you on stage. Stay on this page.
stage-host-waits = You decide when to go on.
stage-scheduled-note = Everyone on stage can hear each other. Listeners hear nothing until the event starts.
stage-unheard-title = You’re not heard
stage-unsure = You may not be heard
stage-try-now = Try now
stage-settings = Sound and keys
stage-hold-to-talk = Hold to talk
stage-key-toggle = opens and closes your microphone
stage-key-hold = opens your microphone while you hold it
stage-keys-on = Use the key
stage-push-to-talk = Push to talk: your microphone is open only while you hold the button or the key
stage-starts-at = Starts { $moment }, your time
stage-live = You’re live
stage-live-text = Everyone listening hears you.
stage-live-before = Your microphone is open
stage-live-before-text = Those on stage hear you.
stage-muted = You’re muted
stage-muted-text = Nobody hears you.
stage-muting = Muting…
stage-unmuting = Opening…
stage-pending-text = Waiting for the mixer.
stage-mute = Mute
stage-mute-them = Mute
stage-unmute-them = Unmute
stage-unmute = Unmute
stage-speaking-muted = You’re talking, but you’re muted.
stage-hushed = The host muted you.
stage-hushed-host = A co-host muted you.
stage-back-to-green = Back to the green room
stage-line-lost = Connection to the server lost. Reconnecting…
stage-voice-connecting = Connecting your voice…
stage-voice-lost = Your voice isn’t getting through. Reconnecting…
stage-voice-refused = The server refused the audio connection:
stage-waiting = In the green room
stage-nobody-waiting = Nobody is waiting.
stage-nobody-on = Nobody is on stage yet.
stage-invited-seats = Invited, not here yet
stage-you = you
stage-pre-listened = A host is listening to you right now.
stage-off-stage = You have been taken off the stage. Listeners don’t hear you.
stage-silent-here = No sound comes from your microphone. Is it switched off, or taken by another app?
stage-too-quiet-here = Your voice is too quiet for the others. Come closer to the microphone, or turn it up.
stage-cannot-connect-not_reached = Your voice cannot reach the server. A firewall may be in the way: try another network.
stage-cannot-connect-handshake_failed = Your browser and the server could not agree on encryption. Try another browser.
stage-pre-listen = Pre-listen
stage-not-heard-yet = nothing heard yet
stage-warning-silent_microphone = unmuted, but silent
stage-warning-not_ready = unmuted, but not heard: their page does not answer
stage-warning-not_reached = tried to connect, but no sound reaches the server: a firewall?
stage-warning-handshake_failed = tried to connect, but the encryption was refused: an RSA certificate?
stage-warning-too_quiet = too quiet to boost: closer to the microphone?
stage-warning-flooding = keeps opening new connections
stage-record = Record this event
stage-recorded = This event is recorded: the whole of it, and each voice on its own.
stage-not-recorded = This event is not being recorded.
stage-stop-record-title = Stop recording?
stage-stop-record-text = What is said from now on will be missing from the recording.
stage-stop-record = Stop recording
stage-leave-title = Leave the stage?
stage-leave-text = Listeners will no longer hear you. You come back muted.
stage-leave = Leave the stage
stage-ends = Everybody has left: the event ends by itself at { $time }.
stage-silent = unmuted, but silent
stage-no-sound = no sound from the microphone
stage-admit = Bring on stage
stage-admit-title = Bring { $name } on stage?
stage-admit-text = Nothing has come from their microphone yet. Ask them to say something first.
stage-admit-anyway = Bring on stage anyway
stage-to-green = To the green room
stage-remove = Remove
stage-show-link = Their link
stage-make-co-host = Make co-host
stage-make-guest = Back to guest
stage-hand-over = Make host
stage-more = More
stage-of = { $act }: { $name }
stage-program = The programme
stage-check = Sound check
stage-check-text = Loudest microphone; loudness is measured on air.
stage-start = Start the event
stage-start-title = Go on air now?
stage-start-early = It is announced for { $moment }.
stage-start-text = From this moment, listeners hear everyone on stage.
stage-start-empty = Nobody is on stage yet: listeners will hear only the waiting sound.
stage-start-closed = Every microphone on stage is muted: until one is opened, listeners will hear only the waiting sound.
stage-end = End the event
stage-end-title = End the event for everyone?
stage-end-text = Listeners are sent to the recording. This cannot be undone.
stage-end-unrecorded = There is no recording for listeners to go to. This cannot be undone.
stage-remove-title = Remove { $name }?
stage-remove-text = The seat is closed and the link stops working.
stage-hand-title = Hand over to { $name }?
stage-hand-text = They become the host; you stay on as co-host.
stage-cancel = Cancel
stage-close = Close
stage-invite = Invite somebody
stage-invite-name = Their name
stage-invite-role = They come as
stage-invite-make = Make the link
stage-invite-done = Here is { $name }’s link
stage-invite-text = It is personal. Whoever has it takes this seat.
stage-line-text = Put these into OBS, ffmpeg or the mixing desk.
stage-line-url = WHIP address
stage-line-url-music = WHIP address for music: the sound is left as it comes
stage-line-token = Bearer token
stage-copy = Copy
stage-copied = Copied
stage-message = Message to listeners
stage-message-edit = Write to listeners
stage-message-text = They see it right away, each in their own language. If you write only one, everyone sees that one.
stage-message-none = Write something; “Take it down” removes what is shown.
stage-send = Send
stage-clear = Take it down
stage-listen-link = Listeners’ link
stage-too-quiet = a little quiet
stage-too-loud = a little loud
stage-just-right = just right
stage-silence = nobody is speaking
stage-none-open = no open microphone
stage-host_dropped = The host has lost the connection. The event goes on; the stage is yours.
stage-host_dropped-waiting = The host has lost the connection. Stay here: we’re waiting for them.
stage-stage_empty = Nobody is on stage. Listeners hear the waiting sound.
stage-fault = The server reports a fault.
stage-role-line_in = line-in
stage-role-monitor = monitor
stage-unheard-insecure = Browsers give the microphone only to secure pages. Open this page with https.
stage-unheard-denied = The microphone is blocked for this page. Allow it in your browser’s address bar, then try again.
stage-unheard-missing = No microphone found. Plug one in: we’ll notice.
stage-unheard-busy = The microphone could not be opened. Another app may be holding it.
stage-unheard-taken = Your system has silenced the microphone. Another app or a switch may hold it.
stage-unheard-ended = This page has no microphone: it was unplugged, or has not been allowed yet.
stage-unheard-voice = Your voice isn’t getting through. It is being connected again.
stage-unheard-line = The server has gone silent, so nobody can tell. Your microphone stays open.
stage-unheard-silent = You’re unmuted, but no sound comes from your microphone. Is it switched off, or taken by another app?
stage-unheard-on_the_way = Your microphone works, but your voice does not reach the server.
stage-became-host = You are now the host.
stage-became-co_host = You are now a co-host.
stage-became-guest = You are now a guest.
stage-alarm-output_silent = People are speaking, but what goes out is silent. The server is looking into it.
stage-alarm-recorder = The recording cannot be written. The broadcast goes on.
stage-alarm-mixer_late = The mixer is running late: the machine is overloaded. Sound may break up.
stage-alarm-store = The server cannot save its state. The event goes on.
stage-alarm-replay = The replay could not be made as you want it. What there was is as it was; it is tried again with the next change.
stage-alarm-other = Alarm from the server: { $kind }
stage-refusal-stale_version = Somebody changed this a moment ago. Look, and press again if you still want to.
stage-refusal-stage_full = All places on stage are taken.
stage-refusal-seats_full = All seats are taken. Remove somebody first.
stage-refusal-not_connected = They are not connected right now.
stage-refusal-not_allowed = Only the host and co-hosts can do this.
stage-refusal-event_ended = The event is over.
stage-refusal-no_such_sender = Your seat is no longer part of this event.
stage-refusal-no_such_seat = They are no longer part of this event.
stage-refusal-unmute_other = Only they can open their microphone.
stage-refusal-not_in_green_room = You can hear yourself in the green room only.
stage-refusal-too_many_sessions = Many people are connecting right now. Try again in a moment.
stage-refusal-too_many_offers = This link opens connections too fast. Wait a few seconds.
stage-refusal-not_heard = Nothing was heard from them yet.
stage-refusal-receive_only = This seat can only listen.
stage-refusal-host_stays = There must always be a host. Hand over first.
stage-refusal-role_not_given = This role cannot be given here.
stage-refusal-name_empty = Write a name.
stage-refusal-too_long = This is too long. Shorten it.
stage-refusal-control_characters = This has characters that cannot be shown. Type it again without them.
stage-refusal-too_many = Too much at once. Wait a moment.
stage-refused = The server refused this.

## The evening, for whoever leads it

stage-announce = Announce it
stage-hold = Pause
stage-hold-edit = Change the word
stage-resume = Go on
stage-held = paused
stage-postpone = Postpone
stage-correct = Correct
stage-cancel-event = Cancel the event
stage-open-doors = Open the doors
stage-automatic = Go on air by itself at that time
stage-reads = Listeners read now:
stage-reads-nothing = Nothing: this is a draft.
stage-chapters = Chapters
stage-chapter-name = Name of the chapter that begins now
stage-chapter-mark = Mark
stage-chapter-drop = Take the chapter “{ $title }” away
stage-replay-on = Everybody can listen to the recording.
stage-replay-off = Nobody but you knows of the recording.
stage-replay-withhold = Withhold it
stage-replay-publish = Publish it
stage-chapter-title = Name of the chapter
stage-chapter-at = Begins at
stage-chapter-rename = Rename
stage-chapter-add = Add
stage-replay-from = Everybody can listen to the recording from { $moment } on.
stage-replay-deleted = The recording was deleted.
stage-replay-later = Publish it later
stage-replay-later-text = Until then nobody can listen to it, and from then on everybody can.
stage-replay-here = Here
stage-replay-cut = Cut
stage-replay-cut-text = What is cut off is not lost: it can be put back.
stage-replay-length = It lasts { $time }.
stage-replay-cut-from = New beginning
stage-replay-cut-to = New end
stage-replay-uncut = Put everything back
stage-time-wrong = A time is written like 1:15 or 1:02:03.
stage-files = Files to take along
stage-replay-delete = Delete the recording
stage-replay-delete-title = Delete the recording?
stage-replay-delete-text = Everything that was recorded goes: the replay, and each voice. This cannot be undone.
stage-hold-text = Listeners stay where they are, hear the waiting sound and read why.
stage-postpone-text = Everybody is told at once: on the page, in calendars and feeds.
stage-cancel-text = Everybody is told that it will not take place. This cannot be undone.
stage-correct-text = For what was announced with a mistake. A new time is better postponed: then everybody is told.
stage-why = Why, for everybody to read. One language is enough.
stage-title = Title
stage-languages = It is told in, too
stage-series = Series
stage-picture = Picture of the event
stage-picture-drop = Take the picture away
stage-picture-refused = The picture was not taken: it must be a JPEG, PNG or WebP of at most 8 MB and 50 million pixels, with at least 200 pixels on each side.
stage-picture-later = The picture could not be kept just now. Try again in a moment.
stage-about = Description
stage-hold-for = How long?
stage-new-time = When does it begin?
stage-minutes = { $count ->
    [one] in { $count } minute
   *[other] in { $count } minutes
}
stage-time-at = At a time of its own…
stage-time-none = No time announced
stage-hold-open = Nobody knows yet
stage-time-open = Nobody knows yet
stage-time-yours = In your time ({ $zone })
stage-time-twice = The clock shows this time twice that night. Which one?
stage-time-skipped = The clock skips this time that night. Choose another.
stage-cancelled = Cancelled
stage-cancelled-text = This event does not take place. Listeners are told.
stage-operator = The operator
stage-did = { $name } { $what }.
stage-did-made = made the event
stage-did-announced = has just announced the event
stage-did-doors_opened = has just opened the doors
stage-did-went_on_air = has just gone on air
stage-did-held = has just paused the event
stage-did-resumed = has just gone on
stage-did-postponed = has just postponed the event
stage-did-ended = has just ended the event
stage-did-cancelled = has just cancelled the event
stage-did-corrected = has just corrected the event
stage-did-replay_offered = has just decided about the recording
stage-did-replay_cut = has just cut the recording
stage-did-replay_deleted = has just deleted the recording
stage-did-chapter = has just marked a chapter
stage-refusal-not_now = This is not possible at this point of the event.
stage-refusal-event_cancelled = The event is cancelled.
stage-refusal-time_past = This time has passed. Choose a later one.
stage-refusal-time_far = This time is years away. Check the date.
stage-refusal-chapter_outside = A chapter begins while the event is on air.
stage-refusal-too_many_chapters = There are as many chapters as there can be.
stage-refusal-cut_outside = A cut lies within the recording and leaves at least a second of it.
stage-refusal-replay_deleted = The recording was deleted.
stage-refusal-history_full = Too much has been changed about this event. It can still go on air and end.

## What the listener’s page fetches after itself

more-share = Share
more-shared = Link copied
more-remind = A mail before it begins, and when that moves:
more-remind-send = Remind me
more-remind-failed = That did not work. Please try again.
more-speed = Speed
more-chapters = Chapters
more-back = − { $seconds } s
more-forward = + { $seconds } s
more-rewind = Go back
more-rewind-back = 1 minute back
more-live = Back to live
more-volume = Volume
more-players = Other players
more-players-ogg = Radio app or VLC (Ogg Opus)
more-players-hls = Podcast app or television (HLS)
more-players-mp3 = Old phones, radios, boxes (MP3)
more-players-opus = This server makes no AAC or MP3: players that do not know Opus cannot play this.
## Dates, written by the server

date-weekday =
    { $number ->
        [1] Monday
        [2] Tuesday
        [3] Wednesday
        [4] Thursday
        [5] Friday
        [6] Saturday
       *[other] Sunday
    }
date-month =
    { $number ->
        [1] January
        [2] February
        [3] March
        [4] April
        [5] May
        [6] June
        [7] July
        [8] August
        [9] September
        [10] October
        [11] November
       *[other] December
    }
date-long = { $weekday } { $day } { $month } { $year }
date-at = { $date }, { $time } ({ $place })

## Calendars, feeds, cards, the front page

announce-on-air = On air
announce-held = Paused
announce-doors = Doors open
announce-over = Over
announce-replay = Replay
announce-postponed = Postponed
announce-cancelled = Cancelled
announce-listen = Listen
announce-now = Now
announce-soon = To come
announce-series = Series
announce-again = Listen again
announce-nothing = Nothing is announced at the moment.
announce-calendar = Calendar
announce-feed = Podcast
announce-more = { $count } more in the calendar
announce-labelled = { $label }: { $what }
announce-names = { $names } and { $last }
announce-with = With { $names }

## Reminders by mail

mail-confirm = Please confirm: a reminder of “{ $title }”
mail-confirm-text =
    Somebody, most likely you, asked for a reminder of this conversation:

    { $title }
    { $when }

    To be reminded, open this address within a day and press the button:
    { $confirm }

    If it was not you, do nothing: no more mail will come, and your address is deleted after a day. To have it deleted at once:
    { $stop }
mail-soon = Soon: { $title }
mail-soon-text =
    { $title } begins soon.

    { $when }

    Listen here, no account is needed:
    { $link }
mail-begun = Now: { $title }
mail-begun-text =
    { $title } has begun.

    Listen here, no account is needed:
    { $link }
# $why is a paragraph of its own, or nothing.
mail-moved = New time: { $title }
mail-moved-text =
    { $title } does not begin when you were told. Now it is:

    { $when }

    { $why }The address is the same:
    { $link }
mail-cancelled = Cancelled: { $title }
mail-cancelled-text =
    { $title } is cancelled.

    { $why }What there is to say about it is here:
    { $link }
mail-footer = You asked for this. Your address is deleted after the event. To have it deleted now:
mail-no-time = The time is not known yet.

## The pages behind the links of a reminder

remind-asked = Look into your mailbox
remind-asked-text = If a reminder can be sent to that address, a mail with a link is on its way. Nothing more comes unless you follow it.
remind-confirm = Do you want to be reminded?
remind-confirm-text = You get a mail shortly before it begins, and another one if the time changes. Your address is deleted after the event.
remind-confirm-button = Remind me
remind-confirmed = You will be reminded
remind-confirmed-text = A mail comes shortly before it begins, and another one if the time changes.
remind-stop = No more mail?
remind-stop-text = Your address is deleted at once.
remind-stop-button = Delete my address
remind-stopped = Your address is deleted
remind-stopped-text = No more mail about this comes. You can listen all the same.
remind-gone = This link is about nothing any more
remind-gone-text = Either it was not followed within a day, or the event is over, or a part of the link is missing. On the event’s page you can ask for another.
remind-failed = That did not work
remind-failed-text = It could not be written down. Please try again in a minute.
remind-listen = To the event’s page
