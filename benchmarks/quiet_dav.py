"""A CalDAV server for the idle benchmark, a process of its own: `python -m benchmarks.quiet_dav ITEMS`.

It has as many calendars as anybody asks for (/c0/, /c1/ ...), all with the same events, made when they are asked for:
so 200 calendars of 5,000 events cost no more than one. It prints its port. ``POST /c7/`` edits the first event of c7.
"""

from __future__ import annotations

import re
import sys
import threading
from collections import Counter
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType
from typing import ClassVar
from xml.sax.saxutils import escape

from benchmarks.sample_events import edited, events

_XML = MappingProxyType({"Content-Type": "application/xml; charset=utf-8"})
_HREF = re.compile(r"<(?:\w+:)?href>[^<]*?/(\d+)\.ics</")
_TOKEN = re.compile(r"<(?:\w+:)?sync-token>(?:[^<]*/)?(\d+)</")
_OPEN = '<?xml version="1.0"?><d:multistatus xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav">'
_ABOUT = (
    "<d:resourcetype><d:collection/><c:calendar/></d:resourcetype><d:supported-report-set><d:supported-report><d:report>"
    "<d:sync-collection/></d:report></d:supported-report></d:supported-report-set>"
    "<c:supported-calendar-component-set><c:comp name='VEVENT'/></c:supported-calendar-component-set>"
)


class Calendars(BaseHTTPRequestHandler):
    """All calendars."""

    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16
    texts: ClassVar[list[str]] = []
    edits: ClassVar[Counter[str]] = Counter()  # by calendar: how often its first event was edited
    polls: ClassVar[Counter[str]] = Counter()  # by calendar
    lock: ClassVar[threading.Lock] = threading.Lock()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Silent."""

    def do_PROPFIND(self) -> None:
        """The calendar, and with Depth 1 its events and their tags."""
        self._body()
        edits = self.edits[self.path]
        about = _response(self.path, f"{_ABOUT}<d:sync-token>http://q/{edits}</d:sync-token>")
        listed = self._tags(range(len(self.texts))) if self.headers.get("Depth") == "1" else ""
        self._answer(207, f"{_OPEN}{about}{listed}</d:multistatus>")

    def do_REPORT(self) -> None:
        """sync-collection and calendar-multiget."""
        asked = self._body()
        if "sync-collection" not in asked:
            wanted = [int(number) for number in _HREF.findall(asked)]
            self._answer(207, f"{_OPEN}{''.join(self._whole(n) for n in wanted)}</d:multistatus>")
            return
        with self.lock:
            self.polls[self.path] += 1
        edits, token = self.edits[self.path], _TOKEN.search(asked)
        changed = range(len(self.texts)) if token is None else range(int(token[1]) < edits)
        self._answer(207, f"{_OPEN}{self._tags(changed)}<d:sync-token>http://q/{edits}</d:sync-token></d:multistatus>")

    def do_GET(self) -> None:
        """One event; at /polls, how many polls there were."""
        if self.path == "/polls":
            self._answer(200, str(self.polls.total()))
            return
        folder, _, name = self.path.rpartition("/")
        number = int(name.partition(".")[0])
        self._answer(
            200, self._text(number), {"ETag": self._tag(number, f"{folder}/"), "Content-Type": "text/calendar"}
        )

    def do_POST(self) -> None:
        """Somebody edits the first event."""
        self._body()
        with self.lock:
            self.edits[self.path] += 1
        self._answer(204, "")

    def _text(self, number: int) -> str:
        folder = self.path.rpartition("/")[0] + "/"
        return edited(self.texts[number]) if number == 0 and self.edits[folder] else self.texts[number]

    def _tag(self, number: int, folder: str) -> str:
        return f'"{number}-{self.edits[folder] if number == 0 else 0}"'

    def _tags(self, numbers: range) -> str:
        folder = self.path
        return "".join(
            _response(f"{folder}{n}.ics", f"<d:getetag>{escape(self._tag(n, folder))}</d:getetag>") for n in numbers
        )

    def _whole(self, number: int) -> str:
        tag, text = escape(self._tag(number, self.path)), escape(self._text(number))
        prop = f"<d:getetag>{tag}</d:getetag><c:calendar-data>{text}</c:calendar-data>"
        return _response(f"{self.path}{number}.ics", prop)

    def _body(self) -> str:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()

    def _answer(self, status: int, body: str, headers: Mapping[str, str] = _XML) -> None:
        raw = body.encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)


def _response(href: str, prop: str) -> str:
    ok = "<d:status>HTTP/1.1 200 OK</d:status>"
    return f"<d:response><d:href>{href}</d:href><d:propstat><d:prop>{prop}</d:prop>{ok}</d:propstat></d:response>"


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512


def main() -> None:
    """Serve until killed."""
    Calendars.texts = [text for _, text in events(int(sys.argv[1]))]
    server = _Server(("127.0.0.1", 0), Calendars)
    print(server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
