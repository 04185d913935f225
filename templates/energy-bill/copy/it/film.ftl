# Il film. Poche parole per riga: si leggono mentre scorrono. Le frasi film-say sono i sottotitoli e raccontano la scena.
# Niente articoli davanti a percentuali e date: «l’8 %» e «il 9 %» non si possono scegliere senza leggere il numero.

### Capitoli
film-chapter-opening = La tua bolletta
film-chapter-due = Quanto e quando
film-chapter-credit = Il tuo credito
film-chapter-usage = Quanto hai consumato
film-chapter-neighbours = Case simili
film-chapter-why = Perché l’importo è cambiato
film-chapter-offer = Un’idea per te
film-chapter-tip = Un consiglio
film-chapter-closing = Il prossimo passo

### Apertura
film-greeting = Ciao { $given_name }
film-title = La tua bolletta di { $period_month }
film-say-opening = Ciao { $given_name }.
film-say-opening-more = Ecco la tua bolletta di { $period_month }.

### L’importo
film-amount-label = Totale di { $period_month }
film-amount-due = Scadenza: { $due_day }
film-amount-debit = Addebito diretto: { $debit_day }
film-amount-credit-label = A tuo credito
film-amount-credit = Questa volta non paghi nulla
film-say-due = Il totale è { $total }.
film-say-due-more = Scadenza: { $due_date }.
film-say-debit = Il totale è { $total }.
film-say-debit-more = Lo addebitiamo sul tuo conto: { $debit_date }.
film-say-credit = Hai { $total_abs } a tuo credito.
film-say-credit-more = Questa volta non paghi nulla.

### Il consumo
film-usage-label = Hai consumato
film-usage-daily = { $daily_kwh } al giorno
film-usage-days =
    { $days_n ->
        [one] in { $days } giorno
       *[other] in { $days } giorni
    }
film-usage-up = { $usage_change_abs } in più dell’anno scorso
film-usage-down = { $usage_change_abs } in meno dell’anno scorso
film-usage-steady = Quasi come l’anno scorso
film-say-usage = Hai consumato { $usage_kwh }, in media { $daily_kwh } al giorno.
film-say-usage-up = Un anno fa erano { $last_year_kwh }: ora { $usage_change_abs } in più.
film-say-usage-down = Un anno fa erano { $last_year_kwh }: ora { $usage_change_abs } in meno.
film-say-usage-steady = Un anno fa erano { $last_year_kwh }: quasi lo stesso.

### Case simili
film-neighbours-label = Rispetto alle case simili
film-neighbours-above = Consumi { $neighbour_gap_abs } in più
film-neighbours-below = Consumi { $neighbour_gap_abs } in meno
film-say-neighbours-above = Le case simili alla tua consumano in media { $neighbours_kwh }.
film-say-neighbours-above-more = Tu consumi { $neighbour_gap_abs } in più.
film-say-neighbours-below = Le case simili alla tua consumano in media { $neighbours_kwh }.
film-say-neighbours-below-more = Tu consumi { $neighbour_gap_abs } in meno.

### Perché è cambiato
film-why-label = Rispetto alla bolletta precedente
film-why-up = { $bill_change_abs } in più
film-why-down = { $bill_change_abs } in meno
film-why-sum = La bolletta precedente era di { $previous_total }, questa è di { $total }.
film-effect-usage = Consumo
film-effect-price = Prezzo
film-effect-other = Tutto il resto
film-say-why-up = Sono { $bill_change_abs } in più della bolletta precedente.
film-say-why-down = Sono { $bill_change_abs } in meno della bolletta precedente.
film-say-effects = Consumo: { $usage_effect }. Prezzo: { $price_effect }. Tutto il resto: { $other_effect }.

### Il prossimo passo
film-offer-lead = Potresti risparmiare circa
film-offer-tail = all’anno
film-offer-note = Stima sui tuoi consumi
film-app-label = L’app Brezza
film-app-title = I tuoi consumi, giorno per giorno
film-app-body = E tutte le bollette in un solo posto
film-tip-label = Un consiglio
film-tip-title = Lava a pieno carico, a 30 gradi
film-tip-body = Meno cicli, meno acqua calda
film-say-offer-note = È una stima: il risparmio reale può cambiare.
film-say-app = Con l’app Brezza vedi i consumi giorno per giorno.
film-say-app-more = E ritrovi tutte le bollette in un solo posto.
film-say-tip = Un consiglio: lava a pieno carico e a 30 gradi.
film-say-tip-more = Scaldare l’acqua è ciò che consuma di più.

### Chiusura: le parole del pulsante sono quelle della pagina
film-closing-due = Puoi pagare online, dalla tua pagina
film-closing-due-body = Scadenza: { $due_day }
film-closing-debit = Non devi fare nulla
film-closing-debit-body = Addebito diretto: { $debit_day }
film-closing-credit = Il credito resta tuo
film-closing-credit-body = Lo scaliamo dalle prossime bollette
film-say-closing-due = Per pagare usa il pulsante nella tua pagina.
film-say-closing-due-more = Scadenza: { $due_date }. Grazie!
film-say-closing-debit = Non devi fare nulla.
film-say-closing-debit-more = I dettagli dell’addebito sono nella tua pagina.
film-say-closing-credit = Scaliamo il credito dalle prossime bollette.
film-say-closing-credit-more = Se preferisci, lo rimborsiamo sul conto.
