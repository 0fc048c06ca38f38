"""`python -m services.intake`: takes cases in and shows them."""

from services.intake.app import builder
from services.intake.settings import IntakeSettings
from shared.run import main

if __name__ == "__main__":
    main("intake", IntakeSettings, builder)
