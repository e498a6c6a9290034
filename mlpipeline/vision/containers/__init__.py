"""Segments, boxes and plugs: their outlines, which plant stands in which, and finding plants within."""
