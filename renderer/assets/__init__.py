"""The only door to media, shared assets and fonts: a reference goes in, bytes and a digest come out."""
