"""Profiles: who the recipients are. Data is read, checked against a contract and frozen; nothing here knows
channels."""
