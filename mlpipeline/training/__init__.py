"""Training the shipped weights: rendered scenes, real pictures, the training loop, and installing what it made.

Only commands, the evaluation and the demo import it; counting and serving need nothing of it.
"""
