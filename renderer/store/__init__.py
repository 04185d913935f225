"""Bytes under a key, nothing else: create-only, first writer wins. The store never knows what is inside."""
