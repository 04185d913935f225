# Il film. Poche parole per riga: si leggono mentre si muovono. Le frasi film-say sono i sottotitoli e raccontano la scena.

### Capitoli
film-chapter-opening = I tuoi dischi
film-chapter-story = La tua storia
film-chapter-months = Mese per mese
film-chapter-since = Dove tutto è iniziato
film-chapter-rank = Tra tutti i clienti
film-chapter-best = Il tuo meglio
film-chapter-gift = Un regalo per te
film-chapter-points = I tuoi punti
film-chapter-closing = Alla prossima

### Apertura: un titolo per ogni storia
film-title-big-spender = Il tuo anno a tutto volume
film-title-regular = Il tuo anno in loop
film-title-newcomer = Lato A, traccia uno
film-title-slipping = Una pausa nella musica
film-title-long-gone = Quanto tempo!
film-title-listener = Il tuo anno su disco
film-dates = { $year_from } – { $year_to }
film-greeting = Ciao { $given_name }
film-say-opening = Ciao { $given_name }, qui Solco.
film-say-opening-more = Ecco la tua musica da { $year_from } a { $year_to }.

### Storie
film-big-spender-label = Quest’anno in musica
film-big-spender-line = Sei nel nostro top { $rank_top }
film-big-spender-body =
    { $year_orders_n ->
        [one] { $year_orders } ordine
       *[other] { $year_orders } ordini
    }, { $year_units_n ->
        [one] { $year_units } disco
       *[other] { $year_units } dischi
    }
film-say-big-spender = Quest’anno hai speso { $year_spent } in musica.
film-say-big-spender-more = Così sei nel { $rank_top } dei clienti che spendono di più.
film-regular-label = Ordini quest’anno
film-regular-line = Torni sempre
film-regular-body =
    { $year_units_n ->
        [one] { $year_units } disco per { $year_spent }
       *[other] { $year_units } dischi per { $year_spent }
    }
film-say-regular = Quest’anno hai ordinato { $year_orders } volte.
film-say-regular-more =
    { $year_units_n ->
        [one] Torni sempre: { $year_units } disco per { $year_spent }.
       *[other] Torni sempre: { $year_units } dischi per { $year_spent }.
    }
film-newcomer-label =
    { $total_units_n ->
        [one] Disco finora
       *[other] Dischi finora
    }
film-newcomer-line = Nasce una collezione
film-newcomer-body = Ultimo ordine: { $last_date }
film-say-newcomer =
    { $total_units_n ->
        [one] { $total_units } disco finora: nasce una collezione.
       *[other] { $total_units } dischi finora: nasce una collezione.
    }
film-say-newcomer-more = L’ultimo ordine porta la data { $last_date }.
film-slipping-label = Giorni dal tuo ultimo ordine
film-slipping-line = La puntina è alzata
film-slipping-body =
    { $total_units_n ->
        [one] Prima, { $total_units } disco
       *[other] Prima, { $total_units } dischi
    }
film-say-slipping =
    { $days_since_n ->
        [one] È passato { $days_since } giorno dal tuo ultimo ordine.
       *[other] Sono passati { $days_since } giorni dal tuo ultimo ordine.
    }
film-say-slipping-more =
    { $total_units_n ->
        [one] Prima, { $total_units } disco è venuto a casa con te.
       *[other] Prima, { $total_units } dischi sono venuti a casa con te.
    }
film-long-gone-label = Mesi dal tuo ultimo ordine
film-long-gone-line = Conosciamo i tuoi gusti
film-long-gone-body = Ultimo ordine: { $last_month }
film-say-long-gone =
    { $months_since_n ->
        [one] È passato { $months_since } mese dal tuo ultimo ordine.
       *[other] Sono passati { $months_since } mesi dal tuo ultimo ordine.
    }
film-say-long-gone-more = L’ultima volta: { $last_month }. Ma conosciamo ancora i tuoi gusti.
film-listener-label =
    { $year_units_n ->
        [one] Disco quest’anno
       *[other] Dischi quest’anno
    }
film-listener-line =
    { $year_units_n ->
        [one] Scelto da te
       *[other] Scelti da te
    }
film-listener-body =
    { $year_orders_n ->
        [one] { $year_orders } ordine, { $year_spent }
       *[other] { $year_orders } ordini, { $year_spent }
    }
