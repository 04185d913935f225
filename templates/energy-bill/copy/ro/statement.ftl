# Factura în PDF. Ton: la persoana a doua singular, propoziții scurte, întâi ce contează.

### Documentul
statement-title = Factura ta Brezza Energia
statement-running = Factura pentru { $period_month }
statement-page = Pagina
statement-page-of = din
statement-details = Datele facturii
statement-to = Destinatar

### Pe scurt
statement-heading = Factura ta pentru { $period_month }
statement-greeting = Bună, { $given_name }, aici vezi cât ai consumat, cât costă și de ce.
statement-due = De plătit până pe { $due_date }. Modurile de plată sunt în caseta „Cum plătești”.
statement-debit = Nu ai nimic de făcut: încasăm suma pe { $debit_date }.
statement-debit-account = Contul care se termină cu { $iban_tail }
statement-credit = Nu ai nimic de plată: scădem această sumă din factura următoare.
statement-first = Este prima ta factură de la noi: îți mulțumim că ne-ai ales. De la următoarea vei putea compara lunile între ele.

### Consumul
statement-usage-heading = Consumul tău
statement-compare-up = Ai consumat cu { $usage_change_abs } mai mult decât acum un an.
statement-compare-down = Ai consumat cu { $usage_change_abs } mai puțin decât acum un an.
statement-compare-steady = Ai consumat aproape la fel ca acum un an.
statement-compare-first = În această perioadă ai consumat { $usage_kwh }, în medie { $daily_kwh } pe zi.
statement-neighbours-above = Este cu { $neighbour_gap_abs } mai mult decât la locuințe similare.
statement-neighbours-below = Este cu { $neighbour_gap_abs } mai puțin decât la locuințe similare.
statement-this-period = Perioada aceasta
statement-chart-title = Consumul lună de lună
statement-chart-desc = Grafic cu bare. Aceleași valori sunt în tabelul alăturat.

### De ce s-a schimbat
statement-why-heading = De ce s-a schimbat suma
statement-why-up = Suma este mai mare cu { $bill_change_abs } decât pe factura precedentă.
statement-why-down = Suma este mai mică cu { $bill_change_abs } decât pe factura precedentă.
statement-why-same = Suma este aproape aceeași ca pe factura precedentă.
statement-effect-usage = kWh în plus sau în minus, la prețul de dinainte
statement-effect-price = prețul nou pentru kWh din această perioadă

### Rândurile
statement-lines-heading = Ce plătești
statement-lines-note = Prețurile unitare sunt pe kWh.
statement-green = { $green_share } din energia ta vine din surse regenerabile.

### Mesajul și oferta
statement-note-heading = Un mesaj pentru tine
statement-offer-heading = O idee pentru tine
statement-offer-app = Aplicația Brezza îți arată consumul zi de zi și îți ține toate facturile la un loc.
statement-offer-more = Află mai multe
statement-photo = Fotografia ta

### Plata
statement-pay-due = Cum plătești
statement-pay-debit = Cum se plătește
statement-pay-credit = Ce urmează
statement-pay-online = Online, cu cardul sau din cont:
statement-pay-online-link = mergi la pagina de plată
statement-pay-transfer = Prin transfer bancar: folosește datele alăturate și scrie referința.
statement-pay-switch = Ca să nu mai ai grija plății:
statement-pay-switch-link = activează debitarea directă
statement-pay-debit-check = Verifică să ai suma în cont în acea zi. Dacă datele nu sunt corecte, scrie-ne înainte.
statement-pay-credit-transfer = Preferi să o primești în cont? Scrie-ne și îți facem un transfer.
statement-payee = Beneficiar
statement-iban = IBAN
statement-iban-value = IT60 X054 2811 1010 0000 0123 456
statement-reference = Referință

### Ajutor
statement-help-heading = Ai nevoie de ajutor?
statement-help-online = Răspunsurile la cele mai frecvente întrebări sunt mereu online.
statement-help-link = Vezi întrebările frecvente
