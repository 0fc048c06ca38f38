"""Decides cases on their merits by the policy, or refers them to a person."""
