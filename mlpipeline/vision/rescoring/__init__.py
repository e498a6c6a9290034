"""Rescoring: the second stage of detection, which sees each candidate of the first one again, from near."""
