"""The review desk: people take cases over, decide within certificates, and ask a second person.

Every act is one transaction with its entry in the decision log; two people cannot both decide.
"""
