"""What counts are to the stock: the evidence they give, their warnings, and the status of the photo that follows.

It may import context, corrections, steps and the services of the inventory, which writes the stock.
"""
