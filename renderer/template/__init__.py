"""A template: one folder that holds one communication. :mod:`.load` reads it, :mod:`.model` says what it holds."""
