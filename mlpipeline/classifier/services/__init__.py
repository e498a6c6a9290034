"""The rules of the classifier: pictures, predictions answered in batches, feedback and the samples from it.

Services import networks, models and what lies below, never the API, the pages or the queue.
"""
