"""How far a count can be trusted: calibrated scores, features of the error, the interval."""
