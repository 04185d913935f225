# Ce spune vocea acolo unde nu citește subtitrările din film.ftl: fraze scurte, pentru ureche.

film-tell-due = Ai timp până pe { $due_day }.
film-tell-debit = Încasăm suma din contul tău pe { $debit_day }.
film-tell-usage-up = Ai consumat { $usage_kwh }: cu { $usage_change_abs } mai mult decât acum un an.
film-tell-usage-down = Ai consumat { $usage_kwh }: cu { $usage_change_abs } mai puțin decât acum un an.
film-tell-usage-steady = Ai consumat { $usage_kwh }, aproape la fel ca acum un an.
film-tell-neighbours-above = Este cu { $neighbour_gap_abs } mai mult decât într-o locuință ca a ta.
film-tell-neighbours-below = Este cu { $neighbour_gap_abs } mai puțin decât într-o locuință ca a ta.
film-tell-why-up = Suma este mai mare cu { $bill_change_abs } decât data trecută. Iată de ce.
film-tell-why-down = Suma este mai mică cu { $bill_change_abs } decât data trecută. Iată de ce.
film-tell-offer-note = Este o estimare după consumul tău.
film-tell-thanks = Mulțumim, și pe luna viitoare.
