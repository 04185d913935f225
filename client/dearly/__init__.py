"""Dearly for systems that hand requests in. ``dearly.client`` is the entrance."""

from __future__ import annotations

__version__ = "0.1.0"
