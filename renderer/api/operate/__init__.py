"""The operators' page: what a person in operations looks at, and the two things that a person decides. Pages made here,
complete without script; a key of the HTTP API signs in. It reads what the API reads and has no API of its own."""
