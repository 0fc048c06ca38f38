"""`python -m services.notifier` runs the notifier until it is told to stop."""

from services.notifier.app import builder
from services.notifier.settings import NotifierSettings
from shared.run import main

if __name__ == "__main__":
    main("notifier", NotifierSettings, builder)
