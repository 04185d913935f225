# Cuvinte folosite de mai multe canale. Ton: la persoana a doua singular, cald și scurt, ca textul de pe o copertă de disc. Fără glume despre bani sau absențe.

### Cine scrie
brand-name = Solco
brand-tagline = Discuri, online și prin poștă.

### Etichete
label-year = Anul
label-orders = Comenzi
label-units = Discuri
label-spent = Cheltuit
label-month = Luna
label-date = Data
label-amount = Suma
label-best-month = Cea mai bună lună
label-biggest = Cea mai mare comandă
label-first = Prima comandă
label-last = Ultima comandă
label-always = De la prima comandă
label-rank = Printre toți clienții
label-points = Puncte
label-points-earned = Câștigate anul acesta
label-points-balance = De folosit acum
label-gap = Pauza obișnuită
label-silence = De la ultima comandă
label-gift = Cadoul tău
label-until = Valabil până la
year-range = { $year_from } – { $year_to }
rank-top-line = În primii { $rank_top }
rank-share-line = Mai mult decât { $rank_share } dintre clienții noștri

### Lucruri care se numără
count-year-orders =
    { $year_orders_n ->
        [one] { $year_orders } comandă
        [few] { $year_orders } comenzi
       *[other] { $year_orders } de comenzi
    }
count-year-units =
    { $year_units_n ->
        [one] { $year_units } disc
        [few] { $year_units } discuri
       *[other] { $year_units } de discuri
    }
count-active-months =
    { $active_months_n ->
        [one] { $active_months } lună
        [few] { $active_months } luni
       *[other] { $active_months } de luni
    }
count-best-month-units =
    { $best_month_units_n ->
        [one] { $best_month_units } disc
        [few] { $best_month_units } discuri
       *[other] { $best_month_units } de discuri
    }
count-biggest-units =
    { $biggest_units_n ->
        [one] { $biggest_units } disc
        [few] { $biggest_units } discuri
       *[other] { $biggest_units } de discuri
    }
count-total-orders =
    { $total_orders_n ->
        [one] { $total_orders } comandă
        [few] { $total_orders } comenzi
       *[other] { $total_orders } de comenzi
    }
count-total-units =
    { $total_units_n ->
        [one] { $total_units } disc
        [few] { $total_units } discuri
       *[other] { $total_units } de discuri
    }
count-first-units =
    { $first_units_n ->
        [one] { $first_units } disc
        [few] { $first_units } discuri
       *[other] { $first_units } de discuri
    }
count-last-units =
    { $last_units_n ->
        [one] { $last_units } disc
        [few] { $last_units } discuri
       *[other] { $last_units } de discuri
    }
count-days-since =
    { $days_since_n ->
        [one] { $days_since } zi
        [few] { $days_since } zile
       *[other] { $days_since } de zile
    }
count-months-since =
    { $months_since_n ->
        [one] { $months_since } lună
        [few] { $months_since } luni
       *[other] { $months_since } de luni
    }
count-gap-days =
    { $gap_days_n ->
        [one] { $gap_days } zi
        [few] { $gap_days } zile
       *[other] { $gap_days } de zile
    }
count-points-earned =
    { $points_earned_n ->
        [one] { $points_earned } punct
        [few] { $points_earned } puncte
       *[other] { $points_earned } de puncte
    }
count-points-balance =
    { $points_balance_n ->
        [one] { $points_balance } punct
        [few] { $points_balance } puncte
       *[other] { $points_balance } de puncte
    }
count-gift-points =
    { $gift_points_n ->
        [one] { $gift_points } punct
        [few] { $gift_points } puncte
       *[other] { $gift_points } de puncte
    }
count-older-orders =
    { $older_orders_n ->
        [one] { $older_orders } comandă mai veche
        [few] { $older_orders } comenzi mai vechi
       *[other] { $older_orders } de comenzi mai vechi
    }

### Numele poveștilor
story-big-spender-name = Mereu pe platan
story-regular-name = Pe șanțul bun
story-newcomer-name = Primele piese
story-slipping-name = Pauza lungă
story-long-gone-name = Cel rămas pe raft
story-listener-name = O ureche bună

### Cadouri: cum se numesc și ce sunt
gift-birthday-name = Un disc de ziua ta
gift-birthday-line = { $gift_amount } reducere la orice disc, de ziua ta, pe { $birthday }.
gift-win-back-name = Un bun revenit
gift-win-back-line = { $gift_discount } reducere la următoarea comandă.
gift-thank-you-name = Un mulțumesc
gift-thank-you-line = { $gift_amount } reducere: anul acesta puțini ne-au ascultat atât de mult.
gift-points-name = Puncte în plus
gift-points-line =
    { $gift_points_n ->
        [one] { $gift_points } punct în plus la următoarea comandă.
        [few] { $gift_points } puncte în plus la următoarea comandă.
       *[other] { $gift_points } de puncte în plus la următoarea comandă.
    }
gift-none-name = Punctele tale
gift-none-line =
    { $points_balance_n ->
        [one] Ai { $points_balance } punct, și rămâne al tău.
        [few] Ai { $points_balance } puncte, și rămân ale tale.
       *[other] Ai { $points_balance } de puncte, și rămân ale tale.
    }
gift-until-line = Valabil până la { $gift_until }.

### Ce a fost inventat: generated-CÂMP
generated-name = numele complet
generated-given-name = prenumele
generated-locale = limba
generated-birthday = ziua de naștere
generated-consent = acordul pentru oferte

### Ajutor și note
help-contact = Ai o întrebare? Scrie la hello@solco.example și îți răspunde un om.
legal-sender = Solco, Via del Vinile 33, 40121 Bologna, Italia
legal-fiction = Solco este un magazin fictiv.
legal-data = Comenzile sunt reale: vânzările din 1997 și 1998 ale unui magazin de discuri prin corespondență, publicate fără nume, pentru cercetare.
legal-generated = Inventate pentru acest exemplu, fiindcă datele nu conțin persoane:
legal-rank = Comparație cu ce au cheltuit toți clienții în aceleași douăsprezece luni.
legal-points = Un punct pentru fiecare dolar întreg cheltuit.
legal-preferences = Primești cadourile noastre fiindcă ți-ai dat acordul. Te poți răzgândi oricând.
