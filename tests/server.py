"""A web server on this machine that serves, stalls, breaks off and lies as it is told."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Answer:
    """What the server says to one request.

    ``sent`` of the bytes that were asked for are sent, all if None. Then the connection is closed,
    or, with ``then``, that is called and nothing more comes. ``length`` is what Content-Length says
    instead of the truth; 0 leaves it out. ``chunked`` says each piece's length instead.
    """

    body: bytes = b""
    status: int = 200
    etag: str = '"first"'
    ranges: bool = True
    sent: int | None = None
    length: int | None = None
    chunked: bool = False
    then: Callable[[], None] | None = None
    location: str = ""


@dataclass
class Server:
    """Gives its ``answers`` one after the other, the last one for ever; keeps the ``requests``."""

    url: str
    answers: list[Answer] = field(default_factory=list)
    requests: list[Message] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)

    def next(self, request: Message) -> Answer:
        self.requests.append(request)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@contextmanager
def serving() -> Iterator[Server]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            with suppress(ConnectionError):  # the client has heard enough
                _respond(self, server.next(self.headers), server.closing)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listener:
        server = Server(f"http://127.0.0.1:{listener.server_port}/corpus.zip")
        thread = threading.Thread(target=listener.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.closing.set()
            listener.shutdown()
            thread.join()


def _respond(to: BaseHTTPRequestHandler, answer: Answer, closing: threading.Event) -> None:
    wanted = to.headers.get("Range")
    fresh = to.headers.get("If-Range", answer.etag) == answer.etag
    resumed = wanted and fresh and answer.ranges and answer.status == 200
    begin = int(wanted[6:-1]) if wanted and resumed else 0
    body = answer.body[begin:]
    to.send_response(answer.status if not begin else 206 if body else 416)
    to.send_header("Connection", "close")
    if begin:
        to.send_header("Content-Range", f"bytes {begin}-{len(answer.body) - 1}/{len(answer.body)}")
    if answer.etag:
        to.send_header("ETag", answer.etag)
    if answer.location:
        to.send_header("Location", answer.location)
    if answer.chunked:
        to.send_header("Transfer-Encoding", "chunked")
    elif answer.length != 0:
        to.send_header("Content-Length", str(answer.length or len(body)))
    to.end_headers()
    piece = body[: answer.sent]
    to.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n" if answer.chunked else piece)
    if answer.chunked and answer.sent is None:
        to.wfile.write(b"0\r\n\r\n")
    to.wfile.flush()
    if answer.then:
        answer.then()
        closing.wait()
