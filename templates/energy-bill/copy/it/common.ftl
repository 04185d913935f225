# Parole usate da più canali. Tono: diamo del tu, frasi brevi, nessuno scherzo sui soldi.

### Chi scrive
brand-name = Brezza Energia
brand-tagline = Energia, spiegata bene.

### Voci della bolletta: line-CODICE
line-energy = Energia
line-network = Rete e contatore
line-system = Oneri di sistema
line-taxes = Accise
line-vat = IVA
line-discount = Sconto
line-adjustment = Conguaglio
line-fee = Quota fissa

### Intestazioni della tabella
table-label = Voce
table-quantity = Quantità
table-unit-price = Prezzo unitario
table-amount = Importo
table-total = Totale

### Etichette
label-total = Totale
label-bill-number = Bolletta n.
label-account = Codice cliente
label-period = Periodo
label-issued = Emessa il
label-due = Da pagare entro
label-debit = Addebito il
label-usage = Consumo
label-daily = Media al giorno
label-last-year = Un anno fa
label-neighbours = Case simili
label-you = Tu
label-previous = Bolletta precedente
label-this-bill = Questa bolletta
label-change = Differenza
label-tariff = Tariffa
label-unit-price = Prezzo dell’energia per kWh
label-standing-charge = Quota fissa al mese
label-green = Energia rinnovabile
label-month = Mese
period-range = { $period_start } – { $period_end }
period-days =
    { $days_n ->
        [one] { $days } giorno
       *[other] { $days } giorni
    }

### Come si paga
state-due-name = Da pagare
state-debit-name = Addebito diretto
state-credit-name = A tuo credito
method-direct-debit = Addebito diretto
method-transfer = Bonifico

### Perché l’importo è cambiato
effect-usage = Consumo
effect-price = Prezzo dell’energia
effect-other = Rete, imposte e altre voci
effect-usage-why = Quanta energia in più o in meno hai usato, al prezzo della bolletta precedente.
effect-price-why = Quanto è cambiato il prezzo dell’energia che hai usato questo mese.
effect-other-why = Tutto il resto: rete, oneri, imposte, sconti e conguagli.

### Offerte
offer-solar-name = Pannelli solari
offer-ev-name = Tariffa notturna per l’auto elettrica
offer-heat-pump-name = Pompa di calore
offer-app-name = App Brezza
offer-solar-saving = Con i pannelli solari potresti risparmiare circa { $offer_saving } all’anno.
offer-ev-saving = Ricaricando l’auto di notte potresti risparmiare circa { $offer_saving } all’anno.
offer-heat-pump-saving = Con una pompa di calore al posto del gas potresti risparmiare circa { $offer_saving } all’anno.
offer-saving-note = Stima su un anno, calcolata sui tuoi consumi. Il risparmio reale può essere diverso.

### Aiuto e note
help-contact = Hai una domanda? Scrivi a help@brezza.example: ti risponde una persona.
legal-sender = Brezza Energia S.p.A., Via del Maestrale 1, 16100 Genova
legal-fiction = Brezza Energia è un’azienda di fantasia. Le persone e gli importi di questo esempio sono inventati.
legal-neighbours = Confronto con il consumo medio di case simili nella tua zona, nello stesso periodo.
legal-preferences = Ricevi le nostre proposte perché hai dato il consenso. Puoi cambiare idea quando vuoi.
