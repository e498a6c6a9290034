"""Users, their roles, and how they sign in: tokens for the API, sessions for the pages.

Every app may import it; it imports none of `inventory`, `photos` and `mlpipeline`.
"""
