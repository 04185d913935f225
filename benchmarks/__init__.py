"""Figures as ratios against peers run in the same go. Each module is one command; none runs with the tests."""
