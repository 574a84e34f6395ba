"""Settings and a task that break on purpose, in the real processes of the canary test.

`X-Break: raise` makes any page fail with what was posted in the error's message; `X-Break: careless` logs
it the way that nothing can filter. The second is the control: a leak that must be found.
"""

import logging
from collections.abc import Callable

import structlog
from django.http import HttpRequest, HttpResponseBase

from config.celery import app
from config.settings import *  # noqa: F403
from config.settings import MIDDLEWARE, PASSWORD_HASHERS

# The test makes its users with the fast hash of tests.
PASSWORD_HASHERS = [*PASSWORD_HASHERS, "django.contrib.auth.hashers.MD5PasswordHasher"]
MIDDLEWARE = [*MIDDLEWARE, "tests.privacy.leaky.Breaks"]


class Breaks:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_: object) -> None:
        how, said = request.headers.get("X-Break", ""), " ".join(request.POST.values())
        if how == "raise":
            logging.getLogger("intake").warning("cannot read %s", said)
            structlog.get_logger("intake").warning("cannot read", reason=said, typed=said)
            raise ValueError(f"cannot read {said}")
        if how == "careless":
            logging.getLogger("intake").warning(f"cannot read {said}")  # noqa: G004 (what the linter forbids elsewhere)


@app.task(name="tests.privacy.leaky.breaks")  # type: ignore[untyped-decorator]
def breaks() -> None:
    """Fails in the worker with a person's own words in the message of the error."""
    raise ValueError("cannot read zqstoryword Zqfirstword 1971-10-23")
