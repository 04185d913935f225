# Mots communs à plusieurs canaux.

brand-name = Solco

### Ce qui a été inventé : generated-CHAMP
generated-name = nom complet
generated-given-name = prénom
generated-locale = langue
generated-birthday = anniversaire
generated-consent = accord pour les offres
