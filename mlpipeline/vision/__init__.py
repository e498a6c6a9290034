"""From the pixels of a photo to a count of its plants. Pure: the standard library, numpy, numba and OpenCV only."""
