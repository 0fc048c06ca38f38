"""Sink of OTLP traces for the embedded stack: bounded, in memory, with a waterfall page.

It is for development, tests and the demo: what is older than the bounds allow is gone.
"""
