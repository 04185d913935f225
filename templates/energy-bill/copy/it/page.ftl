# La pagina web. I numeri non si formattano qui: si nominano i dati di facts.yaml.
# Niente articoli davanti alle percentuali: «l’8 %» e «il 9 %» non si possono scegliere senza leggere il numero.

### Testata
page-title = La tua bolletta di { $period_month }
page-skip = Vai al contenuto
page-account = Area clienti
page-eyebrow = Bolletta di { $period_month }
page-greeting = Ciao { $given_name }, ecco la tua bolletta.
page-photo-alt = La tua foto
page-opens-file = (PDF)

### Il riquadro dell’importo
page-due-when = Entro il { $due_date }
page-due-text = Scegli tu come: carta, bonifico o app della tua banca.
page-due-action = Paga ora
page-debit-when = Lo preleviamo il { $debit_date }
page-debit-text = Direttamente dal tuo conto. Non devi fare nulla.
page-debit-text-iban = Dal conto che finisce con { $iban_tail }. Non devi fare nulla.
page-debit-action = Vedi i dettagli dell’addebito
page-credit-when = Resta a tuo favore
page-credit-text = Lo scaliamo dalle prossime bollette. Se preferisci, te lo rimborsiamo sul conto.
page-credit-action = Scegli come riceverlo
page-pdf = Scarica la bolletta
page-first-note = È la tua prima bolletta con noi: ti diamo il benvenuto. Tra un anno potrai confrontarla con questa.

### Il video
page-film-title = La tua bolletta in un minuto
page-film-label = Video che spiega la tua bolletta di { $period_month }
page-film-captions = Italiano
page-film-chapters = Capitoli
page-film-transcript = Leggi il testo del video
page-film-print = Il video si guarda sulla pagina web.

### In breve
page-figures-title = In breve
page-usage-days =
    { $days_n ->
        [one] in { $days } giorno
       *[other] in { $days } giorni
    }

### Mese per mese
page-history-title = Mese per mese
page-history-text = Il mese di questa bolletta è in evidenza: { $usage_kwh }.
page-history-desc = Grafico a barre dei consumi mensili; la barra del mese di questa bolletta, { $usage_kwh }, è in evidenza.
page-history-table = Vedi i valori in tabella

### Un anno fa
page-compare-first-title = Quanto hai consumato
page-compare-first-text = In media { $daily_kwh } al giorno. Quando avremo un anno dei tuoi consumi, qui troverai il confronto.
page-compare-up-title = Più di un anno fa
page-compare-up-text = { $usage_change_abs } in più rispetto allo stesso periodo di un anno fa.
page-compare-down-title = Meno di un anno fa
page-compare-down-text = { $usage_change_abs } in meno rispetto allo stesso periodo di un anno fa.
page-compare-steady-title = Come un anno fa
page-compare-steady-text = Il tuo consumo è quasi uguale a quello dello stesso periodo di un anno fa.
page-this-year = Adesso

### Case simili
page-neighbours-above-title = Più delle case simili
page-neighbours-above-text = { $neighbour_gap_abs } in più rispetto alla media di case come la tua.
page-neighbours-below-title = Meno delle case simili
page-neighbours-below-text = { $neighbour_gap_abs } in meno rispetto alla media di case come la tua.

### Perché l’importo è cambiato
page-why-up-title = Perché l’importo è salito
page-why-down-title = Perché l’importo è sceso
page-why-same-title = Che cosa è cambiato
page-why-text = Ecco da che cosa nasce la differenza con la bolletta precedente. Le tre voci, sommate, danno la differenza esatta.
page-why-table = Differenza con la bolletta precedente, voce per voce

### Le voci
page-lines-title = Voce per voce
page-lines-text = Tutto quello che compone l’importo.
page-lines-table = Voci della bolletta

### Energia rinnovabile
page-green-title = { $green_share } da fonti rinnovabili
page-green-text = È la parte della tua energia che { $tariff_name } copre con garanzie d’origine.

### L’offerta
page-offer-eyebrow = Un’idea per la tua casa
page-offer-app-text = Consumi giorno per giorno, bollette e letture del contatore: tutto sul telefono.
page-offer-solar-action = Vedi se conviene a casa tua
page-offer-ev-action = Scopri la tariffa notturna
page-offer-heat-pump-action = Calcola il tuo caso
page-offer-app-action = Scarica l’app
page-offer-preferences = Gestisci le tue preferenze

### Il messaggio e l’aiuto
page-note-title = Un messaggio per te
page-note-from = Assistenza clienti { brand-name }
page-help-title = Qualcosa non torna?
page-help-text = Scrivici: ti risponde una persona.
page-help-contact = Scrivi all’assistenza
page-help-answers = Leggi le risposte alle domande frequenti

### In fondo
page-footer-links = Informazioni
page-preferences = Preferenze
page-privacy = Privacy
