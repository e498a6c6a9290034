"""How requests come in: whole bodies first, under deadlines, then Django in a bounded pool of threads."""
