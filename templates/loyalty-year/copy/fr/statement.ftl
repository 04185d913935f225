# L’affiche : la page 1 s’accroche, la page 2 est son dos. Les phrases de l’histoire sont celles de la page web (page.ftl).
statement-title = Ton année en disques
statement-side-b = Notes de pochette
statement-for = Pressé pour { $customer_name }
statement-reading = Pour lire le disque : un rayon par mois, de { $year_from } dans le sens des aiguilles d’une montre jusqu’à { $year_to }. Plus il est long, plus il y a de disques.
statement-blank = Le disque est vierge exprès : le prochain sillon, c’est toi qui le graves.
statement-year-title = L’année
statement-year-quiet = Pas de disque entre { $year_from } et { $year_to }. Les silences font partie de la musique.
statement-latest = Dernières commandes
statement-first = Premier disque
statement-best = Mois le plus sonore
statement-gift-none = Merci d’écouter.
statement-help = Une question ? Écris à hello@solco.example.
