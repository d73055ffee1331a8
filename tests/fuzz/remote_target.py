"""The whole DAV connector against a server on loopback whose answers are mutants."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from typing import ClassVar

from connectors.dav.connector import DavConnector
from connectors.settings import ConnectorSettings
from sync_engine.errors import SyncError
from sync_engine.ports import Broken, Changed, Page, Removed
from tests.fuzz.mutate import XML, mutant
from tests.fuzz.seeds import ABOUT, ABOUT_PLAIN, FOLDER, LISTED, READ, SYNCED
from tests.fuzz.targets import Wrong

_MARK = b"\n=====8<=====\n"
_LARGEST = 100_000  # octets of an answer: a listing of thousands is read item by item, which takes its time by right


class _Answers(BaseHTTPRequestHandler):
    """Says the same to every question of a kind."""

    protocol_version = "HTTP/1.1"
    wbufsize = 65536
    said: ClassVar[list[bytes]] = []  # about the collection, its listing, sync-collection, multiget

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Silent."""

    def do_PROPFIND(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self._send(207, self.said[0 if self.headers.get("Depth") == "0" else 1])

    def do_REPORT(self) -> None:
        asked = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self._send(207, self.said[2 if b"sync-collection" in asked else 3])

    def do_GET(self) -> None:
        self._send(404, b"")

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Remote:
    """A target that is a server, as the connector sees it."""

    name = "dav"

    def __init__(self) -> None:
        self._handler: type[_Answers] = type("Answers", (_Answers,), {})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        url = f"http://127.0.0.1:{self._server.server_port}/"
        self._connector = DavConnector(ConnectorSettings(url=url, username="ada", secret="secret", timeout=20))

    def make(self, chance: Random) -> bytes:
        """Four answers, one or two of them mutants."""
        said = [chance.choice((ABOUT, ABOUT, ABOUT_PLAIN)), LISTED, SYNCED, READ]
        for which in {chance.randrange(4), chance.randrange(4)}:
            said[which] = mutant(chance, [said[which]], XML, most=3)[:_LARGEST]
        return _MARK.join(said)

    def try_(self, raw: bytes) -> bool:
        """A full listing, and the changes since a token."""
        said = raw.split(_MARK)
        if len(said) != 4:
            return False
        self._handler.said = said
        return any([self._read(None), self._read('{"m":"sync","t":"42"}'), self._read('{"m":"ctag","t":"7"}')])

    def _read(self, since: str | None) -> bool:
        try:
            pages = list(self._connector.changes(FOLDER, since, lambda _ids: {}))
        except SyncError as err:
            if not str(err).strip():
                raise Wrong("an error without words") from err
            return False
        self._check(pages)
        return bool(pages)

    @staticmethod
    def _check(pages: list[Page]) -> None:
        for change in (change for page in pages for change in page.changes):
            remote_id = change.id if isinstance(change, Removed) else change.ref.id
            if not remote_id.startswith(FOLDER):
                raise Wrong("an item outside of its collection")
            if isinstance(change, Broken) and not str(change.error).strip():
                raise Wrong("an item that is left out, and no reason")
            if isinstance(change, Changed) and not change.item.uid:
                raise Wrong("an item without a UID")

    def close(self) -> None:
        """End the server."""
        self._connector.close()
        self._server.shutdown()
        self._server.server_close()
