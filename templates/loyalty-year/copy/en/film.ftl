# The film. Few words to a line: they are read while they move. The sentences film-say are the captions and tell the scene.

### Chapters
film-chapter-opening = Your records
film-chapter-story = Your story
film-chapter-months = Month by month
film-chapter-since = Where it began
film-chapter-rank = Among all customers
film-chapter-best = Your best
film-chapter-gift = A gift for you
film-chapter-points = Your points
film-chapter-closing = Until next time

### Opening: one title for each story
film-title-big-spender = Your year at full volume
film-title-regular = Your year on repeat
film-title-newcomer = Side A, track one
film-title-slipping = A pause in the music
film-title-long-gone = It’s been a while
film-title-listener = Your year on record
film-dates = { $year_from } – { $year_to }
film-greeting = Hi { $given_name }
film-say-opening = Hi { $given_name }, this is Solco.
film-say-opening-more = Here is your music from { $year_from } to { $year_to }.

### Stories
film-big-spender-label = This year in music
film-big-spender-line = You’re in our top { $rank_top }
film-big-spender-body =
    { $year_orders_n ->
        [one] { $year_orders } order
       *[other] { $year_orders } orders
    }, { $year_units_n ->
        [one] { $year_units } record
       *[other] { $year_units } records
    }
film-say-big-spender = This year you spent { $year_spent } on music.
film-say-big-spender-more = That puts you in the top { $rank_top } of all our customers.
film-regular-label = Orders this year
film-regular-line = You keep coming back
film-regular-body =
    { $year_units_n ->
        [one] { $year_units } record for { $year_spent }
       *[other] { $year_units } records for { $year_spent }
    }
film-say-regular = You ordered { $year_orders } times this year.
film-say-regular-more =
    { $year_units_n ->
        [one] You keep coming back: { $year_units } record for { $year_spent }.
       *[other] You keep coming back: { $year_units } records for { $year_spent }.
    }
film-newcomer-label =
    { $total_units_n ->
        [one] Record so far
       *[other] Records so far
    }
film-newcomer-line = A collection begins
film-newcomer-body = Latest order: { $last_date }
film-say-newcomer =
    { $total_units_n ->
        [one] { $total_units } record so far: a collection begins.
       *[other] { $total_units } records so far: a collection begins.
    }
film-say-newcomer-more = Your latest order was on { $last_date }.
film-slipping-label = Days since your last order
film-slipping-line = The needle is up
film-slipping-body =
    { $total_units_n ->
        [one] { $total_units } record before that
       *[other] { $total_units } records before that
    }
film-say-slipping =
    { $days_since_n ->
        [one] It is { $days_since } day since your last order.
       *[other] It is { $days_since } days since your last order.
    }
film-say-slipping-more =
    { $total_units_n ->
        [one] Before that, { $total_units } record went home with you.
       *[other] Before that, { $total_units } records went home with you.
    }
film-long-gone-label = Months since your last order
film-long-gone-line = We still know your taste
film-long-gone-body = Your last order: { $last_month }
film-say-long-gone =
    { $months_since_n ->
        [one] It is { $months_since } month since your last order.
       *[other] It is { $months_since } months since your last order.
    }
film-say-long-gone-more = That was in { $last_month }. We still know your taste.
film-listener-label =
    { $year_units_n ->
        [one] Record this year
       *[other] Records this year
    }
film-listener-line = Picked by you
film-listener-body =
    { $year_orders_n ->
        [one] { $year_orders } order, { $year_spent }
       *[other] { $year_orders } orders, { $year_spent }
    }
film-say-listener =
    { $year_units_n ->
        [one] { $year_units } record this year, picked by you.
       *[other] { $year_units } records this year, picked by you.
    }
film-say-listener-more =
    { $year_orders_n ->
        [one] { $year_orders } order, { $year_spent } in all.
       *[other] { $year_orders } orders, { $year_spent } in all.
    }

### The months, or the beginning
film-months-title = Month by month
film-months-body = Music in { $active_months } of 12 months
film-say-months =
    { $active_months_n ->
        [one] You bought music in { $active_months } month of twelve.
       *[other] You bought music in { $active_months } months of twelve.
    }
film-since-label = It all began in
film-since-line =
    { $total_orders_n ->
        [one] { $total_orders } order
       *[other] { $total_orders } orders
    }, { $total_units_n ->
        [one] { $total_units } record
       *[other] { $total_units } records
    }
film-say-since =
    It all began in { $first_month }. { $total_units_n ->
        [one] Since then: { $total_units } record.
       *[other] Since then: { $total_units } records.
    }

### The best of it
film-rank-label = Among all our customers
film-rank = Top { $rank_top }
film-rank-line = by what was spent on music this year
film-say-rank = You are in our top { $rank_top }: you spent more on music this year than { $rank_share } of our customers.
film-best-month-label = Your best month
film-best-month-line =
    { $best_month_units_n ->
        [one] { $best_month_units } record
       *[other] { $best_month_units } records
    }
film-say-best-month =
    { $best_month_units_n ->
        [one] Your best month was { $best_month }, with { $best_month_units } record.
       *[other] Your best month was { $best_month }, with { $best_month_units } records.
    }
film-best-order-label = Your biggest order
film-best-order-line =
    { $biggest_units_n ->
        [one] { $biggest_units } record on { $biggest_date }
       *[other] { $biggest_units } records on { $biggest_date }
    }
film-say-best-order = Your biggest order came to { $biggest_amount }, on { $biggest_date }.

### The gift
film-gift-until = Until { $gift_until }
film-say-gift-until = You can use it until { $gift_until }.
film-gift-birthday-title = For your birthday
film-gift-birthday-what = of music, from us
film-say-gift-birthday = Your birthday is near: { $gift_amount } of music is on us.
film-gift-win-back-title = Come back and listen
film-gift-win-back-what = off your next order
film-say-gift-win-back = Come back and listen: { $gift_discount } off your next order.
film-gift-thank-you-title = Thank you for all of it
film-gift-thank-you-what = of music, from us
film-say-gift-thank-you = Thank you for all of it: { $gift_amount } of music is on us.
film-gift-points-title = An extra for you
film-gift-points-what = points, just like that
film-say-gift-points = An extra for you: { $gift_points } points, just like that.
film-gift-none-title =
    { $points_balance_n ->
        [0] New music every week
        [one] { $points_balance } point is yours
       *[other] { $points_balance } points are yours
    }
film-gift-none-body =
    { $points_balance_n ->
        [0] Your next order earns points
       *[other] They wait in your account
    }
film-say-gift-none =
    { $points_balance_n ->
        [0] There is new music every week.
        [one] { $points_balance } point is yours.
       *[other] { $points_balance } points are yours.
    }
film-say-gift-none-more = Every dollar is a point.

### Closing
film-closing-thanks = Thanks for listening
film-closing-thanks-body = All of it is on your page
film-say-closing-thanks = Thanks for listening. All of it is on your page.
film-closing-come-back = Another record?
film-closing-come-back-body = We kept your place
film-say-closing-come-back = Another record? We kept your place.
