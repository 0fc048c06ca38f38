"""Asks a language model of the bank's about messages of which the local tags are unsure.

Optional and off by default. The model names values of closed lists and cites words; nothing else of
its answer is used, and whatever goes wrong leaves the local tags with a mark.
"""
