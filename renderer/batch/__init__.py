"""Batch runs: a file of any size becomes requests, and every record of it is accounted for."""
