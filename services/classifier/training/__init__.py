"""Rebuilds the tagger's model from labelled cases, and scores it. Never imported at run time."""
