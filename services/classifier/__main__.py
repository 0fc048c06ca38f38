"""`python -m services.classifier`."""

from services.classifier.app import builder
from services.classifier.settings import ClassifierSettings
from shared.run import main

if __name__ == "__main__":
    main("classifier", ClassifierSettings, builder)
