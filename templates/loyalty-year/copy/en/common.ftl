brand-name = Solco
generated-name = name
generated-given-name = given name
generated-locale = language
generated-birthday = birthday
generated-consent = consent
