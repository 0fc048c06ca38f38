"""Claims are checked with the bank's systems: asked, answered, silent; and the ledger of trust."""
