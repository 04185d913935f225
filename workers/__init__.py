"""Celery, the transport: workers, dispatcher, supervisor. The only importer of Celery; the ledger is the truth.

Operators start ``celery -A workers worker``; everybody else starts ``python -m workers.supervisor``, or a command that
starts it.
"""
