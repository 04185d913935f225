# The web page. It speaks like a record shop that knows you: warm, short, a wink, never a word about how much money.
# Figures are not formatted here: name the facts of facts.yaml. Solco is Italian for groove.

### Head
page-title = Your year in records
page-skip = Skip to content
page-to-gift = Turn to side B
page-eyebrow = Your year in records, { $year_from } – { $year_to }
page-spine-year = { $year_start } – { $year_end }
page-spine-shop = { brand-name }, records in store and by post

### Counts that sentences share
page-gap-days =
    { $gap_days_n ->
        [one] { $gap_days } day
       *[other] { $gap_days } days
    }
page-days-since =
    { $days_since_n ->
        [one] { $days_since } day
       *[other] { $days_since } days
    }

### The six stories
page-big-spender-headline = Turn it up, { $given_name }.
page-big-spender-lead =
    { $year_orders_n ->
        [one] { $year_orders } order
       *[other] { $year_orders } orders
    }, { $year_units_n ->
        [one] { $year_units } record
       *[other] { $year_units } records
    }: your turntable deserves a holiday. You don’t.
page-big-spender-figure = of our listeners make it up here. You did.
page-regular-headline = You wore a groove to our door.
page-regular-lead =
    { $given_name }, we now know your footsteps. { $year_units_n ->
        [one] { $year_units } record
       *[other] { $year_units } records
    } came home with you, and the bell above the door hums along.
page-regular-figure =
    { $year_orders_n ->
        [one] order in twelve months
       *[other] orders in twelve months
    }
page-listener-headline = Always in your own time.
page-listener-lead =
    { $given_name }, no rush and no skipping: { $year_orders_n ->
        [one] { $year_orders } order
       *[other] { $year_orders } orders
    } this year, each played to the very end. We like to think so.
page-listener-figure =
    { $year_units_n ->
        [one] record joined your shelf this year
       *[other] records joined your shelf this year
    }
page-newcomer-headline = The needle has just dropped.
page-newcomer-lead =
    { $given_name }, we’re only on the intro: { $last_units_n ->
        [one] { $last_units } record
       *[other] { $last_units } records
    } on { $last_date }. This is the part where it gets good.
page-newcomer-figure =
    { $total_units_n ->
        [one] record on your shelf so far
       *[other] records on your shelf so far
    }
page-slipping-headline = Hold that note.
page-slipping-lead = { $given_name }, it’s been quiet since { $last_month }. Your spot by the racks is free, and nobody has touched the good headphones.
page-slipping-figure =
    { $total_units_n ->
        [one] record we have found together
       *[other] records we have found together
    }
page-long-gone-headline = Side B is still waiting.
page-long-gone-lead = { $given_name }, you dropped by in { $first_month } and left humming. Every record has another side. So does this story.
page-long-gone-figure =
    { $first_units_n ->
        [one] record, and we still remember it
       *[other] records, and we still remember them
    }

### Side A
page-side-a = Side A: your year
page-film-title = The film
page-film-text = Half a minute, made for you. Sound on, if the neighbours allow.
page-film-label = Film about your year in records
page-film-captions = English
page-film-chapters = Chapters
page-film-transcript = Read what the film says
page-film-print = You can watch the film on the web page.
page-months-title = Twelve months, one pressing
page-months-text = The bars are your records, month by month. Bend them round and you get the disc at the top: that’s your year, pressed.
page-months-desc = Bar chart of the records you bought each month. The table below it says the same.
page-months-table = See it as a table
page-month = Month
page-date = Date
page-records = Records
page-spent = Amount
page-whole-year = The whole year
page-highlights-title = The singles
page-best-month-title = Your loudest month
page-best-month-text =
    { $best_month_units_n ->
        [one] { $best_month_units } record in the bag
       *[other] { $best_month_units } records in the bag
    }
page-best-order-title = Your biggest bag
page-best-order-figure =
    { $biggest_units_n ->
        [one] { $biggest_units } record
       *[other] { $biggest_units } records
    }
page-best-order-text = in one go, on { $biggest_date }
page-rank-title = In the charts
page-rank-figure = Top { $rank_top }
page-rank-text = You out-listened more than { $rank_share } of our customers this year. We checked twice.
page-rhythm-title = Your tempo
page-rhythm-text = Everyone plays at their own speed. This is yours.
page-rhythm-gap = Between two orders, usually
page-rhythm-since = Since the last one
page-collection-title = The collection
page-collection-text = Everything we’ve found together since { $first_month }.
page-total-units =
    { $total_units_n ->
        [one] record
       *[other] records
    }
page-total-orders =
    { $total_orders_n ->
        [one] order
       *[other] orders
    }
page-points =
    { $points_balance_n ->
        [one] point to spend
       *[other] points to spend
    }
page-orders-show = Your latest orders
page-orders-title = Your latest orders, newest first
page-orders-older =
    { $older_orders_n ->
        [one] And { $older_orders } order before these.
       *[other] And { $older_orders } orders before these.
    }

### Side B
page-side-b = Side B: for you
page-gift-birthday-eyebrow = For your birthday, { $birthday }
page-gift-birthday-title = Happy birthday. The next one’s on us.
page-gift-birthday-text = { $gift_amount } towards any record in the shop. Cake not included, dancing encouraged.
page-gift-birthday-action = Unwrap your gift
page-gift-win-back-eyebrow = For the comeback
page-gift-win-back-title = Come back for an encore.
page-gift-win-back-text = { $gift_discount } off your next order, whatever is in it. We’ll put the kettle and something good on.
page-gift-win-back-action = Come back with { $gift_discount } off
page-gift-thank-you-eyebrow = For all that music
page-gift-thank-you-title = This one’s on the house.
page-gift-thank-you-text = { $gift_amount } towards whatever you play next. A small bow from all of us behind the counter.
page-gift-thank-you-action = Collect your thank-you
page-gift-points-eyebrow = For listening
page-gift-points-title = Extra points, no strings. Six if it’s a guitar.
page-gift-points-text =
    { $gift_points_n ->
        [one] { $gift_points } point on top of those you have, to spend on anything that spins.
       *[other] { $gift_points } points on top of those you have, to spend on anything that spins.
    }
page-gift-points-action = Claim your points
page-gift-discount = –{ $gift_discount }
page-gift-plus = +{ $gift_points }
page-gift-name = Made out to { $customer_name }
page-gift-until = Good until { $gift_until }
page-gift-terms = One gift, for one order, for you alone. You get it because you said we may send you offers.
page-preferences-change = Change that
page-gift-none-title = Just the music
page-gift-none-text = You asked us for no offers, so there is none here. Only a thank-you, and the new arrivals whenever you like.
page-gift-none-action = Hear what’s new
page-gift-none-preferences = Change your preferences
page-poster-title = Hang it up
page-poster-text = Your year as a poster, liner notes on the back. Two pages, ready to print or to keep.
page-poster-action = Download the poster
page-help-title = A scratch somewhere?
page-help-text = If something here skips or sounds wrong, tell us. A person who owns a turntable will answer.
page-help-contact = Write to us
page-help-shop = Visit the shop
page-generated-title = Made up for this demonstration
page-generated-text = The orders are real and anonymous. These details were made up:

### Foot
page-footer-links = Information
page-account = Your account
page-preferences = Preferences
page-privacy = Privacy
page-fiction = { brand-name } is a made-up record shop. The orders come from a real, anonymous data set of the years 1997 and 1998.
