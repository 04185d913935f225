# Cuvinte folosite de mai multe canale. Ton: la persoana a doua singular, propoziții scurte, fără glume despre bani.

### Cine scrie
brand-name = Brezza Energia
brand-tagline = Energia, explicată clar.

### Rândurile facturii: line-COD
line-energy = Energie
line-network = Rețea și contor
line-system = Servicii de sistem
line-taxes = Acciză
line-vat = TVA
line-discount = Reducere
line-adjustment = Regularizare
line-fee = Abonament

### Capul tabelului
table-label = Denumire
table-quantity = Cantitate
table-unit-price = Preț unitar
table-amount = Sumă
table-total = Total

### Etichete
label-total = Total
label-bill-number = Factura nr.
label-account = Cod client
label-period = Perioada
label-issued = Emisă pe
label-due = De plătit până pe
label-debit = Se încasează pe
label-usage = Consum
label-daily = Media pe zi
label-last-year = Acum un an
label-neighbours = Locuințe similare
label-you = Tu
label-previous = Factura precedentă
label-this-bill = Factura aceasta
label-change = Diferență
label-tariff = Tarif
label-unit-price = Prețul energiei pe kWh
label-standing-charge = Abonament pe lună
label-green = Energie regenerabilă
label-month = Luna
period-range = { $period_start } – { $period_end }
period-days =
    { $days_n ->
        [one] { $days } zi
        [few] { $days } zile
       *[other] { $days } de zile
    }

### Cum se plătește
state-due-name = De plată
state-debit-name = Debitare directă
state-credit-name = În favoarea ta
method-direct-debit = Debitare directă
method-transfer = Transfer bancar

### De ce s-a schimbat suma
effect-usage = Consum
effect-price = Prețul energiei
effect-other = Rețea, taxe și altele
effect-usage-why = Energia consumată în plus sau în minus, la prețul de pe factura precedentă.
effect-price-why = Cât contează schimbarea prețului pentru energia consumată luna aceasta.
effect-other-why = Tot restul: rețea, servicii, taxe, reduceri și regularizări.

### Oferte
offer-solar-name = Panouri solare
offer-ev-name = Tarif nocturn pentru mașina electrică
offer-heat-pump-name = Pompă de căldură
offer-app-name = Aplicația Brezza
offer-solar-saving = Cu panouri solare ai putea economisi aproximativ { $offer_saving } pe an.
offer-ev-saving = Dacă îți încarci mașina noaptea, ai putea economisi aproximativ { $offer_saving } pe an.
offer-heat-pump-saving = Cu o pompă de căldură în locul gazului ai putea economisi aproximativ { $offer_saving } pe an.
offer-saving-note = Estimare pe un an, pe baza consumului tău. Economia reală poate fi diferită.

### Ajutor și mențiuni
help-contact = Ai o întrebare? Scrie la help@brezza.example și îți răspunde un om.
legal-sender = Brezza Energia S.p.A., Via del Maestrale 1, 16100 Genova, Italia
legal-fiction = Brezza Energia este o companie fictivă. Persoanele și sumele din acest exemplu sunt inventate.
legal-neighbours = Comparație cu consumul mediu al unor locuințe similare din zona ta, în aceeași perioadă.
legal-preferences = Vezi ofertele noastre pentru că ți-ai dat acordul. Te poți răzgândi oricând.
