"""What people decide about a photo: corrections, validation, its date, the trash, what became of old products.

The uppermost room: it may import all others, and none imports it.
"""
