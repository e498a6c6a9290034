"""Plants that nobody sees: by bands, by the lattice of a tray, by density."""
