"""Boxes, masks and sizes: plain arithmetic on arrays."""
