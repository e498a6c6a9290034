"""What people change in the findings of a count, and what the count is by their word.

`findings` replays the corrections over the rows of the model and `sums` adds up; `adoption` makes the sums the count
when a person validates it. A correction is taken in by `photos.services.review.edits`.
"""
