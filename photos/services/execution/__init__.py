"""Running steps: claim to end, failures, lost work, the files of the io queue, and the deletion of what has expired.

It may import every room but review.
"""
