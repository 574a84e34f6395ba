"""Logs: one JSON object a line, made of keys on a list.

A key that is not on the list is left out, and said to be left out. There is no body, no query string and
no path in a log, only the pattern the path matched: a path may hold a link's token. Of other people's
log calls the format string is kept, without the values it was given.
"""

import copy
import logging
import re
from typing import Any

import structlog
from structlog.typing import EventDict, WrappedLogger

ALLOWED = frozenset(
    {
        # structlog's own
        "event", "level", "logger", "timestamp", "exception", "left_out",
        # where it happened
        "request_id", "route", "method", "status", "seconds", "user_id", "task", "task_id", "worker", "process",
        # what about, by id
        "subject_type", "subject_id", "message_id", "kind", "channel", "attempt", "attempts", "outcome", "code",
        "smtp_code", "count", "due", "sent", "failed", "queued", "age_seconds", "reason", "purpose", "version",
        "port", "engine", "key", "state", "from_state", "to_state",
    }
)  # fmt: skip
MAX_VALUE = 200
WORDS = re.compile(r"\s")  # ids, codes and counts have no spaces; what people type has
WRITTEN_BY_US = frozenset({"event", "exception", "left_out"})


def only_allowed(_logger: WrappedLogger, _method: str, event_dict: EventDict) -> EventDict:
    """Leave out what is not on the list, and whatever does not look like an id, a code or a count."""
    kept: dict[str, Any] = {}
    left_out = []
    for key, value in event_dict.items():
        if key in WRITTEN_BY_US or str(key).startswith("_") or (key in ALLOWED and _is_plain(value)):
            kept[key] = value
        else:
            left_out.append(str(key)[:40])
    if left_out:
        kept["left_out"] = sorted(left_out)
    return kept


def _is_plain(value: object) -> bool:
    if isinstance(value, bool | int | float | None):
        return True
    said = str(value)
    return len(said) <= MAX_VALUE and not WORDS.search(said)


def where_it_broke(_logger: WrappedLogger, _method: str, event_dict: EventDict) -> EventDict:
    """An exception's type and the lines it came through; never its message or a local variable.

    Messages of exceptions quote what they choked on: a row, an address, a birth date.
    """
    exc_info = event_dict.pop("exc_info", None)
    if not exc_info:
        return event_dict
    error = exc_info if isinstance(exc_info, BaseException) else None
    if error is None and isinstance(exc_info, tuple):
        error = exc_info[1]
    if error is None:
        return event_dict
    event_dict["exception"] = {"type": type(error).__qualname__, "at": _frames(error)}
    return event_dict


def _frames(error: BaseException) -> list[str]:
    frames, trace = [], error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        frames.append(f"{code.co_filename.rpartition('/site-packages/')[2]}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return frames[-20:]


class JsonLines(structlog.stdlib.ProcessorFormatter):
    """Of a record that is not ours, keep the format string and drop what was to be filled in."""

    def format(self, record: logging.LogRecord) -> str:
        if not isinstance(record.msg, dict):  # structlog hands over a dict; what is in it was filtered
            record = copy.copy(record)
            record.msg = (str(record.msg).splitlines() or [""])[0][:MAX_VALUE]
            record.args = ()
        return super().format(record)


def _shared() -> list[Any]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        where_it_broke,
        only_allowed,
    ]


def configure() -> None:
    """For `structlog.get_logger()`; the settings' LOGGING does the rest."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_shared(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def settings(*, level: str = "INFO") -> dict[str, Any]:
    """The value of Django's LOGGING: everything to standard error, as JSON lines."""
    configure()
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "json": {
                "()": JsonLines,
                "foreign_pre_chain": _shared(),
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    structlog.processors.JSONRenderer(default=lambda value: type(value).__name__),
                ],
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            # These have handlers of their own, which print paths, query strings and addresses.
            name: {"handlers": [], "level": level, "propagate": True}
            for name in ("django", "django.server", "django.request", "celery", "kombu", "axes", "allauth")
        },
    }
