"""Watching and keeping an installation: metrics, status, retention, cleaning, forgetting. Renders nothing."""
