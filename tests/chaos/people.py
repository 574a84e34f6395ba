"""People who send requests, as a browser without a script sends them, and who press again when nothing answers."""

import http.client
import threading
import time
import urllib.parse
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from itertools import count

from config import servers

WHOLE = ("", "about/", "safety/", "you/", "paying/", "send/")
SHORT = ("", "you/", "send/")  # no question but a name, a birth date and a way to answer is required
ONE_IN = 10  # goes the whole way
PRESSES = 400  # times a person tries one page before they give up
FEWEST_SECONDS = 4.0  # somebody faster than that is taken for a machine
ABREAST = 20  # people one thread looks after at the same time
THREADS = 6

Form = dict[str, list[str]]


@dataclass
class Person:
    """One person with a browser of their own. `is_acknowledged` once the page says it has the request."""

    number: int
    form: Form
    port: int
    cookies: dict[str, str] = field(default_factory=dict)
    began_at: float = 0.0
    is_acknowledged: bool = False
    seconds: list[float] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"person{self.number}@people.example"

    @property
    def home(self) -> str:
        """Everybody writes from a place of their own: many requests from one are set aside, and nobody told."""
        return f"127.{1 + (self.number >> 16)}.{self.number >> 8 & 255}.{self.number & 255}"

    @property
    def steps(self) -> tuple[str, ...]:
        return SHORT if self.number % ONE_IN else WHOLE

    def look(self) -> None:
        self._insist("GET", "")

    def begin(self) -> None:
        self._insist("POST", self.steps[0])
        self.began_at = time.monotonic()

    def go_on(self) -> None:
        """The rest of the form, page by page, to the receipt."""
        self.tell_who()
        time.sleep(max(0.0, self.began_at + FEWEST_SECONDS - time.monotonic()))
        self.send()

    def tell_who(self) -> None:
        for step in self.steps[1:-1]:
            self._insist("POST", step)

    def send(self) -> None:
        """The last press. Raises AssertionError when anything but the receipt comes."""
        answer, where = self._insist("POST", self.steps[-1])
        if answer != 302 or where != "/request/received/":
            raise AssertionError(f"{self.address}: {answer} {where} instead of the receipt")
        self.is_acknowledged = True

    def _insist(self, method: str, step: str) -> tuple[int, str]:
        """Status and address it leads to. Presses again when the line breaks or the server says 5xx."""
        for _press in range(PRESSES):
            try:
                started = time.monotonic()
                status, where = self._ask(method, f"/request/{step}")
                self.seconds.append(time.monotonic() - started)
            except (OSError, http.client.HTTPException):
                status, where = 0, ""
            if status and status < 500:
                return status, where
            time.sleep(0.25)
        raise AssertionError(f"{self.address} gave up at /request/{step}")

    def _ask(self, method: str, path: str) -> tuple[int, str]:
        connection = http.client.HTTPConnection(
            servers.LOOPBACK, self.port, timeout=10, source_address=(self.home, 0)
        )
        headers = {"Host": f"localhost:{self.port}", "Connection": "close"}
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        body = None
        if method == "POST":
            said = {
                **self.form,
                "email": [self.address],
                "csrfmiddlewaretoken": [self.cookies.get("csrftoken", "")],
            }
            body = urllib.parse.urlencode(said, doseq=True)
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            connection.request(method, path, body=body, headers=headers)
            answer = connection.getresponse()
            answer.read()
            for line in answer.msg.get_all("Set-Cookie") or []:
                self.cookies.update({name: morsel.value for name, morsel in SimpleCookie(line).items()})
            return answer.status, answer.headers.get("Location", "")
        finally:
            connection.close()


class Crowd:
    """`size` people in a few threads. `people` holds who began; ask `is_busy` whether any is still at it."""

    def __init__(self, size: int, *, form: Form, port: int) -> None:
        self.size, self.form, self.port = size, form, port
        self.people: list[Person] = []
        self.problems: list[str] = []
        self._numbers = count(1)
        self._browser: dict[str, str] = {}
        self.is_there = threading.Event()  # somebody is in the middle of the form
        self._closed = threading.Event()
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._work, daemon=True) for _each in range(THREADS)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def finish(self, *, all_of_them: bool = False) -> None:
        """Nobody new comes, unless all shall; whoever began goes on. Returns when all are done or gave up."""
        if not all_of_them:
            self._closed.set()
        for thread in self._threads:
            thread.join()

    @property
    def is_busy(self) -> bool:
        return any(thread.is_alive() for thread in self._threads)

    @property
    def acknowledged(self) -> list[Person]:
        return [person for person in self.people if person.is_acknowledged]

    def _work(self) -> None:
        first = Person(0, self.form, self.port)
        first.look()
        self._browser = first.cookies
        self.is_there.set()
        while group := list(self._next(min(ABREAST, -(-self.size // THREADS)))):
            for walk in (Person.begin, Person.go_on):
                group = [person for person in group if self._is_through(walk, person)]

    def _is_through(self, walk: Callable[[Person], None], person: Person) -> bool:
        try:
            walk(person)
        except AssertionError as problem:
            self.problems.append(str(problem))
            return False
        return True

    def _next(self, wanted: int) -> Iterator[Person]:
        for _each in range(wanted):
            with self._lock:
                if len(self.people) >= self.size or self._closed.is_set():
                    return
                person = Person(next(self._numbers), self.form, self.port, cookies=dict(self._browser))
                self.people.append(person)
            yield person
