### Toutes les phrases que l’on lit, en français. Devant ? ! ; : et » comme après «, une espace insécable (U+00A0) ; l’apostrophe est ’.

# Le nom de la langue, dans la langue.
language-name = Français

## Une page avant son script, ou sans lui

page-not-begun = La conversation n’a pas encore commencé. Elle commencera ici, à cette adresse.
page-on-air = En direct.
page-stage-empty = Il n’y a personne sur scène pour le moment. Le son reviendra ici.
page-host-dropped = L’hôte a perdu la connexion. La conversation reste ouverte : restez avec nous.
page-fault = Un problème de notre côté. Nous y travaillons, restez avec nous.
page-held = La conversation est en pause. Elle reprendra ici, à cette adresse.
page-cancelled = La conversation est annulée.
page-replay-awaited = La conversation est terminée. La réécoute se prépare.
page-replay-ready = La conversation est terminée. Vous pouvez la réécouter.
page-replay-none = La conversation est terminée. Il n’y a pas de réécoute.
page-not-found = Il n’y a pas de conversation à cette adresse
page-not-found-text = Chaque conversation a son propre lien. Vérifiez celui que vous avez reçu, ou demandez-le à la personne de qui vous le tenez.
page-needs-script = La scène a besoin de JavaScript
page-needs-script-text = C’est cette page qui relie votre micro. Autorisez-y JavaScript, ou ouvrez le lien dans un autre navigateur.
page-unsaid = La page n’est pas entièrement chargée. Elle réessaie d’elle-même ; vérifiez votre connexion.
page-not-embedded = Cette conversation ne s’affiche pas dans d’autres pages. Vous pouvez l’écouter ici : { $link }

## Noms de places

seat-guest = Invité

## Dit par la page d’écoute et par la scène

common-on-air = À l’antenne
common-listening = { $count } à l’écoute
common-any-moment = C’est l’heure. Nous attendons l’hôte, restez avec nous.
common-not-yet = La conversation n’a pas encore commencé. Elle commencera ici.
common-live = Vous écoutez en direct.
common-held = Une courte pause. Restez avec nous, la suite est ici.
common-held-until = Reprise { $moment }.
common-postponed-open = Reportée. La nouvelle heure sera annoncée ici.
common-on-stage = Sur scène
common-muted = micro coupé
common-connection-lost = connexion perdue
common-role-host = hôte
common-role-co_host = co-hôte
common-role-guest = invité

## La page d’écoute

listen-soon = Bientôt
listen-over = Terminé
listen-span = { $days } et { $hours }
listen-starts-in = Début dans { $span }
listen-at = { $moment }, heure locale
listen-postponed = Reportée : { $moment }
listen-paused = En pause
listen-cancelled = L’émission n’aura pas lieu.
listen-lobby = Vous êtes dans le hall : vous entendrez le début d’ici. Appuyez pour quitter.
listen-calendar = Ajouter à l’agenda
listen-armed = C’est noté : le son démarrera tout seul. Appuyez pour annuler.
listen-listen = Écouter
listen-arm = Appuyez maintenant : le son démarrera tout seul au début.
listen-disarm = Annuler
listen-stop = Arrêter l’écoute
listen-again = Réécouter
listen-pause = Pause
listen-press = C’est en direct. Appuyez pour écouter.
listen-connecting = Le son arrive…
listen-stalled = Le réseau ralentit. Le son revient.
listen-reconnecting = Connexion perdue. Elle se rétablit d’elle-même.
listen-gone = Le serveur ne répond pas. Nous réessayons, restez avec nous.
listen-full = Le serveur est complet. Le son démarrera tout seul dès qu’une place se libère.
listen-leaving = Ce serveur s’arrête. Nous en cherchons un autre.
listen-asks = Prochain essai dans { $seconds } s.
listen-why-busy = Serveur très sollicité
listen-why-link = Réseau du serveur saturé
listen-why-blocked = Réseaux lents en ce moment
listen-why-opening = Beaucoup de monde est attendu
listen-why-pinned = Pour ménager le serveur
listen-why-calm = La charge diminue
listen-crowd = { $why } : la qualité du son est réduite, avec jusqu’à { $seconds } s de retard.
listen-offline = Votre appareil est hors ligne. Le son reviendra avec le réseau.
listen-host-dropped = L’hôte a perdu la connexion. Restez avec nous.
listen-stage-empty = La scène est vide pour l’instant. Restez avec nous.
listen-ends = Sans retour de l’hôte, l’émission s’arrêtera { $moment }.
listen-fault = Un problème de notre côté. Nous y travaillons, restez avec nous.
listen-since = depuis { $span }
listen-thanks = C’est fini. Merci d’avoir écouté.
listen-replay-soon = L’enregistrement n’est pas encore prêt. Il apparaîtra ici.
listen-no-replay = Il n’y a pas d’enregistrement à réécouter.
listen-replay = C’est fini. Vous pouvez tout réécouter.
listen-was-on-stage = Sur scène à la fin
listen-speaking = parle
listen-message = Message de l’hôte
listen-seek = Position
listen-elsewhere = Écouter dans une autre application
listen-save = Télécharger

