"""How a case is decided on its merits: what is owed, what is given, who may say so. Pure."""
