"""Before a run: check a template, and make sample profiles for load and layout tests."""
