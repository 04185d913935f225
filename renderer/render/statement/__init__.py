"""The PDF statement: a plan laid out by WeasyPrint behind a door that opens only to the release's own media."""
