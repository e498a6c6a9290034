"""Adapters between the counting core and the libraries that run its models. Heavy imports happen inside them."""
