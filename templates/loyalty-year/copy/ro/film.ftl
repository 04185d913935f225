# Filmul. Puține cuvinte pe rând: se citesc în mișcare. Propozițiile film-say sunt subtitrările și povestesc scena.

### Capitole
film-chapter-opening = Discurile tale
film-chapter-story = Povestea ta
film-chapter-months = Lună de lună
film-chapter-since = Începutul
film-chapter-rank = Între toți clienții
film-chapter-best = Ce a fost mai bun
film-chapter-gift = Un cadou pentru tine
film-chapter-points = Punctele tale
film-chapter-closing = Pe curând

### Deschidere: un titlu pentru fiecare poveste
film-title-big-spender = Anul tău la volum maxim
film-title-regular = Anul tău pe repeat
film-title-newcomer = Fața A, piesa unu
film-title-slipping = O pauză în muzică
film-title-long-gone = A trecut ceva vreme
film-title-listener = Anul tău pe disc
film-dates = { $year_from } – { $year_to }
film-greeting = Salut, { $given_name }
film-say-opening = Salut, { $given_name }, aici Solco.
film-say-opening-more = Iată muzica ta din { $year_from } până în { $year_to }.

### Povești
film-big-spender-label = Anul acesta în muzică
film-big-spender-line = Ești în top { $rank_top }
film-big-spender-body =
    { $year_orders_n ->
        [one] { $year_orders } comandă
        [few] { $year_orders } comenzi
       *[other] { $year_orders } de comenzi
    }, { $year_units_n ->
        [one] { $year_units } disc
        [few] { $year_units } discuri
       *[other] { $year_units } de discuri
    }
film-say-big-spender = Anul acesta ai cheltuit { $year_spent } pe muzică.
film-say-big-spender-more = Asta înseamnă top { $rank_top } dintre toți clienții noștri.
film-regular-label = Comenzi anul acesta
film-regular-line = Te întorci mereu
film-regular-body =
    { $year_units_n ->
        [one] { $year_units } disc pentru { $year_spent }
        [few] { $year_units } discuri pentru { $year_spent }
       *[other] { $year_units } de discuri pentru { $year_spent }
    }
film-say-regular =
    { $year_orders_n ->
        [one] Anul acesta ai comandat o dată.
        [few] Anul acesta ai comandat de { $year_orders } ori.
       *[other] Anul acesta ai comandat de { $year_orders } de ori.
    }
film-say-regular-more =
    { $year_units_n ->
        [one] Te întorci mereu: { $year_units } disc pentru { $year_spent }.
        [few] Te întorci mereu: { $year_units } discuri pentru { $year_spent }.
       *[other] Te întorci mereu: { $year_units } de discuri pentru { $year_spent }.
    }
film-newcomer-label =
    { $total_units_n ->
        [one] Disc până acum
        [few] Discuri până acum
       *[other] Discuri până acum
    }
film-newcomer-line = O colecție începe
film-newcomer-body = Ultima comandă: { $last_date }
film-say-newcomer =
    { $total_units_n ->
        [one] { $total_units } disc până acum: o colecție începe.
        [few] { $total_units } discuri până acum: o colecție începe.
       *[other] { $total_units } de discuri până acum: o colecție începe.
    }
film-say-newcomer-more = Ultima ta comandă: { $last_date }.
film-slipping-label = Zile de la ultima ta comandă
film-slipping-line = Acul s-a ridicat
film-slipping-body =
    { $total_units_n ->
        [one] Înainte, { $total_units } disc
        [few] Înainte, { $total_units } discuri
       *[other] Înainte, { $total_units } de discuri
    }
film-say-slipping =
    { $days_since_n ->
        [one] A trecut { $days_since } zi de la ultima ta comandă.
        [few] Au trecut { $days_since } zile de la ultima ta comandă.
       *[other] Au trecut { $days_since } de zile de la ultima ta comandă.
    }
film-say-slipping-more =
    { $total_units_n ->
        [one] Înainte, { $total_units } disc a ajuns la tine acasă.
        [few] Înainte, { $total_units } discuri au ajuns la tine acasă.
       *[other] Înainte, { $total_units } de discuri au ajuns la tine acasă.
    }
film-long-gone-label = Luni de la ultima ta comandă
film-long-gone-line = Îți știm încă gusturile
film-long-gone-body = Ultima comandă: { $last_month }
film-say-long-gone =
    { $months_since_n ->
        [one] A trecut { $months_since } lună de la ultima ta comandă.
        [few] Au trecut { $months_since } luni de la ultima ta comandă.
       *[other] Au trecut { $months_since } de luni de la ultima ta comandă.
    }
film-say-long-gone-more = Era în { $last_month }. Îți știm încă gusturile.
film-listener-label =
    { $year_units_n ->
        [one] Disc anul acesta
        [few] Discuri anul acesta
       *[other] Discuri anul acesta
    }
film-listener-line =
    { $year_units_n ->
        [one] Ales de tine
        [few] Alese de tine
       *[other] Alese de tine
    }
film-listener-body =
    { $year_orders_n ->
        [one] { $year_orders } comandă, { $year_spent }
        [few] { $year_orders } comenzi, { $year_spent }
       *[other] { $year_orders } de comenzi, { $year_spent }
    }