## Le lecteur dans une autre page

embed-open = Ouvrir la page

## La scène

stage-green-room = Loge
stage-not-yet = Pas encore à l’antenne
stage-over = L’émission est terminée
stage-over-text = Merci. L’enregistrement se prépare sur la page d’écoute.
stage-over-unrecorded = Merci. L’émission n’a pas été enregistrée.
stage-no-token = Ce lien est incomplet
stage-no-token-text = Il manque ce qui suit le #. Rouvrez le lien reçu, en entier, ou demandez-en un autre à l’hôte.
stage-rejected = Cette invitation n’est plus valable
stage-rejected-text = Demandez un nouveau lien à l’hôte.
stage-removed = L’hôte vous a retiré de l’émission
stage-removed-text = Vous pouvez continuer d’écouter avec tout le monde.
stage-replaced = Vous êtes connecté sur une autre page
stage-replaced-text = Votre place a été ouverte dans un autre onglet ou sur un autre appareil.
stage-take-back = Reprendre ma place ici
stage-to-listeners = Aller à la page d’écoute
stage-reaching = Connexion à la scène…
stage-not-connected = Pas de connexion pour l’instant. Réessayez dès son retour.
stage-your-name = Votre nom, tel qu’on le verra
stage-name-saved = Enregistré : c’est ce nom que l’on voit.
stage-mic-title = D’abord, votre micro
stage-mic-why = Votre navigateur va le demander. En loge, vous n’êtes pas à l’antenne : vous entrez en scène quand vous le décidez.
stage-mic-why-guest = Votre navigateur va le demander. En loge, seule l’équipe peut vous écouter, jusqu’à ce qu’elle vous fasse entrer.
stage-mic-allow = Utiliser mon micro
stage-mic-asking = Répondez à la question de votre navigateur…
stage-mic-retry = Réessayer
stage-mic-device = Micro
stage-system-default = Celui du système
stage-speaker-device = Casque ou haut-parleur
stage-speaker-choose = Choisir la sortie audio
stage-test-tone = Tester le son
stage-speak = Dites quelque chose : les barres doivent bouger avec votre voix.
stage-listen-back = M’écouter
stage-headphones = Mettez d’abord un casque : vous allez vous entendre.
stage-go-on = Entrer en scène
stage-host-sees = L’hôte vous voit ici et vous fera entrer en scène. Restez sur cette page.
stage-host-waits = C’est vous qui décidez quand entrer.
stage-scheduled-note = Sur scène, vous vous entendez entre vous. Le public n’entend rien avant le début.
stage-unheard-title = On ne vous entend pas
stage-unsure = On ne vous entend peut-être pas
stage-try-now = Réessayer maintenant
stage-settings = Son et raccourcis clavier
stage-hold-to-talk = Maintenir pour parler
stage-key-toggle = ouvre et coupe votre micro
stage-key-hold = ouvre votre micro tant que vous la maintenez
stage-keys-on = Utiliser la touche
stage-push-to-talk = Appuyer pour parler : votre micro n’est ouvert que tant que vous maintenez le bouton ou la touche
stage-starts-at = Début { $moment }, heure locale
stage-live = Vous êtes à l’antenne
stage-live-text = Tous ceux qui écoutent vous entendent.
stage-live-before = Votre micro est ouvert
stage-live-before-text = Les personnes en scène vous entendent.
stage-muted = Votre micro est coupé
stage-muted-text = Personne ne vous entend.
stage-muting = Coupure…
stage-unmuting = Ouverture…
stage-pending-text = En attente de la console…
stage-mute = Couper mon micro
stage-mute-them = Couper le micro
stage-unmute-them = Ouvrir le micro
stage-unmute = Ouvrir mon micro
stage-speaking-muted = Vous parlez, mais votre micro est coupé.
stage-hushed = L’hôte a coupé votre micro.
stage-hushed-host = L’équipe a coupé votre micro.
stage-back-to-green = Retourner en loge
stage-line-lost = La connexion au serveur est coupée. Elle se rétablit d’elle-même.
stage-voice-connecting = Votre voix se connecte…
stage-voice-lost = Votre voix ne passe plus. Reconnexion en cours…
stage-voice-refused = Le serveur a refusé la connexion audio :
stage-waiting = En loge
stage-nobody-waiting = Personne n’attend.
stage-nobody-on = Personne n’est encore en scène.
stage-invited-seats = Invités, pas encore arrivés
stage-you = vous
stage-pre-listened = L’équipe vous écoute en ce moment.
stage-off-stage = L’équipe vous a fait revenir en loge. Le public ne vous entend plus.
stage-silent-here = Votre micro ne capte aucun son. Est-il éteint, ou pris par une autre application ?
stage-too-quiet-here = Votre voix est trop faible pour les autres. Rapprochez-vous du micro, ou augmentez son niveau.
stage-cannot-connect-not_reached = Votre voix ne peut pas atteindre le serveur. Un pare-feu la bloque peut-être : essayez un autre réseau.
stage-cannot-connect-handshake_failed = Votre navigateur et le serveur ne se sont pas entendus sur le chiffrement. Essayez un autre navigateur.
stage-pre-listen = Pré-écoute
stage-not-heard-yet = aucun son pour l’instant
stage-warning-silent_microphone = micro ouvert, mais aucun son
stage-warning-not_ready = micro ouvert, mais on ne l’entend pas : sa page ne répond pas
stage-warning-not_reached = a essayé de se connecter, mais rien de sa voix n’arrive au serveur : un pare-feu ?
stage-warning-handshake_failed = a essayé de se connecter, mais son chiffrement n’a pas été accepté : un certificat RSA ?
stage-warning-too_quiet = trop faible pour être amplifié : plus près du micro ?
stage-warning-flooding = ouvre sans cesse de nouvelles connexions
stage-record = Enregistrer cette émission
stage-recorded = Cette émission est enregistrée : l’ensemble, et chaque voix à part.
stage-not-recorded = Cette émission n’est pas enregistrée.
stage-stop-record-title = Arrêter l’enregistrement ?
stage-stop-record-text = Ce qui se dira désormais manquera à l’enregistrement.
stage-stop-record = Arrêter l’enregistrement
stage-leave-title = Quitter la scène ?
stage-leave-text = Le public ne vous entendra plus. Vous reviendrez micro coupé.
stage-leave = Quitter la scène
stage-ends = Tout le monde est parti : l’émission se terminera toute seule à { $time }.
stage-silent = micro ouvert, mais aucun son
stage-no-sound = aucun son de son micro
stage-admit = Faire entrer
stage-admit-title = Faire entrer { $name } ?
stage-admit-text = Aucun son n’est encore venu de ce micro. Demandez d’abord quelques mots.
stage-admit-anyway = Faire entrer quand même
stage-to-green = Renvoyer en loge
stage-remove = Retirer
stage-show-link = Son lien
stage-make-co-host = Nommer co-hôte
stage-make-guest = Repasser en invité
stage-hand-over = Passer la main
stage-more = Plus
stage-of = { $act } : { $name }
stage-program = L’émission
stage-check = Essai de son
stage-check-text = Micro le plus fort ; le niveau de l’émission se mesure à l’antenne.
stage-start = Prendre l’antenne
stage-start-title = Prendre l’antenne maintenant ?
stage-start-early = L’heure annoncée est { $moment }.
stage-start-text = Dès cet instant, le public entend tous ceux qui sont sur scène.
stage-start-empty = Personne n’est encore en scène : le public n’entendra que le fond d’attente.
stage-start-closed = Tous les micros sont coupés sur scène : tant qu’aucun ne s’ouvre, le public n’entendra que le fond d’attente.
stage-end = Terminer l’émission
stage-end-title = Terminer l’émission pour tout le monde ?
stage-end-text = Le public pourra réécouter l’enregistrement. On ne peut pas revenir en arrière.
stage-end-unrecorded = Il n’y a pas d’enregistrement à proposer au public. On ne peut pas revenir en arrière.
stage-remove-title = Retirer { $name } ?
stage-remove-text = La place est fermée et le lien ne fonctionne plus.
stage-hand-title = Passer la main à { $name } ?
stage-hand-text = Cette personne devient l’hôte ; vous restez co-hôte.
stage-cancel = Annuler
stage-close = Fermer
stage-invite = Inviter quelqu’un
stage-invite-name = Son nom
stage-invite-role = En tant que
stage-invite-make = Créer le lien
stage-invite-done = Lien personnel : { $name }
stage-invite-text = Ce lien est personnel : quiconque l’a peut prendre cette place.
stage-line-text = À mettre dans OBS, ffmpeg ou la console.
stage-line-url = Adresse WHIP
stage-line-url-music = Adresse WHIP pour la musique : le son est laissé tel quel
stage-line-token = Jeton (bearer)
stage-copy = Copier
stage-copied = Copié
stage-message = Message au public
stage-message-edit = Envoyer un message au public
stage-message-text = Chacun le voit aussitôt, dans sa langue. Une seule langue suffit : tout le monde la verra.
stage-message-none = Écrivez quelque chose ; « Le retirer » efface le message affiché.
stage-send = Envoyer
stage-clear = Le retirer
stage-listen-link = Lien d’écoute
stage-too-quiet = un peu faible
stage-too-loud = un peu fort
stage-just-right = comme il faut
stage-silence = personne ne parle
stage-none-open = aucun micro ouvert
stage-host_dropped = L’hôte a perdu la connexion. L’émission continue ; la scène est à vous.
stage-host_dropped-waiting = L’hôte a perdu la connexion. Restez ici : on l’attend.
stage-stage_empty = Personne n’est en scène. Le public entend le fond d’attente.
stage-fault = Le serveur signale une panne.
stage-role-line_in = entrée ligne
stage-role-monitor = retour
stage-unheard-insecure = Les navigateurs ne donnent le micro qu’aux pages sécurisées. Ouvrez cette page en https.
stage-unheard-denied = Le micro est bloqué pour cette page. Autorisez-le dans la barre d’adresse, puis réessayez.
stage-unheard-missing = Aucun micro trouvé. Branchez-en un : nous le verrons.
stage-unheard-busy = Le micro n’a pas pu s’ouvrir. Une autre application l’utilise peut-être.
stage-unheard-taken = Le système a rendu votre micro muet. Une autre application ou un interrupteur le coupe peut-être.
stage-unheard-ended = Cette page n’a pas de micro : il a été débranché, ou n’est pas encore autorisé.
stage-unheard-voice = Votre voix ne passe plus. Reconnexion en cours…
stage-unheard-line = Le serveur ne dit plus rien : impossible d’en être sûr. Votre micro reste ouvert.
stage-unheard-silent = Votre micro est ouvert, mais ne capte aucun son. Est-il éteint, ou pris par une autre application ?
stage-unheard-on_the_way = Votre micro fonctionne, mais votre voix n’arrive pas au serveur.
stage-became-host = Vous êtes maintenant l’hôte.
stage-became-co_host = Vous êtes maintenant co-hôte.
stage-became-guest = Votre rôle est maintenant : invité.
stage-alarm-output_silent = On parle sur scène, mais rien ne sort. Le serveur cherche pourquoi.
stage-alarm-recorder = L’enregistrement ne peut pas être écrit. L’émission continue.
stage-alarm-mixer_late = La console prend du retard : la machine est surchargée. Le son risque d’être haché.
stage-alarm-store = Le serveur ne peut pas enregistrer son état. L’émission continue.
stage-alarm-replay = L’enregistrement n’a pas pu être préparé comme vous le souhaitez. Il reste tel qu’il était ; un nouvel essai aura lieu au prochain changement.
stage-alarm-other = Alarme du serveur : { $kind }
stage-refusal-stale_version = Quelqu’un vient de changer cela. Vérifiez, puis recommencez si besoin.
stage-refusal-stage_full = Toutes les places sur scène sont prises.
stage-refusal-seats_full = Toutes les places sont prises. Retirez d’abord quelqu’un.
stage-refusal-not_connected = Cette personne n’est pas connectée pour l’instant.
stage-refusal-not_allowed = Seuls l’hôte et les co-hôtes peuvent le faire.
stage-refusal-event_ended = L’émission est terminée.
stage-refusal-no_such_sender = Votre place ne fait plus partie de cette émission.
stage-refusal-no_such_seat = Cette personne ne fait plus partie de l’émission.
stage-refusal-unmute_other = Seule la personne elle-même peut ouvrir son micro.
stage-refusal-not_in_green_room = On ne s’entend soi-même qu’en loge.
stage-refusal-too_many_sessions = Beaucoup de monde se connecte en ce moment. Réessayez dans un instant.
stage-refusal-too_many_offers = Ce lien ouvre trop de connexions. Attendez quelques secondes.
stage-refusal-not_heard = On n’a encore rien entendu de son micro.
stage-refusal-receive_only = Cette place ne permet que d’écouter.
stage-refusal-host_stays = Il faut toujours un hôte. Passez d’abord la main.
stage-refusal-role_not_given = Ce rôle ne se donne pas ici.
stage-refusal-name_empty = Écrivez un nom.
stage-refusal-too_long = C’est trop long. Raccourcissez.
stage-refusal-control_characters = Certains caractères ne peuvent pas s’afficher. Retirez-les.
stage-refusal-too_many = Trop de choses à la fois. Attendez un instant.
stage-refused = Le serveur a refusé.

