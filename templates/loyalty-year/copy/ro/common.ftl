# Cuvinte folosite de mai multe canale.

brand-name = Solco

### Ce a fost inventat: generated-CÂMP
generated-name = numele complet
generated-given-name = prenumele
generated-locale = limba
generated-birthday = ziua de naștere
generated-consent = acordul pentru oferte
