"""`make chaos N=…`: N messages while their senders are killed at random; nothing may be lost.

Senders are real processes (`manage.py drain --loop`) on a real SMTP server and a SQLite file of their own.
The control sends without protection, marking a message as sent before it is sent, under the same kills.
The last line is JSON: requests, kills, lost, repeats, control_lost. Exit 1 when a message was lost, when
there are more extra copies than kills, or when the control lost nothing (then the kills proved nothing).
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import django

from tests.mail_sink import Sink

ROOT = Path(__file__).resolve().parent.parent
SENDERS = 2
CONTROL = """
import django; django.setup()
import time
from django.db import transaction
from django.utils import timezone
from notifications.channels import EmailSender
from notifications.models import Message, State
sender = EmailSender()
while True:
    with transaction.atomic():
        rows = list(Message.objects.filter(state=State.QUEUED)[:20])
        Message.objects.filter(pk__in=[row.pk for row in rows]).update(state=State.SENT, sent_at=timezone.now())
    for row in rows:
        sender.send(row)
    time.sleep(0.01)
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int, nargs="?", default=200)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="clinic-chaos-") as folder:
        sink = Sink()
        sink.up()
        os.environ.update(
            DEBUG="1",
            TESTING="0",
            VAR_DIR=folder,
            DATABASE_URL=f"sqlite:///{folder}/clinic.sqlite3",
            EMAIL_BACKEND="notifications.channels.SmtpBackend",
            EMAIL_HOST=sink.host,
            EMAIL_PORT=str(sink.port),
            OUTBOX_PACE="0.01",
            DJANGO_SETTINGS_MODULE="config.settings",
            PYTHONPATH=str(ROOT),
        )
        django.setup()
        subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], cwd=ROOT, check=True)
        drain = [sys.executable, "manage.py", "drain", "--loop"]
        kills, lost, repeats = storm(drain, sink, asked.count, asked.seed, "protected")
        sink.clear()
        _more, control_lost, _copies = storm(
            [sys.executable, "-c", CONTROL], sink, asked.count, asked.seed, "control"
        )
        sink.down()
    result = {
        "requests": asked.count,
        "kills": kills,
        "lost": lost,
        "repeats": repeats,
        "control_lost": control_lost,
    }
    print(json.dumps(result))  # noqa: T201
    return 0 if lost == 0 and repeats <= kills and control_lost > 0 else 1


def storm(command: list[str], sink: Sink, count: int, seed: int, name: str) -> tuple[int, int, int]:
    """Kills, messages that never arrived, extra copies."""
    # Only after django.setup() can the models be loaded.
    from notifications.models import Attempt, Message, State  # noqa: PLC0415
    from tests.notifications.messages import make_many  # noqa: PLC0415

    draw = random.Random(seed)
    expected = {message.message_id for message in make_many(count, prefix=name)}
    senders = [_start(command) for _ in range(SENDERS)]
    kills, ends_at = 0, time.monotonic() + 60 + count / 20
    waiting = Message.objects.filter(key__startswith=f"{name}:", state__in=[State.QUEUED, State.SENDING])
    while waiting.exists() and time.monotonic() < ends_at:
        time.sleep(draw.uniform(0.05, 0.4))
        # A sender is killed while it sends, not while it starts; the last part runs in peace.
        victim = draw.randrange(SENDERS)
        if (
            len(sink.envelopes)
            and kills < max(3, count // 20)
            and time.monotonic() - senders[victim][1] > 1.5
        ):
            os.kill(senders[victim][0].pid, signal.SIGKILL)
            senders[victim][0].wait()
            kills += 1
            senders[victim] = _start(command)
    time.sleep(0.5)
    for process, _started in senders:
        process.kill()
        process.wait()
    copies = Counter(str(mail["Message-ID"]) for mail in sink.messages)
    for message_id, times in copies.items():
        if times > 1:
            tries = Attempt.objects.filter(message__message_id=message_id).count()
            print(f"{name}: {message_id} arrived {times} times in {tries} tries", file=sys.stderr)  # noqa: T201
    return kills, len(expected - set(copies)), sum(copies.values()) - len(copies)


def _start(command: list[str]) -> tuple[subprocess.Popen[bytes], float]:
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    return process, time.monotonic()


if __name__ == "__main__":
    sys.exit(main())
