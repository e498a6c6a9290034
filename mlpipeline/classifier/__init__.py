"""What one picture shows: a product of the catalogue, or anything of a general collection of things.

Rows and services for the web and the workers; the networks are in `networks`, which the web never imports.
"""
