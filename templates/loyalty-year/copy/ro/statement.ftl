# Afișul: pagina 1 se pune pe perete, pagina 2 e spatele ei. Frazele poveștii sunt cele ale paginii web (page.ftl).
statement-title = Anul tău în discuri
statement-side-b = Note de copertă
statement-for = Presat pentru { $customer_name }
statement-reading = Cum se citește discul: câte o rază pentru fiecare lună, din { $year_from }, în sensul acelor de ceasornic, până în { $year_to }. Cu cât e mai lungă, cu atât sunt mai multe discuri.
statement-blank = Discul e gol dinadins: următorul șanț îl tai tu.
statement-year-title = Anul
statement-year-quiet = Niciun disc între { $year_from } și { $year_to }. Și pauzele fac parte din muzică.
statement-latest = Ultimele comenzi
statement-first = Primul disc
statement-best = Luna cea mai sonoră
statement-gift-none = Mulțumim că asculți.
statement-help = Întrebări? Scrie la hello@solco.example.
