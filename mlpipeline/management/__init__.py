"""The management commands of counting, measuring and training."""
