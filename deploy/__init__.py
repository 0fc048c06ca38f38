"""How the system is run: the embedded stack and the files for containers."""
