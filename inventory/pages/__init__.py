"""The pages of places: what stands where, on a map and as lists."""
