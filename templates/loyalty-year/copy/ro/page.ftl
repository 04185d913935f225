# Pagina web. Vorbește ca un magazin de discuri care te cunoaște: cald, scurt, cu o umbră de zâmbet; niciodată despre cât
# s-a cheltuit. Solco înseamnă șanț de disc în italiană. De la 20 în sus, numeralul cere „de”.

### Antet
page-title = Anul tău în discuri
page-skip = Mergi la conținut
page-to-gift = Întoarce pe fața B
page-eyebrow = Anul tău în discuri, { $year_from } – { $year_to }
page-spine-year = { $year_start } – { $year_end }
page-spine-shop = { brand-name }, discuri în magazin și prin poștă

### Numărători
page-gap-days =
    { $gap_days_n ->
        [one] { $gap_days } zi
        [few] { $gap_days } zile
       *[other] { $gap_days } de zile
    }
page-days-since =
    { $days_since_n ->
        [one] { $days_since } zi
        [few] { $days_since } zile
       *[other] { $days_since } de zile
    }

### Cele șase povești
page-big-spender-headline = Dă-l mai tare, { $given_name }.
page-big-spender-lead =
    { $year_orders_n ->
        [one] { $year_orders } comandă
        [few] { $year_orders } comenzi
       *[other] { $year_orders } de comenzi
    }, { $year_units_n ->
        [one] { $year_units } disc
        [few] { $year_units } discuri
       *[other] { $year_units } de discuri
    }: pick-upul tău merită o vacanță. Tu, nu încă.
page-big-spender-figure = dintre clienții noștri ajung aici, sus. Tu ai ajuns.
page-regular-headline = Ai făcut cărare la ușa noastră.
page-regular-lead =
    { $given_name }, îți știm deja pașii. Ai adunat { $year_units_n ->
        [one] { $year_units } disc
        [few] { $year_units } discuri
       *[other] { $year_units } de discuri
    } într-un an, iar clopoțelul de la ușă ține ritmul.
page-regular-figure =
    { $year_orders_n ->
        [one] comandă în douăsprezece luni
        [few] comenzi în douăsprezece luni
       *[other] de comenzi în douăsprezece luni
    }
page-listener-headline = Mereu în ritmul tău.
page-listener-lead =
    { $given_name }, fără grabă și fără piese sărite: { $year_orders_n ->
        [one] { $year_orders } comandă
        [few] { $year_orders } comenzi
       *[other] { $year_orders } de comenzi
    } într-un an, ascultate până la capăt. Așa ne place să credem.
page-listener-figure =
    { $year_units_n ->
        [one] disc nou pe raftul tău anul acesta
        [few] discuri noi pe raftul tău anul acesta
       *[other] de discuri noi pe raftul tău anul acesta
    }
page-newcomer-headline = Acul tocmai a atins discul.
page-newcomer-lead =
    { $given_name }, suntem abia la intro: { $last_units_n ->
        [one] { $last_units } disc
        [few] { $last_units } discuri
       *[other] { $last_units } de discuri
    }, { $last_date }. De aici începe partea bună.
page-newcomer-figure =
    { $total_units_n ->
        [one] disc pe raftul tău, deocamdată
        [few] discuri pe raftul tău, deocamdată
       *[other] de discuri pe raftul tău, deocamdată
    }
page-slipping-headline = Ține nota.
page-slipping-lead = { $given_name }, e liniște din { $last_month }. Locul tău de la rafturi e liber și nimeni n-a atins căștile cele bune.
page-slipping-figure =
    { $total_units_n ->
        [one] disc găsit împreună
        [few] discuri găsite împreună
       *[other] de discuri găsite împreună
    }
page-long-gone-headline = Fața B încă te așteaptă.
page-long-gone-lead = { $given_name }, o vizită în { $first_month }, o melodie fredonată în prag, apoi liniște. Orice disc are și o altă față. Povestea asta, la fel.
page-long-gone-figure =
    { $first_units_n ->
        [one] disc, și încă ni-l amintim
        [few] discuri, și încă ni le amintim
       *[other] de discuri, și încă ni le amintim
    }

### Fața A
page-side-a = Fața A: anul tău
page-film-title = Filmul
page-film-text = O jumătate de minut, făcut pentru tine. Cu sunet, dacă vecinii sunt de acord.
page-film-label = Film despre anul tău în discuri
page-film-captions = Română
page-film-chapters = Capitole
page-film-transcript = Citește textul filmului
page-film-print = Filmul se vede pe pagina web.
page-months-title = Douăsprezece luni, o presare
page-months-text = Barele sunt discurile tale, lună de lună. Îndoaie-le în cerc și obții discul de sus: anul tău, presat.
page-months-desc = Grafic cu bare: discurile cumpărate în fiecare lună. Tabelul de mai jos spune același lucru.
page-months-table = Vezi tabelul
page-month = Luna
page-date = Data
page-records = Discuri
page-spent = Sumă
page-whole-year = Tot anul
page-highlights-title = Single-urile
page-best-month-title = Luna cea mai sonoră
page-best-month-text =
    { $best_month_units_n ->
        [one] { $best_month_units } disc în sacoșă
        [few] { $best_month_units } discuri în sacoșă
       *[other] { $best_month_units } de discuri în sacoșă
    }
