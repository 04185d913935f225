"""The plan: one file's worth of plain data that holds all that is personal, and every word."""
