# Pagina web. Cifrele nu se formatează aici: se numesc datele din facts.yaml.

### Antetul
page-title = Factura ta pentru { $period_month }
page-skip = Sari la conținut
page-account = Contul meu
page-eyebrow = Factura pentru { $period_month }
page-greeting = Bună, { $given_name }, iată factura ta.
page-photo-alt = Fotografia ta
page-opens-file = (PDF)

### Suma
page-due-when = De plătit până pe { $due_date }
page-due-text = Plătești cum vrei: cu cardul, prin transfer bancar sau din aplicația băncii tale.
page-due-action = Plătește acum
page-debit-when = Încasăm suma pe { $debit_date }
page-debit-text = Direct din contul tău bancar. Nu ai nimic de făcut.
page-debit-text-iban = Din contul care se termină cu { $iban_tail }. Nu ai nimic de făcut.
page-debit-action = Vezi detaliile debitării
page-credit-when = Suma rămâne a ta
page-credit-text = Scădem suma din facturile următoare. Dacă preferi, ți-o virăm în cont.
page-credit-action = Alege cum o primești
page-pdf = Descarcă factura
page-first-note = Este prima ta factură de la noi: bun venit. Peste un an o vei putea compara cu următoarea.

### Filmul
page-film-title = Factura ta într-un minut
page-film-label = Video care explică factura ta pentru { $period_month }
page-film-captions = Română
page-film-chapters = Capitole
page-film-transcript = Citește textul din video
page-film-print = Videoul se poate vedea pe pagina web.

### Pe scurt
page-figures-title = Pe scurt
page-usage-days =
    { $days_n ->
        [one] într-o zi
        [few] în { $days } zile
       *[other] în { $days } de zile
    }

### Lună de lună
page-history-title = Lună de lună
page-history-text = Luna acestei facturi este evidențiată: { $usage_kwh }.
page-history-desc = Grafic cu bare al consumului lunar; bara din luna acestei facturi, { $usage_kwh }, este evidențiată.
page-history-table = Vezi valorile în tabel

### Acum un an
page-compare-first-title = Cât ai consumat
page-compare-first-text = În medie { $daily_kwh } pe zi. Când vom avea consumul tău pe un an, aici vei găsi comparația.
page-compare-up-title = Mai mult decât acum un an
page-compare-up-text = Cu { $usage_change_abs } mai mult decât în aceeași perioadă de acum un an.
page-compare-down-title = Mai puțin decât acum un an
page-compare-down-text = Cu { $usage_change_abs } mai puțin decât în aceeași perioadă de acum un an.
page-compare-steady-title = Aproape ca acum un an
page-compare-steady-text = Consumul tău este apropiat de cel din aceeași perioadă de acum un an.
page-this-year = Acum

### Locuințe similare
page-neighbours-above-title = Mai mult decât locuințe similare
page-neighbours-above-text = Cu { $neighbour_gap_abs } peste media unor locuințe ca a ta.
page-neighbours-below-title = Mai puțin decât locuințe similare
page-neighbours-below-text = Cu { $neighbour_gap_abs } sub media unor locuințe ca a ta.

### De ce s-a schimbat suma
page-why-up-title = De ce a crescut suma
page-why-down-title = De ce a scăzut suma
page-why-same-title = Ce s-a schimbat
page-why-text = Iată de unde vine diferența față de factura precedentă. Cele trei componente, adunate, dau exact diferența.
page-why-table = Diferența față de factura precedentă, pe componente

### Rândurile
page-lines-title = Ce conține factura
page-lines-text = Tot ce intră în sumă, pe componente.
page-lines-table = Componentele facturii

### Energie regenerabilă
page-green-title = { $green_share } din surse regenerabile
page-green-text = Este partea din energia ta pe care { $tariff_name } o acoperă cu garanții de origine.

### Oferta
page-offer-eyebrow = O idee pentru casa ta
page-offer-app-text = Consumul pe zile, facturile și citirile contorului: toate pe telefon.
page-offer-solar-action = Vezi dacă merită la tine acasă
page-offer-ev-action = Vezi tariful nocturn
page-offer-heat-pump-action = Calculează pentru casa ta
page-offer-app-action = Descarcă aplicația
page-offer-preferences = Modifică preferințele

### Mesajul și ajutorul
page-note-title = Un mesaj pentru tine
page-note-from = Relații cu clienții { brand-name }
page-help-title = Ceva nu este în regulă?
page-help-text = Scrie-ne și îți răspunde un om.
page-help-contact = Scrie-ne
page-help-answers = Citește răspunsurile la întrebări frecvente

### Subsolul
page-footer-links = Informații
page-preferences = Preferințe
page-privacy = Confidențialitate
