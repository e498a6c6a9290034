"""Tiles: at which scale the detector sees a picture, in which tiles, and how their detections become one set."""
