"""`make chaos N=…`: the last line is JSON: requests, kills, lost, repeats, control_lost.

Exit 0 when nothing was lost, every extra copy is explained and the control lost something; else 1. All of it
runs on this machine's loopback address, on servers of its own. The same seed draws the same faults; when they
strike is up to the machine.
"""

import argparse
import importlib
import json
import os
import sys
import time

import django
from django.conf import settings
from django.test.utils import get_runner

from tests.services import Services


def say(words: str) -> None:
    sys.stderr.write(f"{words}\n")
    sys.stderr.flush()


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("count", type=int, nargs="?", default=200, help="requests")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--logs", default="", help="a folder in which the logs of all parts are kept")
    asked = parser.parse_args(arguments)
    started = time.monotonic()
    os.environ.pop("TEST_ENGINE", None)
    services = Services()
    services.start()
    try:
        django.setup()
        runner = get_runner(settings)(verbosity=0, interactive=False)
        databases = runner.setup_databases()
        storm = importlib.import_module("tests.chaos.storm")  # models can be loaded only now
        report = storm.storm(asked.count, seed=asked.seed, say=say, logs=asked.logs)
        runner.teardown_databases(databases)
    finally:
        services.stop()
    say(f"seed {asked.seed}, {time.monotonic() - started:.0f} s")
    sys.stdout.write(json.dumps(report.as_line()) + "\n")
    return 0 if report.is_good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
