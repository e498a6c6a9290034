"""Machine code and threads: what lets pure functions use all of a machine."""
