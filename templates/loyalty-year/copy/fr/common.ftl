# Mots communs à plusieurs canaux. Ton : vouvoiement, chaleureux et bref, comme des notes de pochette. Aucune plaisanterie sur l’argent ou l’absence.

### Qui écrit
brand-name = Solco
brand-tagline = Des disques, en ligne et par la poste.

### Libellés
label-year = L’année
label-orders = Commandes
label-units = Disques
label-spent = Dépense
label-month = Mois
label-date = Date
label-amount = Montant
label-best-month = Meilleur mois
label-biggest = Plus grosse commande
label-first = Première commande
label-last = Dernière commande
label-always = Depuis la première commande
label-rank = Parmi tous les clients
label-points = Points
label-points-earned = Gagnés cette année
label-points-balance = À utiliser dès maintenant
label-gap = Pause habituelle
label-silence = Depuis la dernière commande
label-gift = Votre cadeau
label-until = Valable jusqu’au
year-range = { $year_from } – { $year_to }
rank-top-line = Dans les premiers { $rank_top }
rank-share-line = Plus de { $rank_share } de nos clients

### Ce qui se compte
count-year-orders =
    { $year_orders_n ->
        [one] { $year_orders } commande
       *[other] { $year_orders } commandes
    }
count-year-units =
    { $year_units_n ->
        [one] { $year_units } disque
       *[other] { $year_units } disques
    }
count-active-months =
    { $active_months_n ->
        [one] { $active_months } mois
       *[other] { $active_months } mois
    }
count-best-month-units =
    { $best_month_units_n ->
        [one] { $best_month_units } disque
       *[other] { $best_month_units } disques
    }
count-biggest-units =
    { $biggest_units_n ->
        [one] { $biggest_units } disque
       *[other] { $biggest_units } disques
    }
count-total-orders =
    { $total_orders_n ->
        [one] { $total_orders } commande
       *[other] { $total_orders } commandes
    }
count-total-units =
    { $total_units_n ->
        [one] { $total_units } disque
       *[other] { $total_units } disques
    }
count-first-units =
    { $first_units_n ->
        [one] { $first_units } disque
       *[other] { $first_units } disques
    }
count-last-units =
    { $last_units_n ->
        [one] { $last_units } disque
       *[other] { $last_units } disques
    }
count-days-since =
    { $days_since_n ->
        [one] { $days_since } jour
       *[other] { $days_since } jours
    }
count-months-since =
    { $months_since_n ->
        [one] { $months_since } mois
       *[other] { $months_since } mois
    }
count-gap-days =
    { $gap_days_n ->
        [one] { $gap_days } jour
       *[other] { $gap_days } jours
    }
count-points-earned =
    { $points_earned_n ->
        [one] { $points_earned } point
       *[other] { $points_earned } points
    }
count-points-balance =
    { $points_balance_n ->
        [one] { $points_balance } point
       *[other] { $points_balance } points
    }
count-gift-points =
    { $gift_points_n ->
        [one] { $gift_points } point
       *[other] { $gift_points } points
    }
count-older-orders =
    { $older_orders_n ->
        [one] { $older_orders } commande plus ancienne
       *[other] { $older_orders } commandes plus anciennes
    }

### Noms des histoires
story-big-spender-name = Toujours sur la platine
story-regular-name = Dans le sillon
story-newcomer-name = Les premières pistes
story-slipping-name = La longue pause
story-long-gone-name = Celui qui est resté sur l’étagère
story-listener-name = Une bonne oreille

### Cadeaux : leur nom, et ce qu’ils sont
gift-birthday-name = Un disque d’anniversaire
gift-birthday-line = { $gift_amount } de remise sur le disque de votre choix, pour votre anniversaire du { $birthday }.
gift-win-back-name = Un cadeau de retrouvailles
gift-win-back-line = { $gift_discount } de remise sur votre prochaine commande.
gift-thank-you-name = Un merci
gift-thank-you-line = { $gift_amount } de remise : cette année, peu de gens nous ont autant écoutés que vous.
gift-points-name = Des points en plus
gift-points-line =
    { $gift_points_n ->
        [one] { $gift_points } point en plus avec votre prochaine commande.
       *[other] { $gift_points } points en plus avec votre prochaine commande.
    }
gift-none-name = Vos points
gift-none-line =
    { $points_balance_n ->
        [one] Vous avez { $points_balance } point, et il reste à vous.
       *[other] Vous avez { $points_balance } points, et ils restent à vous.
    }
gift-until-line = Valable jusqu’au { $gift_until }.

### Ce qui a été inventé : generated-CHAMP
generated-name = nom complet
generated-given-name = prénom
generated-locale = langue
generated-birthday = anniversaire
generated-consent = accord pour les offres

### Aide et mentions
help-contact = Une question ? Écrivez à hello@solco.example : une personne vous répondra.
legal-sender = Solco, Via del Vinile 33, 40121 Bologne, Italie
legal-fiction = Solco est un magasin fictif.
legal-data = Les commandes sont réelles : les ventes de 1997 et 1998 d’un disquaire par correspondance, publiées sans noms pour la recherche.
legal-generated = Inventés pour cet exemple, car les données ne contiennent aucune personne :
legal-rank = Comparaison avec la dépense de tous les clients pendant les mêmes douze mois.
legal-points = Un point par dollar entier dépensé.
legal-preferences = Vous recevez nos cadeaux parce que vous l’avez accepté. Vous pouvez changer d’avis à tout moment.
