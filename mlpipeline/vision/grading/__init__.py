"""The size grades of plants."""
