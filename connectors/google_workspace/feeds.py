"""The loop over pages and sync tokens, written once for all of Google's services.

A feed goes page by page; only its last page has the token from which the next feed goes on (C1, P1). All pages of one
feed are asked for with the same parameters: the library makes each request out of the one before.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from googleapiclient.http import HttpRequest

from connectors.google_workspace.failures import Expired, Garbled, Gone, read_failure
from connectors.google_workspace.transport import Transport
from sync_engine.errors import CollectionGone, SuspectListing, SyncError

Following = Callable[[HttpRequest, dict[str, Any]], HttpRequest | None]
"""The request for the next page, out of the last one and its answer: `next_page`, or the library's ``list_next``."""


@dataclass(frozen=True, slots=True)
class TokenPage:
    """One page."""

    document: dict[str, Any]
    sync_token: str = ""  # on the last page only: where the next feed goes on

    def records(self, name: str) -> list[dict[str, Any]]:
        """The list of this name; an empty one is left out by some services. Raises SuspectListing (SYNC.md R01)."""
        found = self.document.get(name, [])
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            raise SuspectListing("Google sent something that is no list; it is read again later.")
        return found


def token_pages(transport: Transport, first: HttpRequest, following: Following) -> Iterator[TokenPage]:
    """All pages of a feed, which ends with a sync token.

    Raises Expired (CursorExpired), CollectionGone, SuspectListing for what cannot be the whole feed, and the errors of
    a read.
    """
    for page in pages(transport, first, following):
        if page.sync_token or page.document.get("nextPageToken"):
            yield page
        else:
            raise SuspectListing("Google's list of changes has no end; it is read again later.")


def pages(transport: Transport, first: HttpRequest, following: Following) -> Iterator[TokenPage]:
    """All pages of a list that need not have a sync token. Raises as `token_pages`."""
    seen: set[str] = set()
    request: HttpRequest | None = first
    while request is not None:
        document = _page(transport, request)
        token = str(document.get("nextPageToken") or "")
        if token in seen:
            raise SuspectListing("Google's list has no end; it is read again later.")
        seen.add(token)
        yield TokenPage(document, "" if token else str(document.get("nextSyncToken") or ""))
        request = following(request, document) if token else None


def next_page(request: HttpRequest, document: dict[str, Any]) -> HttpRequest | None:
    """As the library's ``list_next``, which refuses requests that name a parameter several times (eventTypes)."""
    token = str(document.get("nextPageToken") or "")
    if not token:
        return None
    following = copy.copy(request)
    where = urlsplit(request.uri)
    asked = [(name, value) for name, value in parse_qsl(where.query, keep_blank_values=True) if name != "pageToken"]
    following.uri = urlunsplit(where._replace(query=urlencode([*asked, ("pageToken", token)])))
    return following


def _page(transport: Transport, request: HttpRequest) -> dict[str, Any]:
    answer = transport.answer(request, writing=False)
    if answer.status == 410 and answer.is_googles and "syncToken=" in request.uri:  # whatever reason it gives (C3)
        raise Expired("Google has forgotten where we were; everything is listed once.", server_said=answer.words)
    if not answer.ok:
        raise _of_a_feed(read_failure(answer, str(request.methodId)), request)
    if not answer.document:
        raise SuspectListing("Google sent an empty answer instead of a list; it is read again later.")
    return answer.document


def _of_a_feed(err: SyncError, request: HttpRequest) -> SyncError:
    if isinstance(err, Gone):
        message = "The collection is not at Google any more, or not shared with this account; bind another one."
        return CollectionGone(message, server_said=err.server_said)
    if isinstance(err, Garbled) or (isinstance(err, Expired) and "syncToken=" not in request.uri):
        message = "Google sent something that is no list; it is read again later."
        return SuspectListing(message, server_said=err.server_said)
    return err
