# Il poster: la pagina 1 si appende, la 2 è il retro. Le frasi della storia sono quelle della pagina web (page.ftl).
statement-title = Il tuo anno in dischi
statement-side-b = Note di copertina
statement-for = Stampato per { $customer_name }
statement-reading = Come leggere il disco: un raggio per ogni mese, da { $year_from } in senso orario fino a { $year_to }. Più è lungo, più sono i dischi.
statement-blank = Il disco è vuoto apposta: il prossimo solco lo incidi tu.
statement-year-title = L’anno
statement-year-quiet = Nessun disco tra { $year_from } e { $year_to }. Anche le pause sono musica.
statement-latest = Ultimi ordini
statement-first = Primo disco
statement-best = Mese più sonoro
statement-gift-none = Grazie di ascoltare.
statement-help = Domande? Scrivi a hello@solco.example.
