# Parole usate da più canali. Tono: diamo del tu, caldo e breve, come le note di copertina. Nessuno scherzo su soldi o assenze.

### Chi scrive
brand-name = Solco
brand-tagline = Dischi, online e per posta.

### Etichette
label-year = L’anno
label-orders = Ordini
label-units = Dischi
label-spent = Spesa
label-month = Mese
label-date = Data
label-amount = Importo
label-best-month = Mese migliore
label-biggest = Ordine più grande
label-first = Primo ordine
label-last = Ultimo ordine
label-always = Dal primo ordine
label-rank = Fra tutti i clienti
label-points = Punti
label-points-earned = Guadagnati quest’anno
label-points-balance = Da usare subito
label-gap = Pausa abituale
label-silence = Dall’ultimo ordine
label-gift = Il tuo regalo
label-until = Valido fino al
year-range = { $year_from } – { $year_to }
rank-top-line = Nel primo { $rank_top }
rank-share-line = Più del { $rank_share } dei nostri clienti

### Cose che si contano
count-year-orders =
    { $year_orders_n ->
        [one] { $year_orders } ordine
       *[other] { $year_orders } ordini
    }
count-year-units =
    { $year_units_n ->
        [one] { $year_units } disco
       *[other] { $year_units } dischi
    }
count-active-months =
    { $active_months_n ->
        [one] { $active_months } mese
       *[other] { $active_months } mesi
    }
count-best-month-units =
    { $best_month_units_n ->
        [one] { $best_month_units } disco
       *[other] { $best_month_units } dischi
    }
count-biggest-units =
    { $biggest_units_n ->
        [one] { $biggest_units } disco
       *[other] { $biggest_units } dischi
    }
count-total-orders =
    { $total_orders_n ->
        [one] { $total_orders } ordine
       *[other] { $total_orders } ordini
    }
count-total-units =
    { $total_units_n ->
        [one] { $total_units } disco
       *[other] { $total_units } dischi
    }
count-first-units =
    { $first_units_n ->
        [one] { $first_units } disco
       *[other] { $first_units } dischi
    }
count-last-units =
    { $last_units_n ->
        [one] { $last_units } disco
       *[other] { $last_units } dischi
    }
count-days-since =
    { $days_since_n ->
        [one] { $days_since } giorno
       *[other] { $days_since } giorni
    }
count-months-since =
    { $months_since_n ->
        [one] { $months_since } mese
       *[other] { $months_since } mesi
    }
count-gap-days =
    { $gap_days_n ->
        [one] { $gap_days } giorno
       *[other] { $gap_days } giorni
    }
count-points-earned =
    { $points_earned_n ->
        [one] { $points_earned } punto
       *[other] { $points_earned } punti
    }
count-points-balance =
    { $points_balance_n ->
        [one] { $points_balance } punto
       *[other] { $points_balance } punti
    }
count-gift-points =
    { $gift_points_n ->
        [one] { $gift_points } punto
       *[other] { $gift_points } punti
    }
count-older-orders =
    { $older_orders_n ->
        [one] { $older_orders } ordine precedente
       *[other] { $older_orders } ordini precedenti
    }

### Nomi delle storie
story-big-spender-name = Sempre sul piatto
story-regular-name = Nel solco giusto
story-newcomer-name = Le prime tracce
story-slipping-name = La lunga pausa
story-long-gone-name = Quello rimasto sullo scaffale
story-listener-name = Un buon orecchio

### Regali: come si chiamano e che cosa sono
gift-birthday-name = Un disco di compleanno
gift-birthday-line = { $gift_amount } di sconto su qualsiasi disco, per il tuo compleanno del { $birthday }.
gift-win-back-name = Un bentornato
gift-win-back-line = { $gift_discount } di sconto sul prossimo ordine.
gift-thank-you-name = Un grazie
gift-thank-you-line = { $gift_amount } di sconto: quest’anno sei fra chi ci ha ascoltato di più.
gift-points-name = Punti in più
gift-points-line =
    { $gift_points_n ->
        [one] { $gift_points } punto in più con il prossimo ordine.
       *[other] { $gift_points } punti in più con il prossimo ordine.
    }
gift-none-name = I tuoi punti
gift-none-line =
    { $points_balance_n ->
        [one] Hai { $points_balance } punto, e resta tuo.
       *[other] Hai { $points_balance } punti, e restano tuoi.
    }
gift-until-line = Valido fino al { $gift_until }.

### Ciò che è stato inventato: generated-CAMPO
generated-name = nome e cognome
generated-given-name = nome
generated-locale = lingua
generated-birthday = compleanno
generated-consent = consenso alle offerte

### Aiuto e note
help-contact = Hai una domanda? Scrivi a hello@solco.example: ti risponde una persona.
legal-sender = Solco, Via del Vinile 33, 40121 Bologna
legal-fiction = Solco è un negozio di fantasia.
legal-data = Gli ordini sono veri: le vendite del 1997 e 1998 di un negozio di dischi per corrispondenza, pubblicate senza nomi per la ricerca.
legal-generated = Inventati per questo esempio, perché i dati non contengono persone:
legal-rank = Confronto con la spesa di tutti i clienti negli stessi dodici mesi.
legal-points = Un punto per ogni dollaro intero speso.
legal-preferences = Ricevi i nostri regali perché hai dato il consenso. Puoi cambiare idea quando vuoi.
