# The same keys as in copy/en.ftl, said as an Italian would say them. A sentence that is missing here is an error.

page-title = Il tuo anno di libri
hello = Ciao { $reader_name }
hello-line = Questo è stato il tuo anno di libri.

books-label = { $books_n ->
    [one] libro preso in prestito
   *[other] libri presi in prestito
}
goal-label = il tuo obiettivo

goal-reached = Il tuo obiettivo era { $aim }. L’hai raggiunto, complimenti!
goal-open = { $left_n ->
    [one] Ancora un libro e arrivi al tuo obiettivo di { $aim }.
   *[other] Ancora { $left } libri e arrivi al tuo obiettivo di { $aim }.
}
money = In libreria questi libri ti sarebbero costati { $saved }.

film-reached = Ce l’hai fatta.
film-on-the-way = Sei sulla buona strada.
thanks = Che cosa leggerai adesso?
thanks-line = Noi teniamo la luce accesa per te.

see-catalogue = Sfoglia il catalogo
see-pdf = Questa pagina in PDF
film-captions = Sottotitoli
written = Scritto il { $written_on } dalla Harbour Library.
