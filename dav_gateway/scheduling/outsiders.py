"""The way to people whom this server does not know: off, unless whoever runs the gateway gives one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from storage.unit_of_work import SqlUnitOfWork


@dataclass(frozen=True, slots=True)
class Letter:
    """A message of scheduling to somebody outside, as a mail would carry it (iMIP, RFC 6047)."""

    sender: str  # name of the user it is from
    sender_name: str
    sender_address: str  # of mail; "" for a user without one
    recipient: str  # mail address, lower case
    method: str  # REQUEST, CANCEL, REPLY
    summary: str
    text: str  # the VCALENDAR


class Outsiders(Protocol):
    """Takes messages for people outside."""

    def send(self, unit: SqlUnitOfWork, letter: Letter) -> bool:
        """Take a message, in the transaction that it comes of: sent once, or not at all. False: it cannot be sent."""


class Nobody:
    """No mail leaves the house."""

    def send(self, unit: SqlUnitOfWork, letter: Letter) -> bool:
        """See `Outsiders`."""
        del unit, letter
        return False
