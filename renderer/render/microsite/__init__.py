"""The web page: :mod:`.render` makes it, :mod:`.webfonts` its fonts, :mod:`.tracks` the texts of its film."""
