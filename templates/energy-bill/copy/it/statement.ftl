# La bolletta in PDF. Tono: diamo del tu, frasi brevi, prima quello che serve.

### Il documento
statement-title = La tua bolletta Brezza Energia
statement-running = Bolletta di { $period_month }
statement-page = Pagina
statement-page-of = di
statement-details = Dati della bolletta
statement-to = Destinatario

### In breve
statement-heading = La tua bolletta di { $period_month }
statement-greeting = Ciao { $given_name }, qui trovi quanto hai consumato, quanto costa e perché.
statement-due = Da pagare entro il { $due_date }. I modi per farlo sono nel riquadro «Come pagare».
statement-debit = Non devi fare nulla: addebitiamo l’importo il { $debit_date }.
statement-debit-account = Conto che termina con { $iban_tail }
statement-credit = Non c’è nulla da pagare: scaliamo questo importo dalla prossima bolletta.
statement-first = È la tua prima bolletta con noi: grazie per averci scelto. Dalla prossima potrai confrontare i mesi tra loro.

### Consumo
statement-usage-heading = Il tuo consumo
statement-compare-up = Hai consumato il { $usage_change_abs } in più rispetto a un anno fa.
statement-compare-down = Hai consumato il { $usage_change_abs } in meno rispetto a un anno fa.
statement-compare-steady = Il tuo consumo è quasi lo stesso di un anno fa.
statement-compare-first = In questo periodo hai consumato { $usage_kwh }, in media { $daily_kwh } al giorno.
statement-neighbours-above = È il { $neighbour_gap_abs } in più rispetto a case simili alla tua.
statement-neighbours-below = È il { $neighbour_gap_abs } in meno rispetto a case simili alla tua.
statement-this-period = Questo periodo
statement-chart-title = Consumo mese per mese
statement-chart-desc = Grafico a barre. Gli stessi valori sono nella tabella accanto.

### Perché è cambiata
statement-why-heading = Perché l’importo è cambiato
statement-why-up = L’importo è più alto di { $bill_change_abs } rispetto alla bolletta precedente.
statement-why-down = L’importo è più basso di { $bill_change_abs } rispetto alla bolletta precedente.
statement-why-same = L’importo è quasi uguale a quello della bolletta precedente.
statement-effect-usage = kWh in più o in meno, al prezzo di prima
statement-effect-price = il prezzo nuovo sui kWh di questo periodo

### Voci
statement-lines-heading = Le voci della bolletta
statement-lines-note = I prezzi unitari sono per kWh.
statement-green = Il { $green_share } della tua energia viene da fonti rinnovabili.

### Messaggio e proposta
statement-note-heading = Un messaggio per te
statement-offer-heading = Un’idea per te
statement-offer-app = Nell’app Brezza vedi i consumi giorno per giorno e ritrovi tutte le bollette.
statement-offer-more = Scopri di più
statement-photo = La tua foto

### Pagamento
statement-pay-due = Come pagare
statement-pay-debit = Come viene pagata
statement-pay-credit = Che cosa succede ora
statement-pay-online = Online, con carta o conto:
statement-pay-online-link = vai alla pagina di pagamento
statement-pay-transfer = Con bonifico: usa i dati qui accanto e riporta la causale.
statement-pay-switch = Per non pensarci più:
statement-pay-switch-link = attiva l’addebito diretto
statement-pay-debit-check = Controlla che quel giorno sul conto ci sia l’importo. Se i dati non sono giusti, scrivici prima.
statement-pay-credit-transfer = Preferisci riceverlo sul conto? Scrivici: facciamo un bonifico.
statement-payee = Beneficiario
statement-iban = IBAN
statement-iban-value = IT60 X054 2811 1010 0000 0123 456
statement-reference = Causale

### Aiuto
statement-help-heading = Serve aiuto?
statement-help-online = Le risposte alle domande più comuni sono sempre online.
statement-help-link = Vai alle domande frequenti
