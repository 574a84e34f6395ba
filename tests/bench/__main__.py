"""`make bench`: a JSON line a case on standard output; exit 1 when one is beyond its floor.

    python -m tests.bench [--full] [SUBJECT …]

A subject is a module of `tests/bench/cases/`. The servers are those of the tests, with a fresh database.
The first case is a control: work that does twice as much must be found out, or the yardstick is broken.
"""

import argparse
import importlib
import json
import pkgutil
import sys
from collections.abc import Iterator

import django
from django.test.utils import get_runner

from tests.bench import cases
from tests.bench.measure import Result, side_by_side
from tests.services import Services


def control() -> Result:
    """Twice the work, held to a bound it cannot keep."""
    a, b = side_by_side(lambda: sum(range(400_000)), lambda: sum(range(200_000)))
    return Result("control: twice the work must miss its floor", a, b, floor=1.4, goal=1.4)


def subjects() -> list[str]:
    return sorted(module.name for module in pkgutil.iter_modules(cases.__path__))


def results(chosen: list[str], *, full: bool) -> Iterator[Result]:
    for subject in chosen:
        module = importlib.import_module(f"tests.bench.cases.{subject}")
        yield from module.cases(full)


def say(result: Result, *, is_good: bool) -> None:
    sys.stdout.write(json.dumps({**result.as_line(), "pass": is_good}) + "\n")
    sys.stdout.flush()


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench")
    parser.add_argument(
        "subjects", nargs="*", choices=[[], *subjects()], help="all of them when none is named"
    )
    parser.add_argument("--full", action="store_true", help="up to 1,000,000 appointments")
    asked = parser.parse_args(arguments)
    services = Services()
    services.start()
    try:
        django.setup()
        runner = get_runner(django.conf.settings)(verbosity=0, interactive=False)
        databases = runner.setup_databases()
        twice = control()
        say(twice, is_good=not twice.is_good_enough)
        good = [not twice.is_good_enough]
        for result in results(asked.subjects or subjects(), full=asked.full):
            say(result, is_good=result.is_good_enough)
            good.append(result.is_good_enough)
        runner.teardown_databases(databases)
    finally:
        services.stop()
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