## La soirée, pour qui la mène

stage-announce = Annoncer
stage-hold = Pause
stage-hold-edit = Changer le message
stage-resume = Reprendre
stage-held = en pause
stage-postpone = Reporter
stage-correct = Corriger
stage-cancel-event = Annuler l’émission
stage-open-doors = Ouvrir le hall
stage-automatic = Prendre l’antenne toute seule à cette heure
stage-reads = Les auditeurs lisent :
stage-reads-nothing = Rien : c’est un brouillon.
stage-chapters = Chapitres
stage-chapter-name = Nom du chapitre qui commence
stage-chapter-mark = Marquer
stage-chapter-drop = Retirer le chapitre « { $title } »
stage-replay-on = Tout le monde peut réécouter l’émission.
stage-replay-off = L’enregistrement n’est pas public.
stage-replay-withhold = Ne plus le proposer
stage-replay-publish = Le publier
stage-chapter-title = Nom du chapitre
stage-chapter-at = Commence à
stage-chapter-rename = Renommer
stage-chapter-add = Ajouter
stage-replay-from = Tout le monde pourra réécouter l’émission à partir de { $moment }.
stage-replay-deleted = L’enregistrement a été supprimé.
stage-replay-later = Le publier plus tard
stage-replay-later-text = D’ici là personne ne peut l’écouter ; ensuite, tout le monde.
stage-replay-here = Ici
stage-replay-cut = Couper
stage-replay-cut-text = Ce qui est coupé n’est pas perdu : on peut le remettre.
stage-replay-length = Il dure { $time }.
stage-replay-cut-from = Nouveau début
stage-replay-cut-to = Nouvelle fin
stage-replay-uncut = Tout remettre
stage-time-wrong = Une durée s’écrit comme 1:15 ou 1:02:03.
stage-files = Fichiers à emporter
stage-replay-delete = Supprimer l’enregistrement
stage-replay-delete-title = Supprimer l’enregistrement ?
stage-replay-delete-text = Tout ce qui a été enregistré disparaît : l’émission et chaque voix. C’est définitif.
stage-hold-text = Les auditeurs restent où ils sont, entendent la musique d’attente et lisent pourquoi.
stage-postpone-text = Tout le monde est prévenu aussitôt : sur la page, dans les agendas et les flux.
stage-cancel-text = Tout le monde apprend que l’émission n’aura pas lieu. C’est définitif.
stage-correct-text = Pour ce qui a été annoncé par erreur. Pour une nouvelle heure, reportez plutôt : tout le monde est alors prévenu.
stage-why = Pourquoi, pour les auditeurs. Une langue suffit.
stage-title = Titre
stage-languages = Aussi présenté en
stage-series = Série
stage-picture = Image de l’événement
stage-picture-drop = Retirer l’image
stage-picture-refused = L’image n’a pas été acceptée : il faut un fichier JPEG, PNG ou WebP de 8 Mo et 50 millions de pixels au plus, avec au moins 200 pixels de chaque côté.
stage-picture-later = L’image n’a pas pu être enregistrée. Réessayez dans un instant.
stage-about = Présentation
stage-hold-for = Combien de temps ?
stage-new-time = Quand commence-t-elle ?
stage-minutes = { $count ->
    [one] dans { $count } minute
   *[other] dans { $count } minutes
}
stage-time-at = À une heure précise…
stage-time-none = Aucune heure annoncée
stage-hold-open = On ne sait pas encore
stage-time-open = On ne sait pas encore
stage-time-yours = À votre heure ({ $zone })
stage-time-twice = Cette nuit-là, l’horloge passe deux fois par cette heure. Laquelle ?
stage-time-skipped = Cette nuit-là, l’horloge saute cette heure. Choisissez-en une autre.
stage-cancelled = Annulée
stage-cancelled-text = L’émission n’a pas lieu. Les auditeurs sont prévenus.
stage-operator = L’opérateur
stage-did = { $name } { $what }.
stage-did-made = a créé l’émission
stage-did-announced = vient d’annoncer l’émission
stage-did-doors_opened = vient d’ouvrir le hall
stage-did-went_on_air = vient de prendre l’antenne
stage-did-held = vient de mettre l’émission en pause
stage-did-resumed = vient de reprendre
stage-did-postponed = vient de reporter l’émission
stage-did-ended = vient de terminer l’émission
stage-did-cancelled = vient d’annuler l’émission
stage-did-corrected = vient de corriger l’annonce
stage-did-replay_offered = vient de décider de l’enregistrement
stage-did-replay_cut = vient de couper l’enregistrement
stage-did-replay_deleted = vient de supprimer l’enregistrement
stage-did-chapter = vient de marquer un chapitre
stage-refusal-not_now = Ce n’est pas possible à ce moment de l’émission.
stage-refusal-event_cancelled = L’émission est annulée.
stage-refusal-time_past = Cette heure est passée. Choisissez-en une autre.
stage-refusal-time_far = Cette date est à des années d’ici. Vérifiez-la.
stage-refusal-chapter_outside = Un chapitre commence pendant l’émission.
stage-refusal-too_many_chapters = Il y a déjà autant de chapitres que possible.
stage-refusal-cut_outside = Une coupe se trouve dans l’enregistrement et en laisse au moins une seconde.
stage-refusal-replay_deleted = L’enregistrement a été supprimé.
stage-refusal-history_full = Trop de changements pour cette émission. Elle peut encore prendre l’antenne et se terminer.

