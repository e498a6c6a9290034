"""Which plants the nursery holds, and where they stand."""
