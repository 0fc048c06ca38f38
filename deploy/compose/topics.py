"""`python -m deploy.compose.topics PARTITIONS`: makes the topics of the catalogue, once.

Topics that exist stay as they are: more partitions would break the order of a customer's events.
"""

import asyncio
import sys

from deploy.local.broker import create_topics
from shared.errors import EvenhandError
from shared.events.catalogue import Topic
from shared.settings import KafkaSettings, load


def main(partitions: int) -> None:
    """Make the topics on the broker of the settings; waits until it is there.

    Raises:
        SystemExit: the broker refused, or did not answer in time.

    """
    try:
        asyncio.run(create_topics(load(KafkaSettings).bootstrap, dict.fromkeys(Topic, partitions)))
    except EvenhandError as error:
        sys.exit(f"topics: {error}")


if __name__ == "__main__":
    main(int(sys.argv[1]))
