"""Decoding pictures in processes of their own, whose memory and time are bounded.

A decoder is C code that runs on untrusted bytes: it may take gigabytes, run for hours, or crash. In a worker of threads
it would take the work of all of them along, and memory it once had rarely goes back. So workers have a few processes
(`pool`, `process`) that decode and do nothing else (`child`), and give them up when they have grown.
"""
