"""Mails in requests of a bearable size: many small ones together, large ones alone."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence

from connectors.mail import Arrival

TOGETHER = 6 * 1024 * 1024  # octets of the mails of one request
_UNKNOWN = 512 * 1024  # octets that a mail is held to have whose size nobody told
_KEPT = 5000


class Sizes:
    """What a listing said of the sizes of mails that will be asked for next."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, int] = OrderedDict()

    def note(self, arrivals: Sequence[Arrival]) -> None:
        """Take down some; the oldest are forgotten."""
        self._known.update({one.id: one.size for one in arrivals if one.size})
        while len(self._known) > _KEPT:
            self._known.popitem(last=False)

    def groups(self, ids: Sequence[str], most: int) -> Iterator[list[str]]:
        """The ids in their order, at most so many together."""
        group: list[str] = []
        octets = 0
        for one in ids:
            size = self._known.get(one, _UNKNOWN)
            if group and (len(group) >= most or octets + size > TOGETHER):
                yield group
                group, octets = [], 0
            group.append(one)
            octets += size
        if group:
            yield group
