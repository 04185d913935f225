# Every sentence, in Fluent (projectfluent.org). The left side is the key that layouts and film ask for.
# { $books } puts a fact of facts.yaml in, finished, as this language writes it.
# Change first: all of this is yours. Read it aloud; what sounds stiff when spoken reads stiff too.

page-title = Your year in books
hello = Hello { $reader_name }
hello-line = This was your year in books.

# $books_n is the number itself: it chooses the plural form.
books-label = { $books_n ->
    [one] book borrowed
   *[other] books borrowed
}
goal-label = your goal

goal-reached = Your goal was { $aim }. You made it, and we are proud of you.
goal-open = { $left_n ->
    [one] One more book, and your goal of { $aim } is reached.
   *[other] { $left } more books, and your goal of { $aim } is reached.
}
money = In a shop these books would have cost you { $saved }.

film-reached = You did it.
film-on-the-way = You are on your way.
thanks = What will you read next?
thanks-line = We keep the lights on for you.

see-catalogue = Browse the catalogue
see-pdf = This page as a PDF
film-captions = Captions
written = Written on { $written_on } by Harbour Library.
