"""A CalDAV/CardDAV server of our own that is as unkind as real ones are, on demand.

It keeps state: what was put is there, in versions, with a log of changes. `Mood` says how it is in general, `Fault`s
befall single requests. Everything it got is in `requests`.
"""

from __future__ import annotations

import base64
import hashlib
import re
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar
from urllib.parse import unquote
from xml.sax.saxutils import escape

PRINCIPAL, CALENDAR, BOOK = "/ada@home/", "/ada@home/calendar/", "/ada@home/people/"
_SPACES = (
    'xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav" xmlns:r="urn:ietf:params:xml:ns:carddav"'
    ' xmlns:s="http://calendarserver.org/ns/"'
)


@dataclass
class Mood:
    """How the server is."""

    etags: str = "strong"  # strong, weak, none
    put_etag: bool = True
    sync: bool = True
    ctag: bool = True
    multiget: bool = True
    any_token: bool = False  # takes a token it never gave, and says nothing of deletions
    token_status: int = 403  # for a token that is not known
    page_size: int = 0  # members in one part of a sync-collection; 0 for all
    stuck: bool = False  # the token does not move from part to part
    rewrite: bool = False  # stores another text than it was sent
    ignores_if_none_match: bool = False
    forgets_if_match: bool = False  # in a DELETE, and in a PUT of what is gone
    uid_conflicts: bool = False  # 403 for a UID that is there under another name
    hrefs: str = "plain"  # plain, percent, absolute, prefix
    auth: str = "basic"  # basic, digest, bearer
    silent_about_itself: bool = False  # a listing does not mention the collection
    privileges: str = "<d:privilege><d:all/></d:privilege>"


@dataclass
class Fault:
    """What happens to one request."""

    method: str
    status: int = 0  # answer this, and do nothing
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    truncate: int = 0  # send only so many octets of the right answer, and close
    drop_before: bool = False  # close without doing anything
    drop_after: bool = False  # do it, then close without an answer
    delay: float = 0.0  # seconds before the answer
    times: int = 1
    path: str = ""  # only requests whose path ends so


@dataclass
class Collection:
    items: dict[str, tuple[str, int]] = field(default_factory=dict)  # name -> text, version
    log: list[str] = field(default_factory=list)
    address_book: bool = False


class UnkindDav:
    """The state of a server."""

    def __init__(self) -> None:
        self.mood = Mood()
        self.faults: list[Fault] = []
        self.requests: list[tuple[str, str, dict[str, str]]] = []
        self.collections = {CALENDAR: Collection(), BOOK: Collection(address_book=True)}
        self.known_tokens: set[str] = set()
        self.lock = threading.RLock()
        self.url = ""
        self.connections = 0  # that were opened
        self.spoken: set[str] = set()  # protocols that were agreed upon in TLS
        self._versions = 0

    def put(self, collection: str, name: str, text: str) -> None:
        """Store without being asked."""
        with self.lock:
            self._versions += 1
            self.collections[collection].items[name] = (text, self._versions)
            self.collections[collection].log.append(name)

    def remove(self, collection: str, name: str) -> None:
        """Delete without being asked."""
        with self.lock:
            del self.collections[collection].items[name]
            self.collections[collection].log.append(name)

    def count(self, method: str = "") -> int:
        """How many requests came."""
        return sum(not method or got[0] == method for got in self.requests)

    def befall(self, method: str, path: str) -> Fault | None:
        """The fault that this request gets."""
        with self.lock:
            fault = next((f for f in self.faults if f.method in {method, "*"} and path.endswith(f.path)), None)
            if fault is not None:
                fault.times -= 1
                if fault.times <= 0:
                    self.faults.remove(fault)
            return fault


