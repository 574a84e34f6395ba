"""Send what is due without Redis and Celery: once, or for as long as the process lives."""

import signal
import sys
import threading
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError, close_old_connections

from notifications import delivery

PAUSE = 2.0  # seconds between two looks


class Command(BaseCommand):
    help = "Send the messages that are due. With --loop: again every two seconds, the rescue without Redis."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--loop", action="store_true", help="go on until SIGTERM or SIGINT")

    def handle(self, *args: Any, **options: Any) -> None:
        stop = threading.Event()
        if not options["loop"]:
            self.stdout.write(f"{delivery.drain()} sent")
            return
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        self.stderr.write("Sending what is due, every two seconds. Stop with Ctrl-C.")
        while not stop.is_set():
            close_old_connections()
            try:
                delivery.drain(should_stop=stop.is_set)
            except DatabaseError as error:
                # The database restarts now and then; a rescue must outlive it.
                self.stderr.write(f"database: {type(error).__name__}")
            stop.wait(PAUSE)
        sys.stderr.flush()
