"""Saving what the models found, and the states of a count from its opening to its end.

It may import booking, context, corrections and steps.
"""
