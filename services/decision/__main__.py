"""`python -m services.decision`."""

from services.decision.app import builder
from services.decision.settings import DecisionSettings
from shared.run import main

if __name__ == "__main__":
    main("decision", DecisionSettings, builder)
