"""The customer's page: where the case stands, what comes next, and a way to answer. No account."""
