"""Spanish dates with a time: “29 nov 2026, 09:34” instead of “29 de noviembre de 2026 a las 09:34”."""

DATETIME_FORMAT = "j b Y, H:i"
