# Filmul. Puține cuvinte pe rând: se citesc în mișcare. Propozițiile film-say sunt subtitrările și povestesc scena.

### Capitole
film-chapter-opening = Factura ta
film-chapter-due = Cât și când
film-chapter-credit = Suma în favoarea ta
film-chapter-usage = Cât ai consumat
film-chapter-neighbours = Locuințe similare
film-chapter-why = De ce s-a schimbat suma
film-chapter-offer = O idee pentru tine
film-chapter-tip = Un sfat
film-chapter-closing = Ce urmează

### Începutul
film-greeting = Bună, { $given_name }
film-title = Factura ta din { $period_month }
film-say-opening = Bună, { $given_name }.
film-say-opening-more = Iată factura ta din { $period_month }.

### Suma
film-amount-label = Total pentru { $period_month }
film-amount-due = De plătit până pe { $due_day }
film-amount-debit = Debitare directă pe { $debit_day }
film-amount-credit-label = În favoarea ta
film-amount-credit = De data aceasta nu plătești nimic
film-say-due = Totalul este { $total }.
film-say-due-more = Este de plătit până pe { $due_date }.
film-say-debit = Totalul este { $total }.
film-say-debit-more = Încasăm suma din contul tău pe { $debit_date }.
film-say-credit = Ai { $total_abs } în favoarea ta.
film-say-credit-more = De data aceasta nu plătești nimic.

### Consumul
film-usage-label = Ai consumat
film-usage-daily = { $daily_kwh } pe zi
film-usage-days =
    { $days_n ->
        [one] într-o zi
        [few] în { $days } zile
       *[other] în { $days } de zile
    }
film-usage-up = Cu { $usage_change_abs } peste anul trecut
film-usage-down = Cu { $usage_change_abs } sub anul trecut
film-usage-steady = Aproape ca anul trecut
film-say-usage = Ai consumat { $usage_kwh }, în medie { $daily_kwh } pe zi.
film-say-usage-up = Acum un an erau { $last_year_kwh }: acum, cu { $usage_change_abs } mai mult.
film-say-usage-down = Acum un an erau { $last_year_kwh }: acum, cu { $usage_change_abs } mai puțin.
film-say-usage-steady = Acum un an erau { $last_year_kwh }: aproape la fel.

### Locuințe similare
film-neighbours-label = Față de locuințe similare
film-neighbours-above = Cu { $neighbour_gap_abs } mai mult
film-neighbours-below = Cu { $neighbour_gap_abs } mai puțin
film-say-neighbours-above = O locuință ca a ta consumă în medie { $neighbours_kwh }.
film-say-neighbours-above-more = Tu consumi cu { $neighbour_gap_abs } mai mult.
film-say-neighbours-below = O locuință ca a ta consumă în medie { $neighbours_kwh }.
film-say-neighbours-below-more = Tu consumi cu { $neighbour_gap_abs } mai puțin.

### De ce s-a schimbat
film-why-label = Față de factura precedentă
film-why-up = { $bill_change_abs } în plus
film-why-down = { $bill_change_abs } în minus
film-why-sum = Factura precedentă a fost de { $previous_total }, aceasta este de { $total }.
film-effect-usage = Consum
film-effect-price = Preț
film-effect-other = Tot restul
film-say-why-up = Este cu { $bill_change_abs } mai mult decât data trecută.
film-say-why-down = Este cu { $bill_change_abs } mai puțin decât data trecută.
film-say-effects = Consum: { $usage_effect }. Preț: { $price_effect }. Tot restul: { $other_effect }.

### Ce urmează
film-offer-lead = Ai putea economisi aproximativ
film-offer-tail = pe an
film-offer-note = Estimare după consumul tău
film-app-label = Aplicația Brezza
film-app-title = Consumul tău, zi de zi
film-app-body = Și toate facturile la un loc
film-tip-label = Un sfat
film-tip-title = Spală cu mașina plină, la 30 de grade
film-tip-body = Mai puține spălări, apă mai rece
film-say-offer-note = Este o estimare: economia reală poate fi alta.
film-say-app = Aplicația Brezza îți arată consumul zi de zi.
film-say-app-more = Și îți ține toate facturile la un loc.
film-say-tip = Un sfat: spală cu mașina plină, la 30 de grade.
film-say-tip-more = Încălzirea apei consumă cel mai mult.

### Sfârșitul: cuvintele butonului sunt cele din pagină
film-closing-due = Plătești online, din pagina ta
film-closing-due-body = De plătit până pe { $due_day }
film-closing-debit = Nu ai nimic de făcut
film-closing-debit-body = Debitare directă pe { $debit_day }
film-closing-credit = Banii rămân ai tăi
film-closing-credit-body = Îi scădem din facturile următoare
film-say-closing-due = Ca să plătești, folosește butonul din pagina ta.
film-say-closing-due-more = Ai timp până pe { $due_date }. Mulțumim!
film-say-closing-debit = Nu ai nimic de făcut.
film-say-closing-debit-more = Detaliile debitării sunt în pagina ta.
film-say-closing-credit = Scădem suma din facturile următoare.
film-say-closing-credit-more = Dacă preferi, ți-o virăm în cont.
