"""Rebuilds the tagger's model from labelled cases, and scores it; no service imports it."""
