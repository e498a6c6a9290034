"""The REST API of the classifier: under /api/v1/, and at the root for existing clients.

It may import the services of the classifier and what lies below, never `networks`, which only model workers load.
"""
