"""The local studio: one template, all its channels, live."""
