# Words that several channels use. Tone: second person, short sentences, no jokes about money.

### Who writes
brand-name = Brezza Energia
brand-tagline = Energy, clearly explained.

### Lines of the bill: line-CODE
line-energy = Energy
line-network = Network and meter
line-system = System charges
line-taxes = Energy duty
line-vat = VAT
line-discount = Discount
line-adjustment = Adjustment
line-fee = Standing charge

### Heads of the table
table-label = Item
table-quantity = Quantity
table-unit-price = Unit price
table-amount = Amount
table-total = Total

### Labels
label-total = Total
label-bill-number = Bill no.
label-account = Account number
label-period = Period
label-issued = Issued on
label-due = Pay by
label-debit = Debited on
label-usage = Usage
label-daily = Daily average
label-last-year = A year ago
label-neighbours = Similar homes
label-you = You
label-previous = Previous bill
label-this-bill = This bill
label-change = Difference
label-tariff = Tariff
label-unit-price = Energy price per kWh
label-standing-charge = Standing charge a month
label-green = Renewable energy
label-month = Month
period-range = { $period_start } to { $period_end }
period-days =
    { $days_n ->
        [one] { $days } day
       *[other] { $days } days
    }

### How it is paid
state-due-name = To pay
state-debit-name = Direct debit
state-credit-name = In credit
method-direct-debit = Direct debit
method-transfer = Bank transfer

### Why the amount changed
effect-usage = Usage
effect-price = Energy price
effect-other = Network, taxes and other items
effect-usage-why = How much more or less energy you used, at the previous bill’s price.
effect-price-why = How the price changed for the energy you used this month.
effect-other-why = Everything else: network, charges, taxes, discounts and adjustments.

### Offers
offer-solar-name = Solar panels
offer-ev-name = Night tariff for electric cars
offer-heat-pump-name = Heat pump
offer-app-name = Brezza app
offer-solar-saving = With solar panels you could save about { $offer_saving } a year.
offer-ev-saving = By charging your car at night you could save about { $offer_saving } a year.
offer-heat-pump-saving = With a heat pump in place of gas you could save about { $offer_saving } a year.
offer-saving-note = An estimate for one year, based on your usage. What you really save may differ.

### Help and small print
help-contact = Any questions? Write to help@brezza.example and a person will answer.
legal-sender = Brezza Energia S.p.A., Via del Maestrale 1, 16100 Genoa, Italy
legal-fiction = Brezza Energia is a fictional company. The people and amounts in this example are made up.
legal-neighbours = Compared with the average use of similar homes in your area over the same period.
legal-preferences = You see our offers because you agreed to. You can change your mind at any time.