## What the listener’s page fetches after itself

more-share = Partager
more-shared = Lien copié
more-remind = Un e-mail avant le début, et si l’heure change :
more-remind-send = Me prévenir
more-remind-failed = Cela n’a pas marché. Réessayez.
more-speed = Vitesse
more-chapters = Chapitres
more-back = − { $seconds } s
more-forward = + { $seconds } s
more-rewind = Revenir en arrière
more-rewind-back = 1 minute en arrière
more-live = Revenir au direct
more-volume = Volume
more-players = Autres lecteurs
more-players-ogg = Application de radio ou VLC (Ogg Opus)
more-players-hls = Application de podcast ou télévision (HLS)
more-players-mp3 = Vieux téléphones, radios, box (MP3)
more-players-opus = Ce serveur ne produit ni AAC ni MP3 : les lecteurs qui ne connaissent pas Opus ne peuvent pas lire ceci.

## Dates, écrites par le serveur

date-weekday =
    { $number ->
        [1] lundi
        [2] mardi
        [3] mercredi
        [4] jeudi
        [5] vendredi
        [6] samedi
       *[other] dimanche
    }
date-month =
    { $number ->
        [1] janvier
        [2] février
        [3] mars
        [4] avril
        [5] mai
        [6] juin
        [7] juillet
        [8] août
        [9] septembre
        [10] octobre
        [11] novembre
       *[other] décembre
    }
