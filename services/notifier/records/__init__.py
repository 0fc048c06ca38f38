"""What was sent, what came back of it, and how an operator sends it again."""
