"""How a request arrives: in good time, and whole, or not at all."""

import socket
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

from gunicorn.workers.gthread import TConn, ThreadWorker

SLOWEST = 32_000  # bytes a second of a photo on a poor line; a form is given the whole of `--timeout` anyway
Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class PatientWorker(ThreadWorker):  # type: ignore[misc]
    """gunicorn's threads, which by themselves wait for ever for somebody who has begun to speak.

    All of a request must be there `--timeout` seconds after its first byte, and a second later for each SLOWEST
    bytes that it announces. Then we listen no longer, and the thread is free for the next.
    """

    def handle(self, conn: TConn) -> Any:
        conn.hang_up = _hang_up_in(self.cfg.timeout, conn.sock)
        try:
            return super().handle(conn)
        finally:
            conn.hang_up.cancel()

    def handle_request(self, req: Any, conn: TConn) -> bool:
        announced = next((value for name, value in req.headers if name == "CONTENT-LENGTH"), "0")
        conn.hang_up.cancel()
        conn.hang_up = _hang_up_in(self.cfg.timeout + int(announced) / SLOWEST, conn.sock)
        return bool(super().handle_request(req, conn))


def _hang_up_in(seconds: float, line: socket.socket) -> threading.Timer:
    def hang_up() -> None:
        with suppress(OSError):  # they have gone by themselves
            line.shutdown(socket.SHUT_RD)

    timer = threading.Timer(seconds, hang_up)
    timer.daemon = True
    timer.start()
    return timer


class LineLost(ConnectionError):
    """The line ended before the body did."""


class WholeBody:
    """Half a form is no form: what ends before its announced length is an error, where servers give what they got.

    A phone that loses its network between two fields would otherwise have its draft overwritten by the first.
    """

    def __init__(self, body: Any) -> None:
        self.body = body

    def read(self, size: int) -> bytes:
        """Django asks for no more than is still to come."""
        read: bytes = self.body.read(size)
        if len(read) < size:
            raise LineLost
        return read

    def readline(self, size: int) -> bytes:
        line: bytes = self.body.readline(size)
        if len(line) < size and not line.endswith(b"\n"):
            raise LineLost
        return line


def whole(application: Application) -> Application:
    """The same application, to which no half body is given."""

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        return application({**environ, "wsgi.input": WholeBody(environ["wsgi.input"])}, start_response)

    return answer
