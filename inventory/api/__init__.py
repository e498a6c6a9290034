"""Places over HTTP, under /api/v1/."""
