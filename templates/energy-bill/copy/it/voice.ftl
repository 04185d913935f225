# Ciò che dice la voce dove non legge i sottotitoli di film.ftl: frasi brevi, per l’orecchio.

film-tell-due = Scadenza: { $due_day }.
film-tell-debit = Lo addebitiamo sul tuo conto: { $debit_day }.
film-tell-usage-up = Hai consumato { $usage_kwh }: { $usage_change_abs } in più di un anno fa.
film-tell-usage-down = Hai consumato { $usage_kwh }: { $usage_change_abs } in meno di un anno fa.
film-tell-usage-steady = Hai consumato { $usage_kwh }, quasi come un anno fa.
film-tell-neighbours-above = Consumi { $neighbour_gap_abs } in più delle case simili alla tua.
film-tell-neighbours-below = Consumi { $neighbour_gap_abs } in meno delle case simili alla tua.
film-tell-why-up = La bolletta è più alta della precedente: { $bill_change_abs } in più. Ecco perché.
film-tell-why-down = La bolletta è più bassa della precedente: { $bill_change_abs } in meno. Ecco perché.
film-tell-offer-note = È una stima sui tuoi consumi.
film-tell-thanks = Grazie, e al mese prossimo.