page-best-order-title = Sacoșa cea mai plină
page-best-order-figure =
    { $biggest_units_n ->
        [one] { $biggest_units } disc
        [few] { $biggest_units } discuri
       *[other] { $biggest_units } de discuri
    }
page-best-order-text = dintr-o dată, { $biggest_date }
page-rank-title = În clasament
page-rank-figure = Top { $rank_top }
page-rank-text = Anul acesta ai ascultat mai mult decât { $rank_share } dintre clienții noștri. Am verificat de două ori.
page-rhythm-title = Tempoul tău
page-rhythm-text = Fiecare cântă la viteza lui. Aceasta e a ta.
page-rhythm-gap = De obicei, între două comenzi
page-rhythm-since = De la ultima comandă
page-collection-title = Colecția
page-collection-text = Tot ce am găsit împreună din { $first_month } încoace.
page-total-units =
    { $total_units_n ->
        [one] disc
        [few] discuri
       *[other] de discuri
    }
page-total-orders =
    { $total_orders_n ->
        [one] comandă
        [few] comenzi
       *[other] de comenzi
    }
page-points =
    { $points_balance_n ->
        [one] punct de folosit
        [few] puncte de folosit
       *[other] de puncte de folosit
    }
page-orders-show = Ultimele tale comenzi
page-orders-title = Ultimele tale comenzi, începând cu cea mai nouă
page-orders-older =
    { $older_orders_n ->
        [one] Și încă { $older_orders } comandă înainte de acestea.
        [few] Și încă { $older_orders } comenzi înainte de acestea.
       *[other] Și încă { $older_orders } de comenzi înainte de acestea.
    }

### Fața B
page-side-b = Fața B: pentru tine
page-gift-birthday-eyebrow = De ziua ta, { $birthday }
page-gift-birthday-title = La mulți ani! Următorul e din partea noastră.
page-gift-birthday-text = { $gift_amount } pentru orice disc din magazin. Tortul nu e inclus, dansul e recomandat.
page-gift-birthday-action = Desfă cadoul
page-gift-win-back-eyebrow = Pentru marea revenire
page-gift-win-back-title = Întoarce-te la bis.
page-gift-win-back-text = { $gift_discount } reducere la următoarea comandă, orice ar fi în ea. Noi punem de cafea și ceva bun pe platan.
page-gift-win-back-action = Revino cu { $gift_discount } reducere
page-gift-thank-you-eyebrow = Pentru toată muzica
page-gift-thank-you-title = Acesta e din partea casei.
page-gift-thank-you-text = { $gift_amount } pentru ce vei asculta mai departe. Cu o plecăciune de la toți cei din spatele tejghelei.
page-gift-thank-you-action = Ia-ți mulțumirea
page-gift-points-eyebrow = Pentru că asculți
page-gift-points-title = Puncte în plus. Fără note false.
page-gift-points-text =
    { $gift_points_n ->
        [one] { $gift_points } punct peste cele pe care le ai, pentru orice se învârte.
        [few] { $gift_points } puncte peste cele pe care le ai, pentru orice se învârte.
       *[other] { $gift_points } de puncte peste cele pe care le ai, pentru orice se învârte.
    }
page-gift-points-action = Ia-ți punctele
page-gift-discount = –{ $gift_discount }
page-gift-plus = +{ $gift_points }
page-gift-name = Pe numele { $customer_name }
page-gift-until = Valabil până la { $gift_until }
page-gift-terms = Un cadou, pentru o comandă, doar pentru tine. Îl primești pentru că ai spus da ofertelor.
page-preferences-change = Răzgândește-te
page-gift-none-title = Doar muzica
page-gift-none-text = Ne-ai cerut fără oferte, așa că aici nu e niciuna. Doar un mulțumesc și noutățile, când ai chef.
page-gift-none-action = Ascultă noutățile
page-gift-none-preferences = Schimbă preferințele
page-poster-title = De pus pe perete
page-poster-text = Anul tău ca afiș, cu notele de pe copertă pe spate. Două pagini, de tipărit sau de păstrat.
page-poster-action = Descarcă afișul
page-help-title = O zgârietură undeva?
page-help-text = Dacă ceva sare sau sună ciudat aici, spune-ne. Îți răspunde un om care are pick-up.
page-help-contact = Scrie-ne
page-help-shop = Vizitează magazinul
page-generated-title = Inventat pentru această demonstrație
page-generated-text = Comenzile sunt reale și anonime. Aceste detalii au fost inventate:

### Subsol
page-footer-links = Informații
page-account = Contul tău
page-preferences = Preferințe
page-privacy = Confidențialitate
page-fiction = { brand-name } este un magazin de discuri inventat. Comenzile provin din date reale și anonime din anii 1997 și 1998.
