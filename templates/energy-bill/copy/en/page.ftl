# The web page. Figures are not formatted here: name the facts of facts.yaml.

### Head
page-title = Your bill for { $period_month }
page-skip = Skip to content
page-account = My account
page-eyebrow = Bill for { $period_month }
page-greeting = Hi { $given_name }, here is your bill.
page-photo-alt = Your photo
page-opens-file = (PDF)

### The amount
page-due-when = Please pay by { $due_date }
page-due-text = Pay the way you like: card, bank transfer or your bank’s app.
page-due-action = Pay now
page-debit-when = We will collect it on { $debit_date }
page-debit-text = It comes out of your bank account. There is nothing you need to do.
page-debit-text-iban = It comes out of the account ending in { $iban_tail }. There is nothing you need to do.
page-debit-action = See direct debit details
page-credit-when = In your favour
page-credit-text = We take it off your next bills. If you prefer, we pay it into your account.
page-credit-action = Choose how to get it
page-pdf = Download the bill
page-first-note = This is your first bill with us. Welcome. In a year you can compare the next one with it.

### The film
page-film-title = Your bill in a minute
page-film-label = Video that explains your bill for { $period_month }
page-film-captions = English
page-film-chapters = Chapters
page-film-transcript = Read what the video says
page-film-print = You can watch the video on the web page.

### At a glance
page-figures-title = At a glance
page-usage-days =
    { $days_n ->
        [one] over { $days } day
       *[other] over { $days } days
    }

### Month by month
page-history-title = Month by month
page-history-text = The month of this bill stands out: { $usage_kwh }.
page-history-desc = Bar chart of monthly usage; the bar for the month of this bill, { $usage_kwh }, stands out.
page-history-table = See the values in a table

### A year ago
page-compare-first-title = What you used
page-compare-first-text = { $daily_kwh } a day on average. Once we have a year of your usage, you will find the comparison here.
page-compare-up-title = More than a year ago
page-compare-up-text = { $usage_change_abs } more than in the same period a year ago.
page-compare-down-title = Less than a year ago
page-compare-down-text = { $usage_change_abs } less than in the same period a year ago.
page-compare-steady-title = Much like a year ago
page-compare-steady-text = Your usage is close to that of the same period a year ago.
page-this-year = Now

### Similar homes
page-neighbours-above-title = More than similar homes
page-neighbours-above-text = { $neighbour_gap_abs } more than the average of homes like yours.
page-neighbours-below-title = Less than similar homes
page-neighbours-below-text = { $neighbour_gap_abs } less than the average of homes like yours.

### Why the amount changed
page-why-up-title = Why your bill went up
page-why-down-title = Why your bill went down
page-why-same-title = What has changed
page-why-text = This is where the difference from your previous bill comes from. The three parts add up to it exactly.
page-why-table = Difference from the previous bill, part by part

### The items
page-lines-title = Item by item
page-lines-text = Everything that makes up the amount.
page-lines-table = Items of the bill

### Renewable energy
page-green-title = { $green_share } from renewable sources
page-green-text = That is the part of your energy that { $tariff_name } covers with guarantees of origin.

### The offer
page-offer-eyebrow = An idea for your home
page-offer-app-text = Daily usage, bills and meter readings, all on your phone.
page-offer-solar-action = See if it pays off for you
page-offer-ev-action = See the night tariff
page-offer-heat-pump-action = Work out your case
page-offer-app-action = Get the app
page-offer-preferences = Manage your preferences

### Note and help
page-note-title = A message for you
page-note-from = { brand-name } customer care
page-help-title = Something not right?
page-help-text = Write to us and a person will answer.
page-help-contact = Write to customer care
page-help-answers = Read the answers to common questions

### Foot
page-footer-links = Information
page-preferences = Preferences
page-privacy = Privacy
