# The film. Few words to a line: they are read while they move. The sentences film-say are the captions and tell the scene.

### Chapters
film-chapter-opening = Your bill
film-chapter-due = How much and when
film-chapter-credit = Your credit
film-chapter-usage = How much you used
film-chapter-neighbours = Similar homes
film-chapter-why = Why the amount changed
film-chapter-offer = An idea for you
film-chapter-tip = A tip
film-chapter-closing = What happens next

### Opening
film-greeting = Hello { $given_name }
film-title = Your bill for { $period_month }
film-say-opening = Hello { $given_name }.
film-say-opening-more = Here is your bill for { $period_month }.

### The amount
film-amount-label = Total for { $period_month }
film-amount-due = Due by { $due_day }
film-amount-debit = Direct debit on { $debit_day }
film-amount-credit-label = In credit
film-amount-credit = Nothing to pay this time
film-say-due = The total is { $total }.
film-say-due-more = It is due by { $due_date }.
film-say-debit = The total is { $total }.
film-say-debit-more = We will debit your account on { $debit_date }.
film-say-credit = You have { $total_abs } in credit.
film-say-credit-more = There is nothing to pay this time.

### Usage
film-usage-label = You used
film-usage-daily = { $daily_kwh } a day
film-usage-days =
    { $days_n ->
        [one] in { $days } day
       *[other] in { $days } days
    }
film-usage-up = { $usage_change_abs } more than last year
film-usage-down = { $usage_change_abs } less than last year
film-usage-steady = About the same as last year
film-say-usage = You used { $usage_kwh }, on average { $daily_kwh } a day.
film-say-usage-up = A year ago it was { $last_year_kwh }: that is { $usage_change_abs } more now.
film-say-usage-down = A year ago it was { $last_year_kwh }: that is { $usage_change_abs } less now.
film-say-usage-steady = A year ago it was { $last_year_kwh }: about the same.

### Similar homes
film-neighbours-label = Compared with similar homes
film-neighbours-above = You use { $neighbour_gap_abs } more
film-neighbours-below = You use { $neighbour_gap_abs } less
film-say-neighbours-above = Homes like yours use { $neighbours_kwh } on average.
film-say-neighbours-above-more = You use { $neighbour_gap_abs } more.
film-say-neighbours-below = Homes like yours use { $neighbours_kwh } on average.
film-say-neighbours-below-more = You use { $neighbour_gap_abs } less.

### Why it changed
film-why-label = Compared with your previous bill
film-why-up = { $bill_change_abs } more
film-why-down = { $bill_change_abs } less
film-why-sum = Your last bill was { $previous_total }, this one is { $total }.
film-effect-usage = Usage
film-effect-price = Price
film-effect-other = Everything else
film-say-why-up = That is { $bill_change_abs } more than your previous bill.
film-say-why-down = That is { $bill_change_abs } less than your previous bill.
film-say-effects = Usage: { $usage_effect }. Price: { $price_effect }. Everything else: { $other_effect }.

### What next
film-offer-lead = You could save about
film-offer-tail = a year
film-offer-note = Estimated from your usage
film-app-label = The Brezza app
film-app-title = Your usage, day by day
film-app-body = And all your bills in one place
film-tip-label = A tip
film-tip-title = Wash full loads, at 30 degrees
film-tip-body = Fewer cycles, cooler water
film-say-offer-note = This is an estimate: real savings may differ.
film-say-app = The Brezza app shows your usage day by day.
film-say-app-more = It keeps all your bills in one place, too.
film-say-tip = A tip: wash full loads, at 30 degrees.
film-say-tip-more = Heating the water is what takes most energy.

### Closing: the words of the button are the page’s
film-closing-due = You can pay online, on your page
film-closing-due-body = Due by { $due_day }
film-closing-debit = There is nothing to do
film-closing-debit-body = Direct debit on { $debit_day }
film-closing-credit = The credit is yours
film-closing-credit-body = Taken off your next bills
film-say-closing-due = To pay, use the button on your page.
film-say-closing-due-more = It is due by { $due_date }. Thank you!
film-say-closing-debit = There is nothing to do.
film-say-closing-debit-more = The details of the direct debit are on your page.
film-say-closing-credit = We take the credit off your next bills.
film-say-closing-credit-more = If you prefer, we pay it into your account.
