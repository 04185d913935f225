# The bill as a PDF. Tone: second person, short sentences, what matters first.

### The document
statement-title = Your Brezza Energia bill
statement-running = Bill for { $period_month }
statement-page = Page
statement-page-of = of
statement-details = Bill details
statement-to = To

### In short
statement-heading = Your bill for { $period_month }
statement-greeting = Hello { $given_name }, here is how much energy you used, what it costs and why.
statement-due = To be paid by { $due_date }. The box “How to pay” shows your options.
statement-debit = Nothing to do: we will debit this amount on { $debit_date }.
statement-debit-account = Account ending in { $iban_tail }
statement-credit = Nothing to pay: we will take this amount off your next bill.
statement-first = This is your first bill with us: thank you for choosing us. From the next one on, you can compare months.

### Usage
statement-usage-heading = Your usage
statement-compare-up = You used { $usage_change_abs } more than a year ago.
statement-compare-down = You used { $usage_change_abs } less than a year ago.
statement-compare-steady = You used about as much as a year ago.
statement-compare-first = In this period you used { $usage_kwh }, on average { $daily_kwh } a day.
statement-neighbours-above = That is { $neighbour_gap_abs } more than similar homes.
statement-neighbours-below = That is { $neighbour_gap_abs } less than similar homes.
statement-this-period = This period
statement-chart-title = Usage month by month
statement-chart-desc = Bar chart. The same figures are in the table beside it.

### Why it changed
statement-why-heading = Why the amount changed
statement-why-up = The amount is { $bill_change_abs } higher than on your previous bill.
statement-why-down = The amount is { $bill_change_abs } lower than on your previous bill.
statement-why-same = The amount is about the same as on your previous bill.
statement-effect-usage = more or fewer kWh, at the price before
statement-effect-price = the new price on the kWh of this period

### Lines
statement-lines-heading = What you are billed for
statement-lines-note = Unit prices are per kWh.
statement-green = { $green_share } of your energy comes from renewable sources.

### Message and offer
statement-note-heading = A message for you
statement-offer-heading = An idea for you
statement-offer-app = The Brezza app shows your usage day by day and keeps all your bills in one place.
statement-offer-more = Find out more
statement-photo = Your photo

### Payment
statement-pay-due = How to pay
statement-pay-debit = How it is paid
statement-pay-credit = What happens next
statement-pay-online = Online, by card or account:
statement-pay-online-link = go to the payment page
statement-pay-transfer = By bank transfer: use the details shown here and quote the reference.
statement-pay-switch = To have it taken care of:
statement-pay-switch-link = set up a direct debit
statement-pay-debit-check = Please make sure the amount is in your account on that day. If the details are wrong, tell us before then.
statement-pay-credit-transfer = Would you rather have it in your account? Write to us and we will transfer it.
statement-payee = Payee
statement-iban = IBAN
statement-iban-value = IT60 X054 2811 1010 0000 0123 456
statement-reference = Reference

### Help
statement-help-heading = Need help?
statement-help-online = Answers to the most common questions are always online.
statement-help-link = Go to the questions and answers
