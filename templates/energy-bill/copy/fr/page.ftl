# La page web. Les nombres ne se mettent pas en forme ici : on nomme les données de facts.yaml.
# Pas de « de » ni « d’ » devant un mois : « de mars » et « d’avril » ne se choisissent pas sans lire le mois.

### En-tête
page-title = Votre facture pour { $period_month }
page-skip = Aller au contenu
page-account = Mon compte
page-eyebrow = Facture pour { $period_month }
page-greeting = Bonjour { $given_name }, voici votre facture.
page-photo-alt = Votre photo
page-opens-file = (PDF)

### Le montant
page-due-when = À payer au plus tard le { $due_date }
page-due-text = Payez comme vous voulez : carte, virement ou application de votre banque.
page-due-action = Payer maintenant
page-debit-when = Prélèvement le { $debit_date }
page-debit-text = Directement sur votre compte bancaire. Vous n’avez rien à faire.
page-debit-text-iban = Sur le compte qui se termine par { $iban_tail }. Vous n’avez rien à faire.
page-debit-action = Voir les détails du prélèvement
page-credit-when = Ce montant est à vous
page-credit-text = Nous le déduisons de vos prochaines factures. Si vous préférez, nous le versons sur votre compte.
page-credit-action = Choisir comment le recevoir
page-pdf = Télécharger la facture
page-first-note = C’est votre première facture chez nous : bienvenue. Dans un an, vous pourrez la comparer avec la suivante.

### Le film
page-film-title = Votre facture en une minute
page-film-label = Vidéo qui explique votre facture pour { $period_month }
page-film-captions = Français
page-film-chapters = Chapitres
page-film-transcript = Lire le texte de la vidéo
page-film-print = La vidéo se regarde sur la page web.

### En bref
page-figures-title = En bref
page-usage-days =
    { $days_n ->
        [one] en { $days } jour
        [many] en { $days } de jours
       *[other] en { $days } jours
    }

### Mois par mois
page-history-title = Mois par mois
page-history-text = Le mois de cette facture est mis en évidence : { $usage_kwh }.
page-history-desc = Graphique en barres de la consommation mensuelle ; la barre du mois de cette facture, { $usage_kwh }, est mise en évidence.
page-history-table = Voir les valeurs dans un tableau

### Il y a un an
page-compare-first-title = Votre consommation
page-compare-first-text = { $daily_kwh } par jour en moyenne. Quand nous aurons un an de consommation, la comparaison sera ici.
page-compare-up-title = Plus qu’il y a un an
page-compare-up-text = { $usage_change_abs } de plus que sur la même période il y a un an.
page-compare-down-title = Moins qu’il y a un an
page-compare-down-text = { $usage_change_abs } de moins que sur la même période il y a un an.
page-compare-steady-title = Presque comme il y a un an
page-compare-steady-text = Votre consommation est proche de celle de la même période il y a un an.
page-this-year = Maintenant

### Logements similaires
page-neighbours-above-title = Plus que des logements similaires
page-neighbours-above-text = { $neighbour_gap_abs } de plus que la moyenne de logements comme le vôtre.
page-neighbours-below-title = Moins que des logements similaires
page-neighbours-below-text = { $neighbour_gap_abs } de moins que la moyenne de logements comme le vôtre.

### Pourquoi le montant a changé
page-why-up-title = Pourquoi le montant a augmenté
page-why-down-title = Pourquoi le montant a baissé
page-why-same-title = Ce qui a changé
page-why-text = Voici d’où vient l’écart avec la facture précédente. La somme des trois postes est exactement cet écart.
page-why-table = Écart avec la facture précédente, poste par poste

### Les postes
page-lines-title = Poste par poste
page-lines-text = Tout ce qui compose le montant.
page-lines-table = Postes de la facture

### Énergie renouvelable
page-green-title = { $green_share } de sources renouvelables
page-green-text = C’est la part de votre énergie que { $tariff_name } couvre par des garanties d’origine.

### L’offre
page-offer-eyebrow = Une idée pour votre logement
page-offer-app-text = Consommation par jour, factures et relevés du compteur : tout sur votre téléphone.
page-offer-solar-action = Voir si c’est rentable chez vous
page-offer-ev-action = Découvrir le tarif nuit
page-offer-heat-pump-action = Faire le calcul
page-offer-app-action = Télécharger l’appli
page-offer-preferences = Gérer vos préférences

### Le message et l’aide
page-note-title = Un message pour vous
page-note-from = Service client { brand-name }
page-help-title = Quelque chose ne va pas ?
page-help-text = Écrivez-nous : une personne vous répondra.
page-help-contact = Écrire au service client
page-help-answers = Lire les réponses aux questions fréquentes

### Pied de page
page-footer-links = Informations
page-preferences = Préférences
page-privacy = Confidentialité
