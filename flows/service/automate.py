"""Create or update the automations of the configured server: ``python -m flows.service.automate DAYS``.

A program of its own, because it needs Prefect and the one that starts it does not. The address to notify is a secret as
often as not, so it comes by the environment, as CORPUSMILL_WEBHOOK. Prints the names, as JSON.
"""

import os
import sys

import msgspec

from corpusmill.errors import CorpusmillError
from flows import automations
from flows.service.environment import WEBHOOK

if __name__ == "__main__":
    try:
        names = automations.ensure(webhook=os.environ.get(WEBHOOK, ""), days=int(sys.argv[1]))
    except CorpusmillError as error:
        sys.exit(str(error))
    sys.stdout.write(msgspec.json.encode(names).decode() + "\n")
