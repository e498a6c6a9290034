"""Plants that nobody sees: by bands, by covered leaf, by the lattice of a tray, by density."""
