# Le film. Peu de mots par ligne : on les lit pendant qu’ils bougent. Les phrases film-say sont les sous-titres.

### Chapitres
film-chapter-opening = Tes disques
film-chapter-story = Ton histoire
film-chapter-months = Mois après mois
film-chapter-since = Le début
film-chapter-rank = Parmi tous nos clients
film-chapter-best = Ton meilleur moment
film-chapter-gift = Un cadeau pour toi
film-chapter-points = Tes points
film-chapter-closing = À bientôt

### Ouverture : un titre pour chaque histoire
film-title-big-spender = Ton année à plein volume
film-title-regular = Ton année en boucle
film-title-newcomer = Face A, titre un
film-title-slipping = Une pause en musique
film-title-long-gone = Ça fait longtemps
film-title-listener = Ton année sur disque
film-dates = { $year_from } – { $year_to }
film-greeting = Salut { $given_name }
film-say-opening = Salut { $given_name }, ici Solco.
film-say-opening-more = Voici ta musique, de { $year_from } à { $year_to }.

### Histoires
film-big-spender-label = Cette année en musique
film-big-spender-line = Dans notre top { $rank_top }
film-big-spender-body =
    { $year_orders_n ->
        [one] { $year_orders } commande
       *[other] { $year_orders } commandes
    }, { $year_units_n ->
        [one] { $year_units } disque
       *[other] { $year_units } disques
    }
film-say-big-spender = Cette année, { $year_spent } de musique.
film-say-big-spender-more = Te voilà dans le top { $rank_top } de tous nos clients.
film-regular-label = Commandes cette année
film-regular-line = Tu reviens toujours
film-regular-body =
    { $year_units_n ->
        [one] { $year_units } disque pour { $year_spent }
       *[other] { $year_units } disques pour { $year_spent }
    }
film-say-regular = Tu as commandé { $year_orders } fois cette année.
film-say-regular-more =
    { $year_units_n ->
        [one] Tu reviens toujours : { $year_units } disque pour { $year_spent }.
       *[other] Tu reviens toujours : { $year_units } disques pour { $year_spent }.
    }
film-newcomer-label =
    { $total_units_n ->
        [one] Disque jusqu’ici
       *[other] Disques jusqu’ici
    }
film-newcomer-line = Une collection commence
film-newcomer-body = Dernière commande : { $last_date }
film-say-newcomer =
    { $total_units_n ->
        [one] { $total_units } disque jusqu’ici : une collection commence.
       *[other] { $total_units } disques jusqu’ici : une collection commence.
    }
film-say-newcomer-more = Ta dernière commande date du { $last_date }.
film-slipping-label = Jours depuis ta dernière commande
film-slipping-line = Le bras est levé
film-slipping-body =
    { $total_units_n ->
        [one] Avant cela, { $total_units } disque
       *[other] Avant cela, { $total_units } disques
    }
film-say-slipping =
    { $days_since_n ->
        [one] { $days_since } jour depuis ta dernière commande.
       *[other] { $days_since } jours depuis ta dernière commande.
    }
film-say-slipping-more =
    { $total_units_n ->
        [one] Avant cela, { $total_units } disque est parti chez toi.
       *[other] Avant cela, { $total_units } disques sont partis chez toi.
    }
film-long-gone-label = Mois depuis ta dernière commande
film-long-gone-line = Tes goûts, on s’en souvient
film-long-gone-body = Dernière commande : { $last_month }
film-say-long-gone = { $months_since } mois depuis ta dernière commande.
film-say-long-gone-more = C’était en { $last_month }. Tes goûts, on s’en souvient.
film-listener-label =
    { $year_units_n ->
        [one] Disque cette année
       *[other] Disques cette année
    }
film-listener-line =
    { $year_units_n ->
        [one] Choisi par toi
       *[other] Choisis par toi
    }
film-listener-body =
    { $year_orders_n ->
        [one] { $year_orders } commande, { $year_spent }
       *[other] { $year_orders } commandes, { $year_spent }
    }
