# Ce que dit la voix là où elle ne lit pas les sous-titres de film.ftl : des phrases courtes, pour l’oreille.

film-tell-due = À payer d’ici le { $due_day }.
film-tell-debit = Il sera prélevé sur votre compte le { $debit_day }.
film-tell-usage-up = Vous avez consommé { $usage_kwh } : { $usage_change_abs } de plus qu’il y a un an.
film-tell-usage-down = Vous avez consommé { $usage_kwh } : { $usage_change_abs } de moins qu’il y a un an.
film-tell-usage-steady = Vous avez consommé { $usage_kwh }, presque autant qu’il y a un an.
film-tell-neighbours-above = C’est { $neighbour_gap_abs } de plus qu’un logement comme le vôtre.
film-tell-neighbours-below = C’est { $neighbour_gap_abs } de moins qu’un logement comme le vôtre.
film-tell-why-up = C’est { $bill_change_abs } de plus que la dernière fois. Voici pourquoi.
film-tell-why-down = C’est { $bill_change_abs } de moins que la dernière fois. Voici pourquoi.
film-tell-offer-note = C’est une estimation d’après votre consommation.
film-tell-thanks = Merci, et au mois prochain.
