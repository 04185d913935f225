# La pagina web. Parla come un negozio di dischi che ti conosce: caldo, breve, con una strizzata d’occhio; mai una parola
# su quanto si è speso. Solco è il solco del disco. Niente articoli davanti ai numeri: «l’8» e «il 9» non si scelgono qui.

### Testata
page-title = Il tuo anno in dischi
page-skip = Vai al contenuto
page-to-gift = Gira sul lato B
page-eyebrow = Il tuo anno in dischi, { $year_from } – { $year_to }
page-spine-year = { $year_start } – { $year_end }
page-spine-shop = { brand-name }, dischi in negozio e per posta

### Conteggi
page-gap-days =
    { $gap_days_n ->
        [one] { $gap_days } giorno
       *[other] { $gap_days } giorni
    }
page-days-since =
    { $days_since_n ->
        [one] { $days_since } giorno
       *[other] { $days_since } giorni
    }

### Le sei storie
page-big-spender-headline = Alza il volume, { $given_name }.
page-big-spender-lead =
    { $year_orders_n ->
        [one] { $year_orders } ordine
       *[other] { $year_orders } ordini
    }, { $year_units_n ->
        [one] { $year_units } disco
       *[other] { $year_units } dischi
    }: il tuo giradischi si merita una vacanza. Tu no.
page-big-spender-figure = dei nostri ascoltatori arriva fin quassù. Tu sì.
page-regular-headline = Hai scavato un solco fino a noi.
page-regular-lead =
    { $given_name }, ormai riconosciamo i tuoi passi. Con te { $year_units_n ->
        [one] { $year_units } disco
       *[other] { $year_units } dischi
    } in un anno, e il campanello della porta va a tempo.
page-regular-figure =
    { $year_orders_n ->
        [one] ordine in dodici mesi
       *[other] ordini in dodici mesi
    }
page-listener-headline = Sempre con i tuoi tempi.
page-listener-lead =
    { $given_name }, niente fretta e niente salti: { $year_orders_n ->
        [one] { $year_orders } ordine
       *[other] { $year_orders } ordini
    } in un anno, ascoltati fino all’ultima traccia. Ci piace pensarlo.
page-listener-figure =
    { $year_units_n ->
        [one] disco in più sul tuo scaffale quest’anno
       *[other] dischi in più sul tuo scaffale quest’anno
    }
page-newcomer-headline = La puntina è appena scesa.
page-newcomer-lead =
    { $given_name }, siamo ancora all’intro: { $last_units_n ->
        [one] { $last_units } disco
       *[other] { $last_units } dischi
    }, { $last_date }. Il bello arriva adesso.
page-newcomer-figure =
    { $total_units_n ->
        [one] disco sul tuo scaffale, per ora
       *[other] dischi sul tuo scaffale, per ora
    }
page-slipping-headline = Tieni quella nota.
page-slipping-lead = { $given_name }, c’è silenzio da { $last_month }. Il tuo posto tra gli scaffali è libero, e le cuffie buone non le ha toccate nessuno.
page-slipping-figure =
    { $total_units_n ->
        [one] disco trovato insieme
       *[other] dischi trovati insieme
    }
page-long-gone-headline = Il lato B ti aspetta ancora.
page-long-gone-lead = { $given_name }, una visita a { $first_month }, una melodia canticchiata uscendo, poi silenzio. Ogni disco ha un altro lato. Anche questa storia.
page-long-gone-figure =
    { $first_units_n ->
        [one] disco, e ce lo ricordiamo ancora
       *[other] dischi, e ce li ricordiamo ancora
    }

### Lato A
page-side-a = Lato A: il tuo anno
page-film-title = Il film
page-film-text = Mezzo minuto, fatto per te. Con l’audio, se i vicini sono d’accordo.
page-film-label = Film sul tuo anno in dischi
page-film-captions = Italiano
page-film-chapters = Capitoli
page-film-transcript = Leggi il testo del film
page-film-print = Il film si guarda sulla pagina web.
page-months-title = Dodici mesi, una stampa
page-months-text = Le barre sono i tuoi dischi, mese per mese. Piegale in cerchio e ottieni il disco in alto: è il tuo anno, stampato.
page-months-desc = Grafico a barre dei dischi comprati in ogni mese. La tabella qui sotto dice lo stesso.
page-months-table = Vedi la tabella
page-month = Mese
page-date = Data
page-records = Dischi
page-spent = Importo
page-whole-year = Tutto l’anno
page-highlights-title = I singoli
page-best-month-title = Il mese più sonoro
page-best-month-text =
    { $best_month_units_n ->
        [one] { $best_month_units } disco nella borsa
       *[other] { $best_month_units } dischi nella borsa
    }
