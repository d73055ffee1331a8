"""The company's people and groups, by EWS: a distribution list is opened, and the lists in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from exchangelib import errors as ews
from exchangelib import services
from exchangelib.properties import DLMailbox

from connectors.capabilities import Person
from connectors.exchange.everybody import FindByBeginning, everybody
from connectors.exchange.failures import failure, said
from connectors.exchange.services import EachItsAnswer
from connectors.exchange.transport import Transport
from sync_engine.errors import Rejected

_LISTS = {"PublicDL", "PrivateDL", "GroupMailbox"}
_NO_SUCH_LIST = (ews.ErrorNameResolutionNoResults, ews.ErrorInvalidItemForOperationExpandDL, ews.ErrorItemNotFound)


class ExpandLists(EachItsAnswer, services.ExpandDL):  # type: ignore[misc]
    """The members of distribution lists."""

    def of(self, address: str) -> list[Any]:
        """Mailboxes and lists, or exceptions."""
        return list(self.call(distribution_list=DLMailbox(email_address=address)))


class DirectoryReading:
    """Looks into the organisation's address lists."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def people(self) -> Iterator[Person]:
        """All of the organisation's address list; some requests for each hundred."""
        account = self._transport.account()
        return everybody(
            lambda beginning: self._transport.read(lambda: FindByBeginning(protocol=account.protocol).of(beginning))
        )

    def members(self, group: str) -> Iterator[Person]:
        """As `connectors.capabilities.Directory`; one request for each list."""
        seen, waiting = {group.lower()}, [group]
        people: dict[str, Person] = {}
        while waiting:
            for found in self._expanded(waiting.pop(0), group):
                address = (found.email_address or "").lower()
                if not address or address in seen or found.routing_type not in (None, "SMTP", "EX"):
                    continue
                seen.add(address)
                if found.mailbox_type in _LISTS:
                    waiting.append(address)
                elif found.mailbox_type in (None, "Mailbox"):
                    people[address] = Person(address, found.name or "")
        yield from people.values()

    def _expanded(self, address: str, group: str) -> list[Any]:
        account = self._transport.account()
        found = self._transport.read(lambda: ExpandLists(protocol=account.protocol).of(address))
        refusal = next((one for one in found if isinstance(one, Exception)), None)
        if isinstance(refusal, _NO_SUCH_LIST):
            message = f"There is no distribution list {address} in Exchange; check the fan-out's `group`, {group}."
            raise Rejected(message, server_said=said(refusal)) from refusal
        if refusal is not None:
            raise failure(refusal, "Exchange", writing=False) from refusal
        return found
