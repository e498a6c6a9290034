"""The management commands of the whole system."""
