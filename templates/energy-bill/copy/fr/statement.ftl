# La facture en PDF. Ton : on vouvoie, phrases courtes, l’essentiel d’abord.
# Pas de « de » ni « d’ » devant un mois : « de mars » et « d’avril » ne se choisissent pas sans lire le mois.

### Le document
statement-title = Votre facture Brezza Energia
statement-running = Facture pour { $period_month }
statement-page = Page
statement-page-of = sur
statement-details = Détails de la facture
statement-to = Destinataire

### En bref
statement-heading = Votre facture pour { $period_month }
statement-greeting = Bonjour { $given_name }, voici ce que vous avez consommé, ce que cela coûte et pourquoi.
statement-due = À payer au plus tard le { $due_date }. L’encadré « Comment payer » vous montre comment faire.
statement-debit = Rien à faire : ce montant sera prélevé le { $debit_date }.
statement-debit-account = Compte se terminant par { $iban_tail }
statement-credit = Rien à payer : nous déduisons ce montant de votre prochaine facture.
statement-first = C’est votre première facture chez nous : merci de nous avoir choisis. Dès la prochaine, vous pourrez comparer les mois.

### Consommation
statement-usage-heading = Votre consommation
statement-compare-up = Vous avez consommé { $usage_change_abs } de plus qu’il y a un an.
statement-compare-down = Vous avez consommé { $usage_change_abs } de moins qu’il y a un an.
statement-compare-steady = Vous avez consommé presque autant qu’il y a un an.
statement-compare-first = Sur cette période, vous avez consommé { $usage_kwh }, soit { $daily_kwh } par jour en moyenne.
statement-neighbours-above = C’est { $neighbour_gap_abs } de plus que des logements similaires.
statement-neighbours-below = C’est { $neighbour_gap_abs } de moins que des logements similaires.
statement-this-period = Cette période
statement-chart-title = Consommation mois par mois
statement-chart-desc = Graphique en barres. Les mêmes valeurs sont dans le tableau à côté.

### Pourquoi il a changé
statement-why-heading = Pourquoi le montant a changé
statement-why-up = Le montant augmente de { $bill_change_abs } par rapport à la facture précédente.
statement-why-down = Le montant baisse de { $bill_change_abs } par rapport à la facture précédente.
statement-why-same = Le montant est presque le même que sur la facture précédente.
statement-effect-usage = kWh en plus ou en moins, au prix d’avant
statement-effect-price = le nouveau prix sur les kWh de cette période

### Postes
statement-lines-heading = Ce qui vous est facturé
statement-lines-note = Les prix unitaires sont par kWh.
statement-green = { $green_share } de votre énergie vient de sources renouvelables.

### Message et offre
statement-note-heading = Un message pour vous
statement-offer-heading = Une idée pour vous
statement-offer-app = L’appli Brezza montre votre consommation jour après jour et garde toutes vos factures au même endroit.
statement-offer-more = En savoir plus
statement-photo = Votre photo

### Paiement
statement-pay-due = Comment payer
statement-pay-debit = Comment elle est payée
statement-pay-credit = Et maintenant
statement-pay-online = En ligne, par carte ou depuis votre compte :
statement-pay-online-link = aller à la page de paiement
statement-pay-transfer = Par virement : utilisez les coordonnées ci-contre et indiquez la référence.
statement-pay-switch = Pour ne plus y penser :
statement-pay-switch-link = activer le prélèvement automatique
statement-pay-debit-check = Vérifiez que le montant est disponible sur le compte ce jour-là. Si les données sont inexactes, prévenez-nous avant.
statement-pay-credit-transfer = Vous préférez le recevoir sur votre compte ? Écrivez-nous : nous ferons un virement.
statement-payee = Bénéficiaire
statement-iban = IBAN
statement-iban-value = IT60 X054 2811 1010 0000 0123 456
statement-reference = Référence

### Aide
statement-help-heading = Besoin d’aide ?
statement-help-online = Les réponses aux questions les plus courantes sont toujours en ligne.
statement-help-link = Voir les questions fréquentes
