"""Taking photos in: checking the files, staging them, and creating the rows of their jobs, once per idempotency key.

It may import results, booking, context, corrections and steps.
"""