film-say-listener =
    { $year_units_n ->
        [one] { $year_units } disco quest’anno, scelto da te.
       *[other] { $year_units } dischi quest’anno, scelti da te.
    }
film-say-listener-more =
    { $year_orders_n ->
        [one] { $year_orders } ordine, { $year_spent } in tutto.
       *[other] { $year_orders } ordini, { $year_spent } in tutto.
    }

### I mesi, o l’inizio
film-months-title = Mese per mese
film-months-body = Musica in { $active_months } mesi su 12
film-say-months =
    { $active_months_n ->
        [one] Hai comprato musica in { $active_months } mese su dodici.
       *[other] Hai comprato musica in { $active_months } mesi su dodici.
    }
film-since-label = Tutto è iniziato a
film-since-line =
    { $total_orders_n ->
        [one] { $total_orders } ordine
       *[other] { $total_orders } ordini
    }, { $total_units_n ->
        [one] { $total_units } disco
       *[other] { $total_units } dischi
    }
film-say-since =
    Tutto è iniziato a { $first_month }. { $total_units_n ->
        [one] Da allora: { $total_units } disco.
       *[other] Da allora: { $total_units } dischi.
    }

### Il meglio
film-rank-label = Tra tutti i nostri clienti
film-rank = Top { $rank_top }
film-rank-line = per spesa in musica quest’anno
film-say-rank = Sei nel nostro top { $rank_top }: quest’anno hai speso in musica più del { $rank_share } dei clienti.
film-best-month-label = Il tuo mese migliore
film-best-month-line =
    { $best_month_units_n ->
        [one] { $best_month_units } disco
       *[other] { $best_month_units } dischi
    }
film-say-best-month =
    { $best_month_units_n ->
        [one] Il tuo mese migliore: { $best_month }, con { $best_month_units } disco.
       *[other] Il tuo mese migliore: { $best_month }, con { $best_month_units } dischi.
    }
film-best-order-label = Il tuo ordine più grande
film-best-order-line =
    { $biggest_units_n ->
        [one] { $biggest_units } disco, { $biggest_date }
       *[other] { $biggest_units } dischi, { $biggest_date }
    }
film-say-best-order = Il tuo ordine più grande: { $biggest_amount }, in data { $biggest_date }.

### Il regalo
film-gift-until = Fino al { $gift_until }
film-say-gift-until = Puoi usarlo fino al { $gift_until }.
film-gift-birthday-title = Per il tuo compleanno
film-gift-birthday-what = di musica, da noi
film-say-gift-birthday = Il tuo compleanno è vicino: { $gift_amount } di musica li offriamo noi.
film-gift-win-back-title = Torna ad ascoltare
film-gift-win-back-what = di sconto, prossimo ordine
film-say-gift-win-back = Torna ad ascoltare: { $gift_discount } di sconto sul prossimo ordine.
film-gift-thank-you-title = Grazie di tutto
film-gift-thank-you-what = di musica, da noi
film-say-gift-thank-you = Grazie di tutto: { $gift_amount } di musica li offriamo noi.
film-gift-points-title = Qualcosa in più per te
film-gift-points-what = punti in regalo
film-say-gift-points = Qualcosa in più per te: { $gift_points } punti.
film-gift-none-title =
    { $points_balance_n ->
        [0] Musica nuova ogni settimana
        [one] { $points_balance } punto è tuo
       *[other] { $points_balance } punti sono tuoi
    }
film-gift-none-body =
    { $points_balance_n ->
        [0] Il prossimo ordine porta punti
       *[other] Ti aspettano nel tuo account
    }
film-say-gift-none =
    { $points_balance_n ->
        [0] C’è musica nuova ogni settimana.
        [one] { $points_balance } punto è tuo.
       *[other] { $points_balance } punti sono tuoi.
    }
film-say-gift-none-more = Ogni dollaro vale un punto.

### Chiusura
film-closing-thanks = Grazie per l’ascolto
film-closing-thanks-body = Tutto è sulla tua pagina
film-say-closing-thanks = Grazie per l’ascolto. Tutto è sulla tua pagina.
film-closing-come-back = Ancora un disco?
film-closing-come-back-body = Il tuo posto è sempre qui
film-say-closing-come-back = Ancora un disco? Il tuo posto è sempre qui.
