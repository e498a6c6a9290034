"""From the pixels of a photo to a count, and the classifier of single pictures.

It may import `photos` and `inventory`; neither imports it. The web process loads none of its model libraries.
"""
