"""Pixels: orientation, resizing, image quality, and the reduced image that rules measure."""
