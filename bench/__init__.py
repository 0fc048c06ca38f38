"""Performance figures: the system, the floor below it and a peer beside it, in one run."""
