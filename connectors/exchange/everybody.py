"""All people of the organisation, by EWS, which has no list of them: it finds a hundred whose address begins so.

Where it finds as many as it tells at the most, each longer beginning is asked for (ResolveNames,
https://learn.microsoft.com/exchange/client-developer/web-service-reference/resolvenames-operation).
"""

from __future__ import annotations

import string
from collections.abc import Callable, Iterator
from typing import Any

from exchangelib import errors as ews
from exchangelib import services
from exchangelib.services.common import EWSService

from connectors.capabilities import Person
from connectors.exchange.failures import failure
from connectors.exchange.services import EachItsAnswer
from sync_engine.errors import SuspectListing

_MOST = 100  # that one answer holds
_FIRST = string.ascii_lowercase + string.digits + "_-.+'&"
_FURTHER = _FIRST + "@"
_LONGEST = 24  # characters of a beginning that is looked into further: a hundred addresses part before that


class FindByBeginning(EachItsAnswer, services.ResolveNames):  # type: ignore[misc]
    """Who is found by the beginning of an address."""

    def of(self, beginning: str) -> list[Any]:
        """Mailboxes of people, rooms and lists; or one exception."""
        self.chunk_size = 1  # of questions, of which one request may hold one
        return list(self.call(unresolved_entries=[f"smtp:{beginning}"], search_scope="ActiveDirectory"))

    def _get_element_container(self, message: Any, name: str | None = None) -> Any:
        """Without the library's warning, which is for the whole process: that there are more is seen by the number."""
        return EWSService._get_element_container(self, message=message, name=name)


def everybody(ask: Callable[[str], list[Any]]) -> Iterator[Person]:
    """Each person once; `ask` gives who is found by a beginning. Raises SuspectListing, and what `ask` raises."""
    told: set[str] = set()
    waiting = [*_FIRST]
    while waiting:
        beginning = waiting.pop()
        found = _found(ask(beginning))
        if len(found) >= _MOST:
            if len(beginning) == _LONGEST:
                raise SuspectListing(f"Exchange tells the same people whatever address is asked for ({beginning}).")
            waiting += [beginning + letter for letter in _FURTHER]
        for one in found:
            address = (one.email_address or "").lower()
            if one.mailbox_type in (None, "Mailbox") and one.routing_type in (None, "SMTP") and address not in told:
                told.add(address)
                yield Person(address, one.name or "")


def _found(answers: list[Any]) -> list[Any]:
    refusal = next((one for one in answers if isinstance(one, Exception)), None)
    if isinstance(refusal, ews.ErrorNameResolutionNoResults):
        return []
    if refusal is not None:
        raise failure(refusal, "Exchange", writing=False) from refusal
    return answers
