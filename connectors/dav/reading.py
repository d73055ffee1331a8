"""Reading items: multiget in batches (RFC 4791 7.9, RFC 6352 8.7), one by one where that fails."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeAlias

from connectors.dav.failures import Answer, read_failure
from connectors.dav.hrefs import uid_of_name
from connectors.dav.questions import Questions, Refused
from connectors.dav.texts import decoded, read_item, too_large
from connectors.dav.transport import TooLarge
from connectors.dav.versions import content_version, normal_text, strong_tag
from connectors.dav.xml_bodies import ADDRESS_BOOK, ETAG, Flavour, multiget
from connectors.dav.xml_reader import Resource
from sync_engine.errors import ItemError, SuspectListing, Unreadable
from sync_engine.limits import most_octets
from sync_engine.ports import Broken, Changed, RemoteRef, Removed

BATCH = 100  # items for one multiget
MAX_BATCH = 64 << 20  # octets of its answer

Answered: TypeAlias = Changed | Broken | Removed


class Reading:
    """Reads items of one account."""

    def __init__(self, questions: Questions) -> None:
        self._questions = questions
        self._one_by_one: set[str] = set()  # collections whose server does no multiget

    def batches(self, collection: str, flavour: Flavour, ids: Sequence[str]) -> Iterator[list[Answered]]:
        """One answer for each id. `Removed` only when the server says that it is not there."""
        for start in range(0, len(ids), BATCH):
            batch = ids[start : start + BATCH]
            found = self._multiget(collection, flavour, batch)
            yield [found.get(remote_id) or self.get(remote_id, flavour) for remote_id in batch]

    def get(self, remote_id: str, flavour: Flavour) -> Answered:
        """Read one item. Raises the errors of a read."""
        url = self._questions.url(remote_id)
        limit = too_large(flavour)
        try:
            answer = self._questions.transport.request("GET", url, headers={"Accept": flavour.accept}, max_body=limit)
        except TooLarge as err:
            most = f"{limit >> 10} KiB"
            message = f"The item is larger than {most}, the limit: make it smaller at the account; it is left alone."
            return Broken(RemoteRef(remote_id, strong_tag(err.tag) or "too large"), "", Unreadable(message))
        if answer.status in {404, 410}:
            return Removed(remote_id)
        return self._read(remote_id, flavour, answer) if answer.ok else self._refused(remote_id, answer)

    def _read(self, remote_id: str, flavour: Flavour, answer: Answer) -> Answered:
        if "html" in answer.headers.get("Content-Type", ""):
            raise SuspectListing("The server answers with a web page where an item should be; is the address right?")
        text = decoded(answer.body, answer.headers.get("Content-Type", ""))
        return made(remote_id, strong_tag(answer.headers.get("ETag")), text, flavour)

    @staticmethod
    def _refused(remote_id: str, answer: Answer) -> Broken:
        if answer.status < 400 or answer.status > 501:
            raise read_failure(answer, f"GET {remote_id}")
        message = f"The server does not give this item out (HTTP {answer.status})."
        version = f"status:{answer.status}"  # not empty: read again when it is listed again, not in every cycle
        return Broken(RemoteRef(remote_id, version), "", Unreadable(message, server_said=answer.words))

    # ------------------------------------------------------------ many at once

    def _multiget(self, collection: str, flavour: Flavour, ids: Sequence[str]) -> dict[str, Answered]:
        if collection in self._one_by_one or len(ids) == 1:
            return {}
        paths = [self._questions.path(remote_id) for remote_id in ids]
        try:
            answer = self._questions.report(collection, multiget(flavour, paths), depth=1, max_body=MAX_BATCH)
        except Refused:
            self._one_by_one.add(collection)
            return {}
        except SuspectListing:  # one bad character or huge value spoils the XML of all: ask for each
            return {}
        wanted = frozenset(ids)
        answered = ((self._questions.member(collection, r.href), r) for r in answer.resources)
        made_of = ((remote_id, self._of(remote_id, r, flavour)) for remote_id, r in answered if remote_id in wanted)
        return {remote_id: value for remote_id, value in made_of if value is not None}

    @staticmethod
    def _of(remote_id: str, resource: Resource, flavour: Flavour) -> Answered | None:
        if resource.status in {404, 410}:
            return Removed(remote_id)
        text = resource.text(flavour.data)
        if not text.strip():
            return None
        return made(remote_id, strong_tag(resource.text(ETAG)), normal_text(text), flavour)


def made(remote_id: str, tag: str, text: str, flavour: Flavour) -> Changed | Broken:
    """The item for a text that was read, in its normal form."""
    ref = RemoteRef(remote_id, tag or content_version(text))
    uid = uid_of_name(remote_id) if flavour is ADDRESS_BOOK else None
    try:
        return Changed(ref, read_item(text, uid_if_missing=uid))
    except ItemError as err:
        return Broken(ref, text if len(text) <= most_octets(text) else "", err)  # a giant is not kept in the store
