"""From a request to its handler, and from whatever goes wrong to an answer."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from itertools import chain
from types import MappingProxyType
from typing import TypeAlias

from dav_gateway import copy_move, delete, get, mkcol, options, post, propfind, proppatch, put, report
from dav_gateway.answers import XML, Answer, Refused, plain
from dav_gateway.attachments import serving
from dav_gateway.elements import error_body
from dav_gateway.files import methods as file_methods
from dav_gateway.files import reading
from dav_gateway.files.reading import BrokenOffError
from dav_gateway.paths import Area, Place
from dav_gateway.push import register
from dav_gateway.sharing import acl_method
from dav_gateway.site import Call, Limits, refuse_method
from storage.errors import StoreBusy, StoreFull, StoreRefused, StoreUnavailable

log = logging.getLogger(__name__)

Handler: TypeAlias = Callable[[Call], Answer]

HANDLERS: Mapping[str, Handler] = MappingProxyType(
    {
        "OPTIONS": options.answer,
        "GET": get.answer,
        "HEAD": get.answer,
        "POST": post.answer,
        "PUT": put.answer,
        "DELETE": delete.answer,
        "PROPFIND": propfind.answer,
        "PROPPATCH": proppatch.answer,
        "REPORT": report.answer,
        "MKCALENDAR": mkcol.answer,
        "MKCOL": mkcol.answer,
        "ACL": acl_method.answer,
        "COPY": copy_move.answer,
        "MOVE": copy_move.answer,
    }
)

_MINIMAL = frozenset(("PROPFIND", "REPORT"))

AREAS: Mapping[Area, Mapping[str, Handler]] = MappingProxyType(  # parts of the URL space with handlers of their own
    {
        Area.ATTACHMENTS: serving.HANDLERS,
        Area.FILES: file_methods.HANDLERS,
        Area.PUSH: register.HANDLERS,
    }
)

_TAKEN: Mapping[Area, str] = MappingProxyType(  # the methods of those parts
    {Area.ATTACHMENTS: serving.METHODS, Area.FILES: reading.METHODS, Area.PUSH: register.METHODS}
)


def answer_to(call: Call) -> Answer:
    """The handler's answer, with the first parts of its body made: what fails until then still gets its own status."""
    handler = AREAS.get(call.place.area, HANDLERS).get(call.method)
    if handler is None:
        call.must_be_ours()
        raise refuse_method(_TAKEN.get(call.place.area) or options.allowed(call.place))
    answer = _with_preference(call, handler(call))
    if isinstance(answer.body, bytes):
        return answer
    first, second = next(answer.body, b""), next(answer.body, b"")
    body = chain((first, second), answer.body) if second else first
    return Answer(answer.status, body, answer.headers)


def _with_preference(call: Call, answer: Answer) -> Answer:
    """Says that what is not there was left out (RFC 8144 2.1)."""
    if answer.status != 207 or call.method not in _MINIMAL or not call.minimal:
        return answer
    return Answer(answer.status, answer.body, {**answer.headers, "preference-applied": "return=minimal"})


def refusal(refused: Refused) -> Answer:
    """A refusal as an answer: the failed precondition for programs, else the sentence for people."""
    if refused.condition:
        return Answer(refused.status, error_body(refused.condition).encode(), {**refused.headers, "content-type": XML})
    return plain(refused.status, str(refused), refused.headers)


def excuse(error: Exception) -> Answer:
    """The answer when something went wrong: never a traceback."""
    if isinstance(error, Refused):
        return refusal(error)
    if isinstance(error, StoreFull):
        return plain(507, "The server's disk is full: nothing was stored.")
    if isinstance(error, StoreUnavailable):
        log.warning("gateway: %s", error)
        wait = "5" if isinstance(error, StoreBusy) else "30"
        return plain(503, "The server's database cannot be reached; try again later.", {"retry-after": wait})
    if isinstance(error, BrokenOffError):  # before anything of it was sent
        return plain(503, "The file was changed while it was read; read it again.", {"retry-after": "1"})
    if isinstance(error, StoreRefused):
        log.warning("gateway: %s", error)
        return plain(409, "This does not go together with what is stored; read it again.")
    log.error("gateway: a request failed", exc_info=error)
    return plain(500, "The server could not do this; its log says more.")


def oversized(method: str, place: Place | None, limits: Limits) -> Answer:
    """The answer to a body larger than any may be."""
    if method == "PUT" and place is not None:
        try:
            put.too_large(limits.body + 1, contacts=place.contacts, limits=limits)
        except Refused as refused:
            return refusal(refused)
    return plain(413, f"A request may have {limits.body:,} octets.")
