"""Questions to the server that are answered with a multi-status, and addresses in its answers."""

from __future__ import annotations

from collections.abc import Iterator

from connectors.dav.failures import Answer, read_failure, readable
from connectors.dav.hrefs import id_of, is_plain_member, member_id, url_of
from connectors.dav.transport import TooLarge, Transport
from connectors.dav.xml_reader import Multistatus, MultistatusReader
from sync_engine.errors import SuspectListing

MAX_LISTING = 128 << 20  # octets; a listing of 100,000 items has about 30 million
_XML = {"Content-Type": "application/xml; charset=utf-8"}


class Refused(Exception):
    """The server does not do what was asked, in a way that is neither about load nor about sign-in."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(f"HTTP {answer.status}")
        self.answer = answer


class Questions:
    """PROPFIND and REPORT for one account."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        self._as_written: dict[str, str] = {}  # id -> path, where the server spells it in another way than the id

    def propfind(self, remote_id: str, body: bytes, *, depth: int) -> Multistatus:
        """Ask for properties. Raises the errors of a read."""
        return self.ask("PROPFIND", remote_id, body, depth)

    def report(self, remote_id: str, body: bytes, *, depth: int, max_body: int = MAX_LISTING) -> Multistatus:
        """Ask for a report. Raises Refused when the server answers 4xx, 501 or 507, and the errors of a read."""
        return self.ask("REPORT", remote_id, body, depth, refusable=True, max_body=max_body)

    def ask(
        self,
        method: str,
        remote_id: str,
        body: bytes,
        depth: int,
        *,
        refusable: bool = False,
        max_body: int = MAX_LISTING,
    ) -> Multistatus:
        """Send the question and read the whole answer."""
        reader = _Reader()
        url = self.url(remote_id)
        try:
            headers = {**_XML, "Depth": str(depth)}
            answer = self.transport.request(method, url, body, headers, sink=reader, max_body=max_body)
        except TooLarge as err:
            raise SuspectListing(f"The server's answer about {remote_id} is larger than {max_body >> 20} MiB.") from err
        if answer.status == 207:
            return reader.result()
        if refusable and (400 <= answer.status < 500 or answer.status in {501, 507}):
            raise Refused(answer)
        if answer.ok:
            raise SuspectListing(
                f"The server answered HTTP {answer.status} where a DAV listing was asked for; is the address right?",
                server_said=reader.words,
            )
        raise read_failure(answer, f"{method} {remote_id}")

    def url(self, remote_id: str) -> str:
        """The URL of an id, in the server's own spelling."""
        return url_of(self._as_written.get(remote_id, remote_id), self.transport.home)

    def path(self, remote_id: str) -> str:
        """What to write into an href element."""
        return self._as_written.get(remote_id, remote_id)

    def id_of(self, href: str, base: str) -> str:
        """The id of an href in an answer about `base`."""
        try:
            return id_of(href, self.url(base), self.transport.home)
        except ValueError as err:
            raise SuspectListing(f"The server's answer holds an address that is none: {href[:200]!r}.") from err

    def member(self, collection: str, href: str) -> str:
        """The id of a collection's member; "" for the collection itself. Raises SuspectListing for anything else."""
        if is_plain_member(collection, href):
            return href
        found = member_id(collection, self.id_of(href, collection))
        if found is None:
            raise SuspectListing(
                f"The listing of {collection} holds {href[:200]!r}, which is not in it; nothing is deleted."
            )
        if found and found != href and href.startswith("/") and found.count("/") == href.count("/"):
            self._remember(found, href)
        return found

    def _remember(self, remote_id: str, href: str) -> None:
        if not any(c in href for c in " ?#\\") and href.isascii():
            self._as_written[remote_id] = href


class _Reader:
    """Reads a 2xx body; keeps its beginning, for what to say when it is not what was asked for."""

    def __init__(self) -> None:
        self._xml = MultistatusReader()
        self._failure: SuspectListing | None = None
        self._first = b""

    def __call__(self, pieces: Iterator[bytes]) -> None:
        self._failure = None
        try:
            self._xml(self._seen(pieces))
        except SuspectListing as err:
            self._failure = err

    def _seen(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        for number, piece in enumerate(pieces):
            if not number:
                self._first = piece
            yield piece

    @property
    def words(self) -> str:
        """What a person could read of the answer."""
        return readable(self._first)

    def result(self) -> Multistatus:
        """Raises SuspectListing when the body was not a complete multi-status."""
        if self._failure is not None:
            raise SuspectListing(str(self._failure), server_said=self.words)
        return self._xml.result
