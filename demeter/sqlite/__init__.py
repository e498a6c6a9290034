"""Django's SQLite backend, with a shorter wait of those that want to write."""
