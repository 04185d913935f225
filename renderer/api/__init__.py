"""The HTTP API for systems that are not Python: it writes the ledger and reads it, and knows nothing of Celery."""