film-say-listener =
    { $year_units_n ->
        [one] { $year_units } disque cette année, choisi par toi.
       *[other] { $year_units } disques cette année, choisis par toi.
    }
film-say-listener-more =
    { $year_orders_n ->
        [one] { $year_orders } commande, { $year_spent } en tout.
       *[other] { $year_orders } commandes, { $year_spent } en tout.
    }

### Les mois, ou le début
film-months-title = Mois après mois
film-months-body = De la musique { $active_months } mois sur 12
film-say-months = De la musique { $active_months } mois sur douze.
film-since-label = Tout a commencé en
film-since-line =
    { $total_orders_n ->
        [one] { $total_orders } commande
       *[other] { $total_orders } commandes
    }, { $total_units_n ->
        [one] { $total_units } disque
       *[other] { $total_units } disques
    }
film-say-since =
    Tout a commencé en { $first_month }. { $total_units_n ->
        [one] Depuis : { $total_units } disque.
       *[other] Depuis : { $total_units } disques.
    }

### Le meilleur
film-rank-label = Parmi tous nos clients
film-rank = Top { $rank_top }
film-rank-line = des dépenses en musique cette année
film-say-rank = Top { $rank_top } : tu dépenses plus en musique que { $rank_share } de nos clients.
film-best-month-label = Ton meilleur mois
film-best-month-line =
    { $best_month_units_n ->
        [one] { $best_month_units } disque
       *[other] { $best_month_units } disques
    }
film-say-best-month =
    { $best_month_units_n ->
        [one] Ton meilleur mois : { $best_month }, avec { $best_month_units } disque.
       *[other] Ton meilleur mois : { $best_month }, avec { $best_month_units } disques.
    }
film-best-order-label = Ta plus belle commande
film-best-order-line =
    { $biggest_units_n ->
        [one] { $biggest_units } disque, le { $biggest_date }
       *[other] { $biggest_units } disques, le { $biggest_date }
    }
film-say-best-order = Ta plus belle commande : { $biggest_amount }, le { $biggest_date }.

### Le cadeau
film-gift-until = Jusqu’au { $gift_until }
film-say-gift-until = À utiliser jusqu’au { $gift_until }.
film-gift-birthday-title = Pour ton anniversaire
film-gift-birthday-what = de musique, offerts
film-say-gift-birthday = Bientôt ton anniversaire : { $gift_amount } de musique offerts.
film-gift-win-back-title = Reviens écouter
film-gift-win-back-what = sur la prochaine commande
film-say-gift-win-back = Reviens écouter : { $gift_discount } de remise sur la prochaine commande.
film-gift-thank-you-title = Merci pour tout
film-gift-thank-you-what = de musique, offerts
film-say-gift-thank-you = Merci pour tout : { $gift_amount } de musique offerts.
film-gift-points-title = Un extra pour toi
film-gift-points-what = points, comme ça
film-say-gift-points = Un extra pour toi : { $gift_points } points, comme ça.
film-gift-none-title =
    { $points_balance_n ->
        [0] Du neuf chaque semaine
        [one] { $points_balance } point à toi
       *[other] { $points_balance } points à toi
    }
film-gift-none-body =
    { $points_balance_n ->
        [0] La prochaine commande en rapporte
       *[other] Ils attendent dans ton compte
    }
film-say-gift-none =
    { $points_balance_n ->
        [0] Chaque semaine, de la musique nouvelle.
        [one] { $points_balance } point est à toi.
       *[other] { $points_balance } points sont à toi.
    }
film-say-gift-none-more = Chaque dollar vaut un point.

### Fin
film-closing-thanks = Merci pour l’écoute
film-closing-thanks-body = Tout est sur ta page
film-say-closing-thanks = Merci pour l’écoute. Tout est sur ta page.
film-closing-come-back = On remet un disque ?
film-closing-come-back-body = Ta place est gardée
film-say-closing-come-back = On remet un disque ? Ta place est gardée.
