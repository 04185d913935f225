# The poster: page 1 is to be hung up, page 2 is its back. The sentences of the story are the page’s (page.ftl).
statement-title = Your year in records
statement-side-b = Liner notes
statement-for = Pressed for { $customer_name }
statement-reading = How to read the record: one spoke for each month, from { $year_from } clockwise to { $year_to }. The longer, the more records.
statement-blank = The record is blank on purpose: the next groove is yours to cut.
statement-year-title = The year
statement-year-quiet = No records between { $year_from } and { $year_to }. Pauses are part of the music.
statement-latest = Latest orders
statement-first = First record
statement-best = Loudest month
statement-gift-none = Thank you for listening.
statement-help = Questions? Write to hello@solco.example.
