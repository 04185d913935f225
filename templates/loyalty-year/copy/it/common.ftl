# Parole usate da più canali.

brand-name = Solco

### Ciò che è stato inventato: generated-CAMPO
generated-name = nome e cognome
generated-given-name = nome
generated-locale = lingua
generated-birthday = compleanno
generated-consent = consenso alle offerte
