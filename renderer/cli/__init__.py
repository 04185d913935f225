"""The command ``dearly``: parse and dispatch only."""
