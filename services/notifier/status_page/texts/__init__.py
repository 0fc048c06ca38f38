"""The texts of the status page, by hand, a file for each language."""