page-best-order-title = La borsa più piena
page-best-order-figure =
    { $biggest_units_n ->
        [one] { $biggest_units } disco
       *[other] { $biggest_units } dischi
    }
page-best-order-text = in un colpo solo, { $biggest_date }
page-rank-title = In classifica
page-rank-figure = Top { $rank_top }
# Da 90 a 99: davanti c’è sempre «del».
page-rank-text = Quest’anno hai ascoltato più del { $rank_share } dei nostri clienti. Abbiamo ricontrollato.
page-rhythm-title = Il tuo tempo
page-rhythm-text = Ognuno suona alla sua velocità. Questa è la tua.
page-rhythm-gap = Di solito, tra due ordini
page-rhythm-since = Dall’ultimo ordine
page-collection-title = La collezione
page-collection-text = Tutto quello che abbiamo trovato insieme. La prima traccia: { $first_month }.
page-total-units =
    { $total_units_n ->
        [one] disco
       *[other] dischi
    }
page-total-orders =
    { $total_orders_n ->
        [one] ordine
       *[other] ordini
    }
page-points =
    { $points_balance_n ->
        [one] punto da usare
       *[other] punti da usare
    }
page-orders-show = I tuoi ultimi ordini
page-orders-title = I tuoi ultimi ordini, dal più recente
page-orders-older =
    { $older_orders_n ->
        [one] E { $older_orders } ordine prima di questi.
       *[other] E { $older_orders } ordini prima di questi.
    }

### Lato B
page-side-b = Lato B: per te
page-gift-birthday-eyebrow = Per il tuo compleanno, { $birthday }
page-gift-birthday-title = Buon compleanno. Il prossimo lo offriamo noi.
page-gift-birthday-text = { $gift_amount } per un disco qualsiasi del negozio. La torta non è inclusa, ballare è consigliato.
page-gift-birthday-action = Scarta il regalo
page-gift-win-back-eyebrow = Per il gran ritorno
page-gift-win-back-title = Torna per il bis.
page-gift-win-back-text = { $gift_discount } di sconto sul prossimo ordine, qualunque cosa ci sia dentro. Noi intanto mettiamo su il caffè e qualcosa di bello.
page-gift-win-back-action = Torna con { $gift_discount } di sconto
page-gift-thank-you-eyebrow = Per tutta questa musica
page-gift-thank-you-title = Questo giro lo offre la casa.
page-gift-thank-you-text = { $gift_amount } per quello che ascolterai adesso. Con un inchino da tutti noi dietro il banco.
page-gift-thank-you-action = Prendi il tuo grazie
page-gift-points-eyebrow = Perché ascolti
page-gift-points-title = Punti in più. Di corde, solo quelle della chitarra.
page-gift-points-text =
    { $gift_points_n ->
        [one] { $gift_points } punto oltre a quelli che hai, da usare per tutto ciò che gira.
       *[other] { $gift_points } punti oltre a quelli che hai, da usare per tutto ciò che gira.
    }
page-gift-points-action = Prendi i tuoi punti
page-gift-discount = –{ $gift_discount }
page-gift-plus = +{ $gift_points }
page-gift-name = Intestato a { $customer_name }
page-gift-until = Vale fino a: { $gift_until }
page-gift-terms = Un regalo, per un ordine, solo per te. Lo ricevi perché ci hai detto sì alle offerte.
page-preferences-change = Cambia idea
page-gift-none-title = Solo la musica
page-gift-none-text = Ci hai chiesto niente offerte, e qui non ce n’è. Solo un grazie, e i nuovi arrivi quando ti va.
page-gift-none-action = Ascolta le novità
page-gift-none-preferences = Modifica le preferenze
page-poster-title = Appendilo
page-poster-text = Il tuo anno in un poster, con le note di copertina sul retro. Due pagine, da stampare o da tenere.
page-poster-action = Scarica il poster
page-help-title = Un graffio da qualche parte?
page-help-text = Se qui qualcosa salta o suona strano, diccelo. Ti risponde una persona che ha un giradischi.
page-help-contact = Scrivici
page-help-shop = Vai al negozio
page-generated-title = Inventato per questa dimostrazione
page-generated-text = Gli ordini sono veri e anonimi. Questi dettagli sono inventati:

### In fondo
page-footer-links = Informazioni
page-account = Il tuo conto
page-preferences = Preferenze
page-privacy = Privacy
page-fiction = { brand-name } è un negozio di dischi inventato. Gli ordini vengono da dati veri e anonimi degli anni 1997 e 1998.