date-long =
    { $weekday } { $day ->
        [1] 1er
       *[other] { $day }
    } { $month } { $year }
date-at = { $date } à { $time } ({ $place })

## Calendriers, flux, cartes, page d’accueil

announce-on-air = En direct
announce-held = En pause
announce-doors = Portes ouvertes
announce-over = Terminé
announce-replay = Réécoute
announce-postponed = Reporté
announce-cancelled = Annulé
announce-listen = Écouter
announce-now = En ce moment
announce-soon = À venir
announce-series = Séries
announce-again = À réécouter
announce-nothing = Rien n’est annoncé pour le moment.
announce-calendar = Calendrier
announce-feed = Podcast
announce-more =
    { $count ->
        [one] { $count } autre dans le calendrier
       *[other] { $count } autres dans le calendrier
    }
announce-labelled = { $label } : { $what }
announce-names = { $names } et { $last }
announce-with = Avec { $names }

## Rappels par courriel

mail-confirm = À confirmer : un rappel pour « { $title } »
mail-confirm-text =
    Quelqu’un, sans doute vous, a demandé un rappel pour cette conversation :

    { $title }
    { $when }

    Pour le recevoir, ouvrez cette adresse dans la journée et appuyez sur le bouton :
    { $confirm }

    Si ce n’était pas vous, ne faites rien : aucun autre message ne viendra, et votre adresse sera effacée dans un jour. Pour l’effacer tout de suite :
    { $stop }
