# Words that several channels use. Tone: second person, warm and short, like liner notes. No jokes about money or absence.

### Who writes
brand-name = Solco
brand-tagline = Records, online and by post.

### Labels
label-year = The year
label-orders = Orders
label-units = Records
label-spent = Spent
label-month = Month
label-date = Date
label-amount = Amount
label-best-month = Best month
label-biggest = Biggest order
label-first = First order
label-last = Latest order
label-always = Since the first order
label-rank = Among all customers
label-points = Points
label-points-earned = Earned this year
label-points-balance = To spend now
label-gap = Usual pause
label-silence = Since the latest order
label-gift = Your gift
label-until = Valid until
year-range = { $year_from } to { $year_to }
rank-top-line = Top { $rank_top }
rank-share-line = More than { $rank_share } of our customers

### Counted things
count-year-orders =
    { $year_orders_n ->
        [one] { $year_orders } order
       *[other] { $year_orders } orders
    }
count-year-units =
    { $year_units_n ->
        [one] { $year_units } record
       *[other] { $year_units } records
    }
count-active-months =
    { $active_months_n ->
        [one] { $active_months } month
       *[other] { $active_months } months
    }
count-best-month-units =
    { $best_month_units_n ->
        [one] { $best_month_units } record
       *[other] { $best_month_units } records
    }
count-biggest-units =
    { $biggest_units_n ->
        [one] { $biggest_units } record
       *[other] { $biggest_units } records
    }
count-total-orders =
    { $total_orders_n ->
        [one] { $total_orders } order
       *[other] { $total_orders } orders
    }
count-total-units =
    { $total_units_n ->
        [one] { $total_units } record
       *[other] { $total_units } records
    }
count-first-units =
    { $first_units_n ->
        [one] { $first_units } record
       *[other] { $first_units } records
    }
count-last-units =
    { $last_units_n ->
        [one] { $last_units } record
       *[other] { $last_units } records
    }
count-days-since =
    { $days_since_n ->
        [one] { $days_since } day
       *[other] { $days_since } days
    }
count-months-since =
    { $months_since_n ->
        [one] { $months_since } month
       *[other] { $months_since } months
    }
count-gap-days =
    { $gap_days_n ->
        [one] { $gap_days } day
       *[other] { $gap_days } days
    }
count-points-earned =
    { $points_earned_n ->
        [one] { $points_earned } point
       *[other] { $points_earned } points
    }
count-points-balance =
    { $points_balance_n ->
        [one] { $points_balance } point
       *[other] { $points_balance } points
    }
count-gift-points =
    { $gift_points_n ->
        [one] { $gift_points } point
       *[other] { $gift_points } points
    }
count-older-orders =
    { $older_orders_n ->
        [one] { $older_orders } earlier order
       *[other] { $older_orders } earlier orders
    }

### Names of the stories
story-big-spender-name = Heavy rotation
story-regular-name = In the groove
story-newcomer-name = The first tracks
story-slipping-name = The long pause
story-long-gone-name = The one that stayed on the shelf
story-listener-name = A good ear

### Gifts: what they are called, and what they are
gift-birthday-name = A birthday record
gift-birthday-line = { $gift_amount } off any record, for your birthday on { $birthday }.
gift-win-back-name = A welcome back
gift-win-back-line = { $gift_discount } off your next order.
gift-thank-you-name = A thank-you
gift-thank-you-line = { $gift_amount } off, because this year you were among our best listeners.
gift-points-name = Extra points
gift-points-line =
    { $gift_points_n ->
        [one] { $gift_points } extra point with your next order.
       *[other] { $gift_points } extra points with your next order.
    }
gift-none-name = Your points
gift-none-line =
    { $points_balance_n ->
        [one] { $points_balance } point is yours, and it stays yours.
       *[other] { $points_balance } points are yours, and they stay yours.
    }
gift-until-line = Valid until { $gift_until }.

### What was made up: generated-FIELD
generated-name = full name
generated-given-name = given name
generated-locale = language
generated-birthday = birthday
generated-consent = consent to offers

### Help and small print
help-contact = Any questions? Write to hello@solco.example and a person will answer.
legal-sender = Solco, Via del Vinile 33, 40121 Bologna, Italy
legal-fiction = Solco is a fictional shop.
legal-data = The orders are real: a mail-order record shop’s sales of 1997 and 1998, published for research without names.
legal-generated = Made up for this example, because the data holds no persons:
legal-rank = Compared by what all customers spent in the same twelve months.
legal-points = One point for every whole dollar spent.
legal-preferences = You get our gifts because you agreed to. You can change your mind at any time.
