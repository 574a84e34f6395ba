"""What was acknowledged against what is stored, what is stored against what the mail server took.

A message is accounted for when the mail server took it, or when it ended in another way that is on record
and that a person is told of. An extra copy is explained by one attempt that could not be written down as
over: its sender was killed, the line broke after the text, or the lease ran out meanwhile. One killed sender
explains one copy and no more.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from config.foundation.staff_tasks import StaffTask
from intake.models import AppointmentRequest
from notifications.models import Attempt, Audience, Message, State
from tests.chaos.nemesis import Fault

TOLD_OTHERWISE = {State.FAILED, State.SUPPRESSED, State.NOT_SENT}  # with a staff task each


@dataclass
class Reckoning:
    lost_requests: list[str] = field(default_factory=list)
    lost_messages: list[str] = field(default_factory=list)
    repeats: list[str] = field(default_factory=list)  # a line for each extra copy
    unexplained: int = 0
    messages: int = 0
    staff_tasks: int = 0

    @property
    def lost(self) -> int:
        return len(self.lost_requests) + len(self.lost_messages)


def taken(log: Path) -> Counter[str]:
    """Message-ID → copies the mail server took."""
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    return Counter(line["id"] for line in lines if line["what"] == "kept")


def reckon(
    *, acknowledged: Iterable[str], staff: int, log: Path, faults: Iterable[Fault], dead: set[int]
) -> Reckoning:
    """`acknowledged` are addresses of people who saw the receipt; `staff` how many are told of each request."""
    found = Reckoning()
    copies = taken(log)
    stored: dict[str, list[AppointmentRequest]] = defaultdict(list)
    for sent in AppointmentRequest.objects.select_related("client"):
        stored[sent.client.email].append(sent)
    told: dict[str, Counter[str]] = defaultdict(Counter)
    for subject, audience in Message.objects.filter(
        subject_type="intake.appointmentrequest", kind__in=["received", "staff_new"]
    ).values_list("subject_id", "audience"):
        told[subject][audience] += 1
    for address in acknowledged:
        mine = stored.get(address, [])
        if len(mine) != 1:
            found.lost_requests.append(f"{address}: stored {len(mine)} times")
            continue
        messages = told[str(mine[0].pk)]
        if (messages[Audience.CLIENT], messages[Audience.STAFF]) != (1, staff):
            found.lost_messages.append(f"{address}: {dict(messages)} messages written")
    _every_message(found, copies)
    _every_copy(found, copies, faults=list(faults), dead=dead)
    return found


def _every_message(found: Reckoning, copies: Counter[str]) -> None:
    tasks = set(StaffTask.objects.values_list("key", flat=True))
    known = set()
    for message in Message.objects.defer("content", "to"):
        # The second is a card to call, written when the gate knew already that the mailbox does not exist.
        task = not tasks.isdisjoint({f"message:{message.pk}", f"contact:{message.key}"})
        known.add(message.message_id)
        if message.waits_for == "control":
            continue
        found.messages += 1
        found.staff_tasks += task
        fine = copies[message.message_id] > 0 if message.state == State.SENT else task
        if message.state not in {State.SENT, *TOLD_OTHERWISE} or not fine:
            found.lost_messages.append(f"{message.kind} {message.state} {message.last_code}{message.reason}")
    found.lost_messages += [f"{strange}: sent, but not stored" for strange in copies.keys() - known]


def _every_copy(found: Reckoning, copies: Counter[str], *, faults: list[Fault], dead: set[int]) -> None:
    several = {name: times for name, times in copies.items() if times > 1}
    tries: dict[str, list[Attempt]] = defaultdict(list)
    for attempt in Attempt.objects.filter(message__message_id__in=several).select_related("message"):
        tries[attempt.message.message_id].append(attempt)
    killed = set(dead)
    for name, times in several.items():
        reasons = [why for attempt in tries[name] if (why := _why(attempt, tries[name], faults, killed))]
        for number in range(times - 1):
            why = reasons[number] if number < len(reasons) else ""
            found.repeats.append(f"{name} came again: {why or f'NOT EXPLAINED by {_told(tries[name])}'}")
            found.unexplained += not why


def _told(tries: list[Attempt]) -> str:
    return "; ".join(
        f"{each.number} {each.worker} {each.outcome or 'open'} {each.code} {each.started_at} {each.ended_at}"
        for each in tries
    )


def _why(attempt: Attempt, tries: list[Attempt], faults: list[Fault], dead: set[int]) -> str:
    """What may have let this attempt's copy go unnoticed, or nothing. A killed sender is taken from `dead`."""
    pid = int(attempt.worker.rpartition(":")[2])
    if attempt.outcome == Attempt.Outcome.OPEN:
        if pid not in dead:
            return ""
        dead.remove(pid)
        return f"its sender {pid} was killed"
    if attempt.outcome == Attempt.Outcome.UNKNOWN and attempt.ended_at:
        began, ended = attempt.started_at.timestamp(), attempt.ended_at.timestamp()
        return next(
            (
                fault.what
                for fault in faults
                if fault.what.startswith("mail server")
                and fault.began_at <= ended
                and began - 1 <= fault.ended_at
            ),
            "",
        )
    others = [other for other in tries if other is not attempt and other.number < attempt.number]
    overlaps = any(other.ended_at and other.ended_at > attempt.started_at for other in others)
    return "the lease ran out while it was sent" if overlaps else ""