film-say-listener =
    { $year_units_n ->
        [one] { $year_units } disc anul acesta, ales de tine.
        [few] { $year_units } discuri anul acesta, alese de tine.
       *[other] { $year_units } de discuri anul acesta, alese de tine.
    }
film-say-listener-more =
    { $year_orders_n ->
        [one] { $year_orders } comandă, { $year_spent } în total.
        [few] { $year_orders } comenzi, { $year_spent } în total.
       *[other] { $year_orders } de comenzi, { $year_spent } în total.
    }

### Lunile, sau începutul
film-months-title = Lună de lună
film-months-body = Muzică în { $active_months } din 12
film-say-months =
    { $active_months_n ->
        [one] Ai cumpărat muzică într-o lună din douăsprezece.
        [few] Ai cumpărat muzică în { $active_months } luni din douăsprezece.
       *[other] Ai cumpărat muzică în { $active_months } de luni din douăsprezece.
    }
film-since-label = Totul a început în
film-since-line =
    { $total_orders_n ->
        [one] { $total_orders } comandă
        [few] { $total_orders } comenzi
       *[other] { $total_orders } de comenzi
    }, { $total_units_n ->
        [one] { $total_units } disc
        [few] { $total_units } discuri
       *[other] { $total_units } de discuri
    }
film-say-since =
    Totul a început în { $first_month }. { $total_units_n ->
        [one] De atunci: { $total_units } disc.
        [few] De atunci: { $total_units } discuri.
       *[other] De atunci: { $total_units } de discuri.
    }

### Ce a fost mai bun
film-rank-label = Între toți clienții noștri
film-rank = Top { $rank_top }
film-rank-line = după banii dați pe muzică anul acesta
film-say-rank = Top { $rank_top }: cheltui pe muzică mai mult decât { $rank_share } dintre clienții noștri.
film-best-month-label = Cea mai bună lună
film-best-month-line =
    { $best_month_units_n ->
        [one] { $best_month_units } disc
        [few] { $best_month_units } discuri
       *[other] { $best_month_units } de discuri
    }
film-say-best-month =
    { $best_month_units_n ->
        [one] Cea mai bună lună: { $best_month }, cu { $best_month_units } disc.
        [few] Cea mai bună lună: { $best_month }, cu { $best_month_units } discuri.
       *[other] Cea mai bună lună: { $best_month }, cu { $best_month_units } de discuri.
    }
film-best-order-label = Cea mai mare comandă
film-best-order-line =
    { $biggest_units_n ->
        [one] { $biggest_units } disc, { $biggest_date }
        [few] { $biggest_units } discuri, { $biggest_date }
       *[other] { $biggest_units } de discuri, { $biggest_date }
    }
film-say-best-order = Cea mai mare comandă: { $biggest_amount }, pe { $biggest_date }.

### Cadoul
film-gift-until = Până pe { $gift_until }
film-say-gift-until = Îl poți folosi până pe { $gift_until }.
film-gift-birthday-title = De ziua ta
film-gift-birthday-what = pentru muzică, de la noi
film-say-gift-birthday = Vine ziua ta: { $gift_amount } pentru muzică, de la noi.
film-gift-win-back-title = Vino să mai asculți
film-gift-win-back-what = reducere, comanda viitoare
film-say-gift-win-back = Vino să mai asculți: { $gift_discount } reducere la comanda viitoare.
film-gift-thank-you-title = Mulțumim pentru tot
film-gift-thank-you-what = pentru muzică, de la noi
film-say-gift-thank-you = Mulțumim pentru tot: { $gift_amount } pentru muzică, de la noi.
film-gift-points-title = Ceva în plus pentru tine
film-gift-points-what =
    { $gift_points_n ->
        [one] punct, pur și simplu
        [few] puncte, pur și simplu
       *[other] de puncte, pur și simplu
    }
film-say-gift-points =
    { $gift_points_n ->
        [one] Ceva în plus pentru tine: { $gift_points } punct.
        [few] Ceva în plus pentru tine: { $gift_points } puncte.
       *[other] Ceva în plus pentru tine: { $gift_points } de puncte.
    }
film-gift-none-title =
    { $points_balance_n ->
        [0] Muzică nouă în fiecare săptămână
        [one] Ai { $points_balance } punct
        [few] Ai { $points_balance } puncte
       *[other] Ai { $points_balance } de puncte
    }
film-gift-none-body =
    { $points_balance_n ->
        [0] Următoarea comandă aduce puncte
        [one] Te așteaptă în cont
        [few] Te așteaptă în cont
       *[other] Te așteaptă în cont
    }
film-say-gift-none =
    { $points_balance_n ->
        [0] E muzică nouă în fiecare săptămână.
        [one] Ai { $points_balance } punct.
        [few] Ai { $points_balance } puncte.
       *[other] Ai { $points_balance } de puncte.
    }
film-say-gift-none-more = Fiecare dolar e un punct.

### Final
film-closing-thanks = Mulțumim că asculți
film-closing-thanks-body = Totul e pe pagina ta
film-say-closing-thanks = Mulțumim că asculți. Totul e pe pagina ta.
film-closing-come-back = Mai punem un disc?
film-closing-come-back-body = Locul tău te așteaptă
film-say-closing-come-back = Mai punem un disc? Locul tău te așteaptă.
