"""Circuit breakers that all processes share: after some faults in a row, nothing is asked until one probe goes well.

pybreaker counts and changes the state. What is its own here: the state lies in Redis or in the database, the call
itself runs outside pybreaker's lock, and one process at a time may probe.
"""
