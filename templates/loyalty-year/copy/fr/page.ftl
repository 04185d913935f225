# La page web. Elle parle comme un disquaire qui te connaît : chaud, court, avec un clin d’œil ; jamais un mot sur ce
# qui a été dépensé. Solco veut dire sillon en italien. Espaces insécables devant : ; ! ? et dans les guillemets.

### En-tête
page-title = Ton année en disques
page-skip = Aller au contenu
page-to-gift = Passer à la face B
page-eyebrow = Ton année en disques, { $year_from } – { $year_to }
page-spine-year = { $year_start } – { $year_end }
page-spine-shop = { brand-name }, des disques en boutique et par la poste

### Les comptes
page-gap-days =
    { $gap_days_n ->
        [one] { $gap_days } jour
        [many] { $gap_days } de jours
       *[other] { $gap_days } jours
    }
page-days-since =
    { $days_since_n ->
        [one] { $days_since } jour
        [many] { $days_since } de jours
       *[other] { $days_since } jours
    }

### Les six histoires
page-big-spender-headline = Monte le son, { $given_name }.
page-big-spender-lead =
    { $year_orders_n ->
        [one] { $year_orders } commande
        [many] { $year_orders } de commandes
       *[other] { $year_orders } commandes
    }, { $year_units_n ->
        [one] { $year_units } disque
        [many] { $year_units } de disques
       *[other] { $year_units } disques
    } : ta platine mérite des vacances. Toi, pas encore.
page-big-spender-figure = de nos clients montent si haut. Toi, oui.
page-regular-headline = Ton sillon mène droit chez nous.
page-regular-lead =
    { $given_name }, on reconnaît tes pas. { $year_units_n ->
        [one] { $year_units } disque
        [many] { $year_units } de disques
       *[other] { $year_units } disques
    } en un an, et la cloche de la porte bat la mesure.
page-regular-figure =
    { $year_orders_n ->
        [one] commande en douze mois
        [many] de commandes en douze mois
       *[other] commandes en douze mois
    }
page-listener-headline = Toujours à ton rythme.
page-listener-lead =
    { $given_name }, ni presse ni piste sautée : { $year_orders_n ->
        [one] { $year_orders } commande
        [many] { $year_orders } de commandes
       *[other] { $year_orders } commandes
    } en un an, jusqu’au dernier morceau. On aime à le croire.
page-listener-figure =
    { $year_units_n ->
        [one] disque de plus sur ton étagère
        [many] de disques de plus sur ton étagère
       *[other] disques de plus sur ton étagère
    }
page-newcomer-headline = Le diamant vient de se poser.
page-newcomer-lead =
    { $given_name }, ce n’est que l’intro : { $last_units_n ->
        [one] { $last_units } disque
        [many] { $last_units } de disques
       *[other] { $last_units } disques
    }, { $last_date }. Le meilleur commence.
page-newcomer-figure =
    { $total_units_n ->
        [one] disque sur ton étagère, pour l’instant
        [many] de disques sur ton étagère, pour l’instant
       *[other] disques sur ton étagère, pour l’instant
    }
page-slipping-headline = Tiens la note.
page-slipping-lead = { $given_name }, c’est calme depuis { $last_month }. Ta place devant les bacs est libre, et personne n’a touché au bon casque.
page-slipping-figure =
    { $total_units_n ->
        [one] disque trouvé ensemble
        [many] de disques trouvés ensemble
       *[other] disques trouvés ensemble
    }
page-long-gone-headline = La face B t’attend toujours.
page-long-gone-lead = { $given_name }, une visite en { $first_month }, un air fredonné sur le pas de la porte, puis le silence. Tout disque a une autre face. Cette histoire aussi.
page-long-gone-figure =
    { $first_units_n ->
        [one] disque, et on s’en souvient encore
        [many] de disques, et on s’en souvient encore
       *[other] disques, et on s’en souvient encore
    }

### Face A
page-side-a = Face A : ton année
page-film-title = Le film
page-film-text = Une demi-minute, rien que pour toi. Avec le son, si les voisins sont d’accord.
page-film-label = Film sur ton année en disques
page-film-captions = Français
page-film-chapters = Chapitres
page-film-transcript = Lire le texte du film
page-film-print = Le film se regarde sur la page web.
page-months-title = Douze mois, un pressage
page-months-text = Les barres sont tes disques, mois par mois. Courbe-les en cercle et tu obtiens le disque tout en haut : ton année, pressée.
page-months-desc = Graphique à barres des disques achetés chaque mois. Le tableau ci-dessous dit la même chose.
page-months-table = Voir le tableau
page-month = Mois
page-date = Date
page-records = Disques
page-spent = Montant
page-whole-year = Toute l’année
page-highlights-title = Les 45 tours
page-best-month-title = Ton mois le plus sonore
page-best-month-text =
    { $best_month_units_n ->
        [one] { $best_month_units } disque dans le sac
        [many] { $best_month_units } de disques dans le sac
       *[other] { $best_month_units } disques dans le sac
    }
