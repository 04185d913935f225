# Le film. Peu de mots par ligne : on les lit pendant qu’ils bougent. Les phrases film-say sont les sous-titres.

### Chapitres
film-chapter-opening = Vos disques
film-chapter-story = Votre histoire
film-chapter-months = Mois après mois
film-chapter-since = Le début
film-chapter-rank = Parmi tous nos clients
film-chapter-best = Votre meilleur moment
film-chapter-gift = Un cadeau pour vous
film-chapter-points = Vos points
film-chapter-closing = À bientôt

### Ouverture : un titre pour chaque histoire
film-title-big-spender = Votre année à plein volume
film-title-regular = Votre année en boucle
film-title-newcomer = Face A, titre un
film-title-slipping = Une pause en musique
film-title-long-gone = Ça fait longtemps
film-title-listener = Votre année sur disque
film-dates = { $year_from } – { $year_to }
film-greeting = Bonjour { $given_name }
film-say-opening = Bonjour { $given_name }, ici Solco.
film-say-opening-more = Voici votre musique, de { $year_from } à { $year_to }.

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
film-say-big-spender-more = Vous voilà dans le top { $rank_top } de tous nos clients.
film-regular-label = Commandes cette année
film-regular-line = Vous revenez toujours
film-regular-body =
    { $year_units_n ->
        [one] { $year_units } disque pour { $year_spent }
       *[other] { $year_units } disques pour { $year_spent }
    }
film-say-regular = Vous avez commandé { $year_orders } fois cette année.
film-say-regular-more =
    { $year_units_n ->
        [one] Vous revenez toujours : { $year_units } disque pour { $year_spent }.
       *[other] Vous revenez toujours : { $year_units } disques pour { $year_spent }.
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
film-say-newcomer-more = Votre dernière commande date du { $last_date }.
film-slipping-label = Jours depuis votre dernière commande
film-slipping-line = Le bras est levé
film-slipping-body =
    { $total_units_n ->
        [one] Avant cela, { $total_units } disque
       *[other] Avant cela, { $total_units } disques
    }
film-say-slipping =
    { $days_since_n ->
        [one] { $days_since } jour depuis votre dernière commande.
       *[other] { $days_since } jours depuis votre dernière commande.
    }
film-say-slipping-more =
    { $total_units_n ->
        [one] Avant cela, { $total_units } disque est parti chez vous.
       *[other] Avant cela, { $total_units } disques sont partis chez vous.
    }
film-long-gone-label = Mois depuis votre dernière commande
film-long-gone-line = Vos goûts, on s’en souvient
film-long-gone-body = Dernière commande : { $last_month }
film-say-long-gone = { $months_since } mois depuis votre dernière commande.
film-say-long-gone-more = C’était en { $last_month }. Vos goûts, on s’en souvient.
film-listener-label =
    { $year_units_n ->
        [one] Disque cette année
       *[other] Disques cette année
    }
film-listener-line =
    { $year_units_n ->
        [one] Choisi par vous
       *[other] Choisis par vous
    }
film-listener-body =
    { $year_orders_n ->
        [one] { $year_orders } commande, { $year_spent }
       *[other] { $year_orders } commandes, { $year_spent }
    }
film-say-listener =
    { $year_units_n ->
        [one] { $year_units } disque cette année, choisi par vous.
       *[other] { $year_units } disques cette année, choisis par vous.
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
film-say-rank = Top { $rank_top } : vous dépensez plus en musique que { $rank_share } de nos clients.
film-best-month-label = Votre meilleur mois
film-best-month-line =
    { $best_month_units_n ->
        [one] { $best_month_units } disque
       *[other] { $best_month_units } disques
    }
film-say-best-month =
    { $best_month_units_n ->
        [one] Votre meilleur mois : { $best_month }, avec { $best_month_units } disque.
       *[other] Votre meilleur mois : { $best_month }, avec { $best_month_units } disques.
    }
film-best-order-label = Votre plus belle commande
film-best-order-line =
    { $biggest_units_n ->
        [one] { $biggest_units } disque, le { $biggest_date }
       *[other] { $biggest_units } disques, le { $biggest_date }
    }
film-say-best-order = Votre plus belle commande : { $biggest_amount }, le { $biggest_date }.

### Le cadeau
film-gift-until = Jusqu’au { $gift_until }
film-say-gift-until = À utiliser jusqu’au { $gift_until }.
film-gift-birthday-title = Pour votre anniversaire
film-gift-birthday-what = de musique, offerts
film-say-gift-birthday = Bientôt votre anniversaire : { $gift_amount } de musique offerts.
film-gift-win-back-title = Revenez écouter
film-gift-win-back-what = sur la prochaine commande
film-say-gift-win-back = Revenez écouter : { $gift_discount } de remise sur la prochaine commande.
film-gift-thank-you-title = Merci pour tout
film-gift-thank-you-what = de musique, offerts
film-say-gift-thank-you = Merci pour tout : { $gift_amount } de musique offerts.
film-gift-points-title = Un extra pour vous
film-gift-points-what = points, comme ça
film-say-gift-points = Un extra pour vous : { $gift_points } points, comme ça.
film-gift-none-title =
    { $points_balance_n ->
        [0] Du neuf chaque semaine
        [one] { $points_balance } point à vous
       *[other] { $points_balance } points à vous
    }
film-gift-none-body =
    { $points_balance_n ->
        [0] La prochaine commande en rapporte
       *[other] Ils attendent dans votre compte
    }
film-say-gift-none =
    { $points_balance_n ->
        [0] Chaque semaine, de la musique nouvelle.
        [one] { $points_balance } point est à vous.
       *[other] { $points_balance } points sont à vous.
    }
film-say-gift-none-more = Chaque dollar vaut un point.

### Fin
film-closing-thanks = Merci pour l’écoute
film-closing-thanks-body = Tout est sur votre page
film-say-closing-thanks = Merci pour l’écoute. Tout est sur votre page.
film-closing-come-back = On remet un disque ?
film-closing-come-back-body = Votre place est gardée
film-say-closing-come-back = On remet un disque ? Votre place est gardée.
