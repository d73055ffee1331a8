"""POST: what no other method says. Which it is, the address, the query and the body tell."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from dav_gateway.answers import Answer
from dav_gateway.attachments import post as attachments
from dav_gateway.options import allowed
from dav_gateway.push import register
from dav_gateway.scheduling import outbox
from dav_gateway.sharing import share
from dav_gateway.site import Call, refuse_method

Taker: TypeAlias = Callable[[Call], Answer | None]
"""Answers a POST, or gives None where it is not for this one."""

TAKERS: tuple[Taker, ...] = (attachments.take, outbox.take, register.take, share.take)


def answer(call: Call) -> Answer:
    """The answer of the first that takes it."""
    call.must_be_ours()
    for take in TAKERS:
        answered = take(call)
        if answered is not None:
            return answered
    raise refuse_method(allowed(call.place))
