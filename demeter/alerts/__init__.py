"""Telling people what broke and what is well again: noticed from rows, written as rows, delivered by tasks."""
