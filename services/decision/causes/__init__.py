"""Root causes of company faults: suggested by rules, confirmed by people, swept and removed."""
