"""One command a module: preparing the stores, and settling the stock of existing places."""