mail-soon = Bientôt : { $title }
mail-soon-text =
    { $title } va commencer.

    { $when }

    Écoutez ici, sans compte :
    { $link }
mail-begun = Maintenant : { $title }
mail-begun-text =
    { $title } a commencé.

    Écoutez ici, sans compte :
    { $link }
# $why est un paragraphe entier, ou rien.
mail-moved = Nouvel horaire : { $title }
mail-moved-text =
    { $title } ne commence pas à l’heure annoncée. C’est désormais :

    { $when }

    { $why }L’adresse reste la même :
    { $link }
mail-cancelled = Annulé : { $title }
mail-cancelled-text =
    { $title } n’aura pas lieu.

    { $why }Ce qu’il y a à en dire est ici :
    { $link }
mail-footer = Vous avez demandé ce message. Votre adresse sera effacée après la conversation. Pour l’effacer maintenant :
mail-no-time = L’heure n’est pas encore connue.

## Les pages derrière les liens d’un rappel

remind-asked = Regardez votre messagerie
remind-asked-text = Si un rappel peut être envoyé à cette adresse, un message avec un lien est en route. Rien d’autre ne viendra si vous ne le suivez pas.
remind-confirm = Voulez-vous un rappel ?
remind-confirm-text = Un message viendra peu avant le début, et un autre si l’heure change. Votre adresse sera effacée après la conversation.
remind-confirm-button = Me le rappeler
remind-confirmed = Vous recevrez un rappel
remind-confirmed-text = Un message viendra peu avant le début, et un autre si l’heure change.
remind-stop = Plus de messages ?
remind-stop-text = Votre adresse est effacée tout de suite.
remind-stop-button = Effacer mon adresse
remind-stopped = Votre adresse est effacée
remind-stopped-text = Plus aucun message ne viendra à ce sujet. Vous pouvez écouter quand même.
remind-gone = Ce lien ne mène plus à rien
remind-gone-text = Il n’a pas été suivi dans la journée, ou la conversation est terminée, ou il manque un morceau du lien. Vous pouvez en demander un autre sur la page de la conversation.
remind-failed = Cela n’a pas marché
remind-failed-text = Rien n’a pu être noté. Réessayez dans une minute.
remind-listen = Vers la page de la conversation
