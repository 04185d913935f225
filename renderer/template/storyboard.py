"""The storyboard model (owner: FILM-A)."""
