"""What a count needs to know about its photo: the place, its configuration and calibration, and whether it is known.

It may import corrections and steps.
"""
