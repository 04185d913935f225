"""Dearly: one customer profile and one template become a microsite, a statement and a film.

Start reading at :mod:`renderer.pipeline`: it names the stages in order.
"""

__version__ = "0.1.0"
