"""The networks that classify, behind one protocol (protocols.Classifier). Only model workers import them."""
