"""A sandbox of the bank's verification system, so that background checks are seen to complete."""
