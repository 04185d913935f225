# Le film. Peu de mots par ligne : on les lit pendant qu’ils bougent. Les phrases film-say sont les sous-titres et racontent la scène.
# Pas de « de » ni « d’ » devant un mois : « de mars » et « d’avril » ne se choisissent pas sans lire le mois.

### Chapitres
film-chapter-opening = Votre facture
film-chapter-due = Combien et quand
film-chapter-credit = En votre faveur
film-chapter-usage = Votre consommation
film-chapter-neighbours = Logements similaires
film-chapter-why = Pourquoi le montant a changé
film-chapter-offer = Une idée pour vous
film-chapter-tip = Un conseil
film-chapter-closing = Et maintenant

### Ouverture
film-greeting = Bonjour { $given_name }
film-title = Votre facture pour { $period_month }
film-say-opening = Bonjour { $given_name }.
film-say-opening-more = Voici votre facture pour { $period_month }.

### Le montant
film-amount-label = Total pour { $period_month }
film-amount-due = À payer d’ici le { $due_day }
film-amount-debit = Prélèvement le { $debit_day }
film-amount-credit-label = En votre faveur
film-amount-credit = Rien à payer cette fois-ci
film-say-due = Le total est de { $total }.
film-say-due-more = À payer d’ici le { $due_date }.
film-say-debit = Le total est de { $total }.
film-say-debit-more = Il sera prélevé sur votre compte le { $debit_date }.
film-say-credit = Vous avez { $total_abs } en votre faveur.
film-say-credit-more = Vous n’avez rien à payer cette fois-ci.

### La consommation
film-usage-label = Votre consommation
film-usage-daily = { $daily_kwh } par jour
film-usage-days =
    { $days_n ->
        [one] en { $days } jour
        [many] en { $days } de jours
       *[other] en { $days } jours
    }
film-usage-up = { $usage_change_abs } de plus que l’an dernier
film-usage-down = { $usage_change_abs } de moins que l’an dernier
film-usage-steady = Presque comme l’an dernier
film-say-usage = Vous avez consommé { $usage_kwh }, soit { $daily_kwh } par jour en moyenne.
film-say-usage-up = Il y a un an, c’était { $last_year_kwh } : { $usage_change_abs } de plus aujourd’hui.
film-say-usage-down = Il y a un an, c’était { $last_year_kwh } : { $usage_change_abs } de moins aujourd’hui.
film-say-usage-steady = Il y a un an, c’était { $last_year_kwh } : presque autant.

### Logements similaires
film-neighbours-label = Logements similaires
film-neighbours-above = Vous consommez { $neighbour_gap_abs } de plus
film-neighbours-below = Vous consommez { $neighbour_gap_abs } de moins
film-say-neighbours-above = Un logement comme le vôtre consomme en moyenne { $neighbours_kwh }.
film-say-neighbours-above-more = Vous consommez { $neighbour_gap_abs } de plus.
film-say-neighbours-below = Un logement comme le vôtre consomme en moyenne { $neighbours_kwh }.
film-say-neighbours-below-more = Vous consommez { $neighbour_gap_abs } de moins.

### Pourquoi il a changé
film-why-label = Depuis la facture précédente
film-why-up = { $bill_change_abs } de plus
film-why-down = { $bill_change_abs } de moins
film-why-sum = La facture précédente était de { $previous_total }, celle-ci est de { $total }.
film-effect-usage = Consommation
film-effect-price = Prix
film-effect-other = Le reste
film-say-why-up = C’est { $bill_change_abs } de plus que sur la facture précédente.
film-say-why-down = C’est { $bill_change_abs } de moins que sur la facture précédente.
film-say-effects = Consommation : { $usage_effect }. Prix : { $price_effect }. Le reste : { $other_effect }.

### Et maintenant
film-offer-lead = Vous pourriez économiser environ
film-offer-tail = par an
film-offer-note = Estimé d’après votre consommation
film-app-label = L’appli Brezza
film-app-title = Votre consommation, jour après jour
film-app-body = Et toutes vos factures au même endroit
film-tip-label = Un conseil
film-tip-title = Lavez à pleine charge, à 30 degrés
film-tip-body = Moins de lessives, moins d’eau chaude
film-say-offer-note = Estimation : l’économie réelle peut varier.
film-say-app = L’appli Brezza montre votre consommation jour après jour.
film-say-app-more = Elle garde aussi toutes vos factures au même endroit.
film-say-tip = Un conseil : lavez à pleine charge, à 30 degrés.
film-say-tip-more = C’est chauffer l’eau qui consomme le plus.

### Fin : les mots du bouton sont ceux de la page
film-closing-due = Payez en ligne, depuis votre page
film-closing-due-body = À payer d’ici le { $due_day }
film-closing-debit = Vous n’avez rien à faire
film-closing-debit-body = Prélèvement le { $debit_day }
film-closing-credit = Ce montant est à vous
film-closing-credit-body = Déduit de vos prochaines factures
film-say-closing-due = Pour payer, utilisez le bouton sur votre page.
film-say-closing-due-more = À payer d’ici le { $due_date }. Merci !
film-say-closing-debit = Vous n’avez rien à faire.
film-say-closing-debit-more = Les détails du prélèvement sont sur votre page.
film-say-closing-credit = Nous déduisons ce montant de vos prochaines factures.
film-say-closing-credit-more = Si vous préférez, nous le versons sur votre compte.
