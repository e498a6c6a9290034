"""Between the rows of photos and the counting core: inputs loaded as arrays, stages run, results as rows.

It may import `vision`, `detectors`, the models and services of `photos`, and nothing of `tasks`, which calls it.
"""
