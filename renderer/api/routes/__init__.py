"""The API's addresses, by what they are about.

Their modules do without ``from __future__ import annotations``: FastAPI reads the annotations of functions that are
made inside others, which it could not find by name.
"""