class Handler(BaseHTTPRequestHandler):
    """Speaks for an `UnkindDav`."""

    protocol_version = "HTTP/1.1"
    state: ClassVar[UnkindDav]
    timeout = 30
    wbufsize = 65536  # head and body in one segment: no waiting for acknowledgements

    def setup(self) -> None:
        """A new connection."""
        self.state.connections += 1
        if isinstance(self.request, ssl.SSLSocket):
            self.state.spoken.add(self.request.selected_alpn_protocol() or "http/1.1")
        super().setup()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Silent."""

    def do_GET(self) -> None:
        self._serve()

    do_PUT = do_DELETE = do_PROPFIND = do_REPORT = do_OPTIONS = do_GET  # noqa: N815

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = unquote(self.path)
        self.state.requests.append((self.command, path, dict(self.headers)))
        fault = self.state.befall(self.command, path)
        if fault and fault.delay:
            time.sleep(fault.delay)
        if fault and fault.drop_before:
            self._hang_up()
        elif fault and fault.status:
            self._send(fault.status, fault.body, fault.headers)
        else:
            with self.state.lock:
                status, answer, headers = self._answer(path, body.decode())
            if fault and fault.drop_after:
                self._hang_up()
            else:
                self._send(status, answer, headers, truncate=fault.truncate if fault else 0)

    def _hang_up(self) -> None:
        self.close_connection = True
        self.connection.close()

    def _send(self, status: int, body: bytes, headers: dict[str, str], truncate: int = 0) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "application/xml; charset=utf-8", **headers}.items():
            self.send_header(name, value)
        if truncate:  # no length: the end of the connection is the end of the body
            self.send_header("Connection", "close")
            self.close_connection = True
        elif status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[:truncate] if truncate else body)

    def _answer(self, path: str, body: str) -> tuple[int, bytes, dict[str, str]]:
        refusal = self._sign_in()
        if refusal:
            return 401, b"<html><body><h1>Who are you?</h1></body></html>", {"WWW-Authenticate": refusal}
        if path.startswith("/.well-known/"):
            return 301, b"", {"Location": PRINCIPAL}
        return getattr(self, f"_{self.command.lower()}")(path, body)  # type: ignore[no-any-return]

    def _sign_in(self) -> str:
        """The challenge for a request that is not signed in; "" for one that is."""
        sent = self.headers.get("Authorization", "")
        if self.state.mood.auth == "basic":
            return "" if sent == "Basic " + base64.b64encode("ada:sécret".encode()).decode() else 'Basic realm="x"'
        if self.state.mood.auth == "bearer":
            return "" if sent == "Bearer good" else "Bearer"
        given = dict(re.findall(r'(\w+)="?([^",]+)"?', sent))
        a1 = hashlib.md5(b"ada:x:secret", usedforsecurity=False).hexdigest()
        a2 = hashlib.md5(f"{self.command}:{self.path}".encode(), usedforsecurity=False).hexdigest()
        asked = ":".join([a1, *(given.get(k, "") for k in ("nonce", "nc", "cnonce", "qop")), a2])
        right = hashlib.md5(asked.encode(), usedforsecurity=False).hexdigest()
        return "" if given.get("response") == right else 'Digest realm="x", nonce="n1", qop="auth", algorithm=MD5'

    # ------------------------------------------------------------ items

    def _held(self, path: str) -> tuple[Collection | None, str]:
        folder, _, name = path.rpartition("/")
        return self.state.collections.get(folder + "/"), name

    def _etag(self, version: int) -> str:
        return {"strong": f'"{version}"', "weak": f'W/"{version}"', "none": ""}[self.state.mood.etags]

    def _tagged(self, version: int) -> dict[str, str]:
        tag = self._etag(version)
        return {"ETag": tag} if tag else {}

    def _get(self, path: str, body: str) -> tuple[int, bytes, dict[str, str]]:
        collection, name = self._held(path)
        if collection is None or name not in collection.items:
            return 404, b"<html><body>Not found</body></html>", {}
        text, version = collection.items[name]
        kind = "text/vcard" if collection.address_book else "text/calendar"
        return 200, text.encode(), {"Content-Type": f"{kind}; charset=utf-8", **self._tagged(version)}

    def _put(self, path: str, body: str) -> tuple[int, bytes, dict[str, str]]:
        collection, name = self._held(path)
        if collection is None:
            return 409, b"", {}
        there = collection.items.get(name)
        if self.headers.get("If-None-Match") == "*" and there and not self.state.mood.ignores_if_none_match:
            return 412, b"", {}
        condition = "If-Match" in self.headers and (there or not self.state.mood.forgets_if_match)
        if condition and (not there or self.headers["If-Match"] != self._etag(there[1])):
            return 412, b"", {}
        uid = re.search(r"(?m)^UID:(.*?)\r?$", body)
        taken = any(n != name and uid and f"UID:{uid[1]}\r\n" in t for n, (t, _) in collection.items.items())
        if self.state.mood.uid_conflicts and taken:
            return 403, f"<d:error {_SPACES}><c:no-uid-conflict/></d:error>".encode(), {}
        text = body.replace("SUMMARY:", "SUMMARY:Re: ") if self.state.mood.rewrite else body
        self.state.put(path.rpartition("/")[0] + "/", name, text)
        tags = self._tagged(collection.items[name][1]) if self.state.mood.put_etag else {}
        return (204 if there else 201), b"", tags

    def _delete(self, path: str, body: str) -> tuple[int, bytes, dict[str, str]]:
        collection, name = self._held(path)
        if collection is None or name not in collection.items:
            return 404, b"", {}
        condition = "If-Match" in self.headers and not self.state.mood.forgets_if_match
        if condition and self.headers["If-Match"] != self._etag(collection.items[name][1]):
            return 412, b"", {}
        self.state.remove(path.rpartition("/")[0] + "/", name)
        return 204, b"", {}

    def _options(self, path: str, body: str) -> tuple[int, bytes, dict[str, str]]:
        return 200, b"", {"DAV": "1, 3, calendar-access, addressbook"}

    # ------------------------------------------------------------ questions

    def _href(self, path: str) -> str:
        style = self.state.mood.hrefs
        if style == "percent":
            return path.replace("@", "%40").replace("-", "%2D")
        if style == "absolute":
            return self.state.url.rstrip("/") + path
        return "/proxy" + path if style == "prefix" else path

    def _response(self, path: str, props: str, status: str = "200 OK") -> str:
        found = f"<d:propstat><d:prop>{props}</d:prop><d:status>HTTP/1.1 {status}</d:status></d:propstat>"
        return f"<d:response><d:href>{escape(self._href(path))}</d:href>{found}</d:response>"

    def _multistatus(self, inside: str) -> tuple[int, bytes, dict[str, str]]:
        text = f'<?xml version="1.0" encoding="utf-8"?>\n<d:multistatus {_SPACES}>{inside}</d:multistatus>'
        return 207, text.encode(), {}

    def _propfind(self, path: str, body: str) -> tuple[int, bytes, dict[str, str]]:
        collection = self.state.collections.get(path)
        depth_one = self.headers.get("Depth") == "1"
        if collection is not None:
            said = "" if self.state.mood.silent_about_itself else self._about(path, collection)
            return self._multistatus(said + (self._members(path, collection) if depth_one else ""))
        if path not in {"/", PRINCIPAL}:
            return 404, b"", {}
        homes = (
            f"<d:current-user-principal><d:href>{PRINCIPAL}</d:href></d:current-user-principal>"
            f"<c:calendar-home-set><d:href>{PRINCIPAL}</d:href></c:calendar-home-set>"
            f"<r:addressbook-home-set><d:href>{PRINCIPAL}</d:href></r:addressbook-home-set>"
            "<d:resourcetype><d:collection/></d:resourcetype>"
        )
        below = "".join(self._about(p, c) for p, c in self.state.collections.items()) if depth_one else ""
        return self._multistatus(self._response(path, homes) + below)

    def _about(self, path: str, collection: Collection) -> str:
        kind = "<r:addressbook/>" if collection.address_book else "<c:calendar/>"
        props = f"<d:resourcetype><d:collection/>{kind}</d:resourcetype><d:displayname>{path}</d:displayname>"
        props += f"<d:current-user-privilege-set>{self.state.mood.privileges}</d:current-user-privilege-set>"
        if self.state.mood.ctag:
            props += f"<s:getctag>{len(collection.log)}</s:getctag>"
        if self.state.mood.sync:
            props += f"<d:sync-token>{self._token(len(collection.log))}</d:sync-token>"
        return self._response(path, props)

    def _members(self, path: str, collection: Collection) -> str:
        return "".join(self._member(path + name, version) for name, (_, version) in collection.items.items())

    def _member(self, path: str, version: int) -> str:
        tag = self._etag(version)
        return self._response(path, f"<d:getetag>{escape(tag)}</d:getetag>" if tag else "<d:resourcetype/>")

    def _report(self, path: str, body: str) -> tuple[int, bytes, dict[str, str]]:
        collection = self.state.collections.get(path)
        if collection is None:
            return 404, b"", {}
        if "sync-collection" in body:
            return self._sync(path, collection, body) if self.state.mood.sync else (501, b"", {})
        if "multiget" in body:
            return self._multiget(collection, body) if self.state.mood.multiget else (501, b"", {})
        uid = re.search(r"<[cr]:text-match[^>]*>(.*?)</", body)
        hits = [n for n, (text, _) in collection.items.items() if uid and f"UID:{uid[1]}\r\n" in text]
        return self._multistatus("".join(self._whole(path + n, collection, n) for n in hits))

    def _whole(self, path: str, collection: Collection, name: str) -> str:
        text, version = collection.items[name]
        data = "r:address-data" if collection.address_book else "c:calendar-data"
        tag = self._etag(version)
        etag = f"<d:getetag>{escape(tag)}</d:getetag>" if tag else ""
        return self._response(path, f"{etag}<{data}>{escape(text)}</{data}>")

    def _multiget(self, collection: Collection, body: str) -> tuple[int, bytes, dict[str, str]]:
        out = ""
        for href in re.findall(r"<d:href>(.*?)</d:href>", body):
            path = unquote(href).removeprefix("/proxy")
            name = path.rpartition("/")[2]
            gone = self._state(path, "404 Not Found")
            out += self._whole(path, collection, name) if name in collection.items else gone
        return self._multistatus(out)

    def _token(self, place: int) -> str:
        token = f"data:,{place}"
        self.state.known_tokens.add(token)
        return token

    def _sync(self, path: str, collection: Collection, body: str) -> tuple[int, bytes, dict[str, str]]:
        found = re.search(r"<d:sync-token>(.*?)</d:sync-token>", body)
        token = found[1] if found else ""
        if token and token not in self.state.known_tokens and not self.state.mood.any_token:
            return self.state.mood.token_status, f"<d:error {_SPACES}><d:valid-sync-token/></d:error>".encode(), {}
        start = int(token.rpartition(",")[2]) if token in self.state.known_tokens else 0
        end = (
            min(start + self.state.mood.page_size, len(collection.log))
            if self.state.mood.page_size
            else len(collection.log)
        )
        names = dict.fromkeys(collection.log[start:end])
        out = "".join(self._synced(path, collection, name) for name in names if name in collection.items or token)
        if end < len(collection.log):
            out += self._state(path, "507 Insufficient Storage")
            end = start if self.state.mood.stuck else end
        return self._multistatus(f"{out}<d:sync-token>{self._token(end)}</d:sync-token>")

    def _synced(self, path: str, collection: Collection, name: str) -> str:
        if name in collection.items:
            return self._member(path + name, collection.items[name][1])
        return self._state(path + name, "404 Not Found")

    def _state(self, path: str, status: str) -> str:
        href = escape(self._href(path))
        return f"<d:response><d:href>{href}</d:href><d:status>HTTP/1.1 {status}</d:status></d:response>"


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Connections that break are what this server is for."""


@contextmanager
def unkind_dav(certificate: ssl.SSLContext | None = None) -> Iterator[UnkindDav]:
    """A server on a free port, for as long as the context lasts."""
    state = UnkindDav()
    server = _Server(("127.0.0.1", 0), type("BoundHandler", (Handler,), {"state": state}))
    scheme = "http"
    if certificate is not None:
        server.socket = certificate.wrap_socket(server.socket, server_side=True)
        scheme = "https"
    state.url = f"{scheme}://127.0.0.1:{server.server_port}/"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()
