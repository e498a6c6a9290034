"""Photos of the nursery: taking them in, the rows of their counts, what people correct, and what is booked from them.

It imports `inventory` and nothing of `mlpipeline`, which counts and has the services here save what it found.
"""
