"""What people change in the findings of a count, and what the count is by their word.

`findings` replays the corrections over the rows of the model, `sums` adds up, `edits` takes a correction in, and
`adoption` makes the sums the count when a person validates it.
"""
