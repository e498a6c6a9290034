"""The demo: a small nursery, photos with known truth, and a client that does what a phone would do."""
