"""Testing an account of a system where people sign in, and apps may open mailboxes: the steps in their order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from connectors.probing import Advice, At, Step, StepFailed, network, step, tried
from connectors.settings import ConnectorSettings
from sync_engine.ports import Connector

_FAN_OUT = (
    "For a fan-out that is right: go on with agendahub fanout add; for mails too: agendahub mailbox test tries them."
    " Else set the account's mailbox."
)

Connect = Callable[[ConnectorSettings], Connector]


@dataclass(frozen=True, slots=True)
class MailboxProbe:
    """What a system says in its own words."""

    url: str  # where it is, when the account does not say
    advice: Advice
    no_mailbox: str  # why an app that opens none cannot be tried
    signed_in: Callable[[ConnectorSettings], Iterator[Step]] | None = None  # where there is something to sign in to
    mails: Callable[[ConnectorSettings], Iterator[Step]] | None = None  # of an account that mailboxes use

    def run(self, settings: ConnectorSettings, connect: Connect, collection: str, *, write: bool) -> Iterator[Step]:
        """Test an account; ends with the first step that fails, and raises nothing.

        `write`: also make and delete one item in `collection` (an id or a name), or in the first that can be written.
        """
        try:
            if self.signed_in is not None:
                yield from self.signed_in(settings)
            yield from network(At.of(settings.url or self.url), settings)
            if settings.auth == "app" and not settings.mailbox:
                yield Step("mailbox", True, f"Not tried: {self.no_mailbox}", _FAN_OUT)
                return
            if settings.options.get("syncs", "yes") or self.mails is None:
                yield from self._collections(settings, connect, collection, write=write)
            if settings.options.get("mail") and self.mails is not None:
                yield from self.mails(settings)
        except StepFailed as failed:
            yield failed.step

    def _collections(
        self, settings: ConnectorSettings, connect: Connect, collection: str, *, write: bool
    ) -> Iterator[Step]:
        connector = connect(replace(settings, max_wait=0.0))
        try:
            yield from tried(connector, collection, self.advice, write=write)
        finally:
            connector.close()


def signed_in(place: At, settings: ConnectorSettings, token: Callable[[], str], advice: Advice) -> Iterator[Step]:
    """The way to the service that gives tokens, and one of them. Raises StepFailed."""
    for found in network(place, settings):
        yield replace(found, name=f"sign-in service, {found.name}")
    yield step("sign-in", token, advice)
