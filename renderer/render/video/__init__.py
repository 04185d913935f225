"""The film: score, sprites, compose, encode, sound, mux (DESIGN section 5)."""
