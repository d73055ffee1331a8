"""The methods that plain files take."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from dav_gateway.answers import Answer
from dav_gateway.files import copy_move, locking, properties, reading, writing
from dav_gateway.site import Call, refuse_method


def _other(call: Call) -> Answer:
    call.must_be_ours()
    raise refuse_method(reading.METHODS)


HANDLERS: Mapping[str, Callable[[Call], Answer]] = MappingProxyType(
    {
        "OPTIONS": reading.options,
        "GET": reading.answer,
        "HEAD": reading.answer,
        "PUT": writing.put,
        "DELETE": writing.delete,
        "MKCOL": writing.mkcol,
        "COPY": copy_move.answer,
        "MOVE": copy_move.answer,
        "PROPFIND": properties.propfind,
        "PROPPATCH": properties.proppatch,
        "LOCK": locking.lock,
        "UNLOCK": locking.unlock,
        **dict.fromkeys(("POST", "REPORT", "MKCALENDAR", "ACL"), _other),
    }
)
