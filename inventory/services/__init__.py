"""The rules of places and stock; no other code writes batches, movements or configurations.

Services import models, querysets and what lies below, never `inventory.admin`, and nothing of `photos` or `mlpipeline`:
what photos show arrives through `count_source`.
"""
