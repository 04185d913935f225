# Mots communs à plusieurs canaux. Ton : on vouvoie, phrases courtes, pas de plaisanteries sur l’argent.
# Espaces insécables : U+00A0 devant « : » et dans les guillemets, U+202F devant « ; », « ! » et « ? ».

### Qui écrit
brand-name = Brezza Energia
brand-tagline = L’énergie, bien expliquée.

### Lignes de la facture : line-CODE
line-energy = Énergie
line-network = Réseau et compteur
line-system = Charges du système
line-taxes = Accise sur l’énergie
line-vat = TVA
line-discount = Remise
line-adjustment = Régularisation
line-fee = Abonnement

### En-têtes du tableau
table-label = Poste
table-quantity = Quantité
table-unit-price = Prix unitaire
table-amount = Montant
table-total = Total

### Libellés
label-total = Total
label-bill-number = Facture n°
label-account = Numéro de client
label-period = Période
label-issued = Émise le
label-due = Date limite
label-debit = Prélèvement le
label-usage = Consommation
label-daily = Moyenne par jour
label-last-year = Il y a un an
label-neighbours = Logements similaires
label-you = Vous
label-previous = Facture précédente
label-this-bill = Cette facture
label-change = Écart
label-tariff = Offre
label-unit-price = Prix de l’énergie par kWh
label-standing-charge = Abonnement par mois
label-green = Énergie renouvelable
label-month = Mois
period-range = { $period_start } – { $period_end }
period-days =
    { $days_n ->
        [one] { $days } jour
        [many] { $days } de jours
       *[other] { $days } jours
    }

### Comment on paie
state-due-name = À payer
state-debit-name = Prélèvement automatique
state-credit-name = En votre faveur
method-direct-debit = Prélèvement automatique
method-transfer = Virement

### Pourquoi le montant a changé
effect-usage = Consommation
effect-price = Prix de l’énergie
effect-other = Réseau, taxes et autres postes
effect-usage-why = L’énergie consommée en plus ou en moins, au prix de la facture précédente.
effect-price-why = L’effet du changement de prix sur l’énergie consommée ce mois-ci.
effect-other-why = Tout le reste : réseau, charges, taxes, remises et régularisations.

### Offres
offer-solar-name = Panneaux solaires
offer-ev-name = Tarif nuit pour voiture électrique
offer-heat-pump-name = Pompe à chaleur
offer-app-name = Appli Brezza
offer-solar-saving = Avec des panneaux solaires, vous pourriez économiser environ { $offer_saving } par an.
offer-ev-saving = En rechargeant la nuit, vous pourriez économiser environ { $offer_saving } par an.
offer-heat-pump-saving = Avec une pompe à chaleur au lieu du gaz, vous économiseriez environ { $offer_saving } par an.
offer-saving-note = Estimation sur un an, d’après votre consommation. L’économie réelle peut être différente.

### Aide et mentions
help-contact = Une question ? Écrivez à help@brezza.example : une personne vous répondra.
legal-sender = Brezza Energia S.p.A., Via del Maestrale 1, 16100 Gênes, Italie
legal-fiction = Brezza Energia est une entreprise fictive. Les personnes et les montants de cet exemple sont inventés.
legal-neighbours = Comparaison avec la consommation moyenne de logements similaires près de chez vous, sur la même période.
legal-preferences = Vous voyez nos offres parce que vous l’avez accepté. Vous pouvez changer d’avis à tout moment.