page-best-order-title = Ton plus gros sac
page-best-order-figure =
    { $biggest_units_n ->
        [one] { $biggest_units } disque
        [many] { $biggest_units } de disques
       *[other] { $biggest_units } disques
    }
page-best-order-text = d’un seul coup, { $biggest_date }
page-rank-title = Au hit-parade
page-rank-figure = Top { $rank_top }
page-rank-text = Cette année, tu as écouté plus que { $rank_share } de nos clients. On a vérifié deux fois.
page-rhythm-title = Ton tempo
page-rhythm-text = Chacun joue à sa vitesse. Voici la tienne.
page-rhythm-gap = D’habitude, entre deux commandes
page-rhythm-since = Depuis la dernière
page-collection-title = La collection
page-collection-text = Tout ce qu’on a trouvé ensemble depuis { $first_month }.
page-total-units =
    { $total_units_n ->
        [one] disque
        [many] de disques
       *[other] disques
    }
page-total-orders =
    { $total_orders_n ->
        [one] commande
        [many] de commandes
       *[other] commandes
    }
page-points =
    { $points_balance_n ->
        [one] point à utiliser
        [many] de points à utiliser
       *[other] points à utiliser
    }
page-orders-show = Tes dernières commandes
page-orders-title = Tes dernières commandes, la plus récente d’abord
page-orders-older =
    { $older_orders_n ->
        [one] Et { $older_orders } commande avant celles-ci.
        [many] Et { $older_orders } de commandes avant celles-ci.
       *[other] Et { $older_orders } commandes avant celles-ci.
    }

### Face B
page-side-b = Face B : pour toi
page-gift-birthday-eyebrow = Pour ton anniversaire, { $birthday }
page-gift-birthday-title = Joyeux anniversaire ! Le prochain, c’est pour nous.
page-gift-birthday-text = { $gift_amount } pour n’importe quel disque de la boutique. Gâteau non compris, danse recommandée.
page-gift-birthday-action = Ouvrir ton cadeau
page-gift-win-back-eyebrow = Pour ton grand retour
page-gift-win-back-title = Reviens pour le rappel.
page-gift-win-back-text = { $gift_discount } de remise sur ta prochaine commande, quoi qu’il y ait dedans. On met le café en route, et quelque chose de bon sur la platine.
page-gift-win-back-action = Revenir avec { $gift_discount } de remise
page-gift-thank-you-eyebrow = Pour toute cette musique
page-gift-thank-you-title = Celui-là, c’est la maison qui l’offre.
page-gift-thank-you-text = { $gift_amount } pour ce que tu écouteras ensuite. Avec une révérence de toute l’équipe derrière le comptoir.
page-gift-thank-you-action = Prendre ton merci
page-gift-points-eyebrow = Pour tes oreilles
page-gift-points-title = Des points en plus. Aucune fausse note.
page-gift-points-text =
    { $gift_points_n ->
        [one] { $gift_points } point en plus de ceux que tu as, à utiliser pour tout ce qui tourne.
        [many] { $gift_points } de points en plus de ceux que tu as, à utiliser pour tout ce qui tourne.
       *[other] { $gift_points } points en plus de ceux que tu as, à utiliser pour tout ce qui tourne.
    }
page-gift-points-action = Prendre tes points
page-gift-discount = –{ $gift_discount }
page-gift-plus = +{ $gift_points }
page-gift-name = Au nom de { $customer_name }
page-gift-until = Valable jusqu’au { $gift_until }
page-gift-terms = Un cadeau, pour une commande, rien que pour toi. Tu le reçois parce que tu as dit oui aux offres.
page-preferences-change = Changer d’avis
page-gift-none-title = Juste la musique
page-gift-none-text = Tu ne veux pas d’offres, alors il n’y en a pas ici. Juste un merci, et les nouveautés quand tu voudras.
page-gift-none-action = Écouter les nouveautés
page-gift-none-preferences = Modifier tes préférences
page-poster-title = À accrocher
page-poster-text = Ton année en affiche, avec les notes de pochette au dos. Deux pages, à imprimer ou à garder.
page-poster-action = Télécharger l’affiche
page-help-title = Une rayure quelque part ?
page-help-text = Si quelque chose saute ou sonne faux ici, dis-le-nous. Une personne qui possède une platine te répondra.
page-help-contact = Nous écrire
page-help-shop = Passer à la boutique
page-generated-title = Inventé pour cette démonstration
page-generated-text = Les commandes sont réelles et anonymes. Ces détails ont été inventés :

### Pied de page
page-footer-links = Informations
page-account = Ton compte
page-preferences = Préférences
page-privacy = Confidentialité
page-fiction = { brand-name } est un disquaire inventé. Les commandes viennent de données réelles et anonymes des années 1997 et 1998.
