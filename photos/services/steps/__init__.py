"""The rows of processing steps and jobs: claims, leases, deadlines and progress.

The lowest room: it imports no other.
"""
