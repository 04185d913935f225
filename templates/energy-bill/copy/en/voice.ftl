# What the voice says where it does not say a caption of film.ftl: short, for the ear.

film-tell-due = Please pay by { $due_day }.
film-tell-debit = We will debit your account on { $debit_day }.
film-tell-usage-up = You used { $usage_kwh }: { $usage_change_abs } more than a year ago.
film-tell-usage-down = You used { $usage_kwh }: { $usage_change_abs } less than a year ago.
film-tell-usage-steady = You used { $usage_kwh }, about the same as a year ago.
film-tell-neighbours-above = That is { $neighbour_gap_abs } more than homes like yours.
film-tell-neighbours-below = That is { $neighbour_gap_abs } less than homes like yours.
film-tell-why-up = Your bill is { $bill_change_abs } higher than the last one. Here is why.
film-tell-why-down = Your bill is { $bill_change_abs } lower than the last one. Here is why.
film-tell-offer-note = That is an estimate from your usage.
film-tell-thanks = Thank you, and see you next month.
