"""The ledger: every request, its parts and what became of them. SQL, the truth; a broker only carries hints to it."""
