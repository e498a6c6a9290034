"""The management commands of photos."""
