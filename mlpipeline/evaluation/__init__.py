"""How well photos are counted: counts beside the truth, measured, drawn and written down."""
