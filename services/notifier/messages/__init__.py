"""What is said to customers: texts in four languages, and how a notice is put together."""
