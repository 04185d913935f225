# Words that several channels use.

brand-name = Solco

### What was made up: generated-FIELD
generated-name = full name
generated-given-name = given name
generated-locale = language
generated-birthday = birthday
generated-consent = consent to offers
