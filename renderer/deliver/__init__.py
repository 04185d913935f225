"""Telling other systems: which addresses may be spoken to, how messages are signed and sent, when they come again."""
