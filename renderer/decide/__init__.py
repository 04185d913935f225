"""Derive and decide: what a recipient gets, and why. Pure: no file, no clock, no random source."""
