"""Mailboxes that an account opens for others: an app at Microsoft 365, a service account at Exchange."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

from connectors.mail import After
from connectors.mail_registry import mail_sender, mail_source
from connectors.settings import ConnectorSettings
from sync_engine.errors import NoAccess
from tests.contract.mail_sender_contract import written
from tests.contract.mail_source_world import mail
from tests.servers.microsoft.ews import add_person, exchange_server
from tests.servers.microsoft.ews_call import Site
from tests.servers.microsoft.graph import Graph
from tests.servers.microsoft.mailbox import Exchange
from tests.servers.microsoft.no_mail import answers_meant
from tests.servers.microsoft.post import deliver
from tests.servers.microsoft.serving import serving

SUPPORT, BOSS, EVA = "support@example.org", "boss@example.org", "eva@customer.example"
Opened = tuple[Exchange, str, Callable[[str], ConnectorSettings]]


@contextmanager
def by_an_app() -> Iterator[Opened]:
    """Which may open the support's mailbox alone."""
    graph = Graph(Exchange())
    for address in (SUPPORT, BOSS):
        graph.server.add_mailbox(address)
    token = graph.sign_in.give("", frozenset({SUPPORT}))
    with serving(graph.app()) as graph.url:
        url = f"{graph.url}/v1.0"
        yield (
            graph.server,
            "microsoft365",
            lambda who: ConnectorSettings(url, secret=token, auth="bearer", mailbox=who),
        )


@contextmanager
def at_exchange(access: str) -> Iterator[Opened]:
    site = Site()
    for login, address in (("svc", "svc@example.org"), ("support", SUPPORT), ("boss", BOSS)):
        add_person(site, login, "secret", address, login)
    if access == "impersonation":
        site.impersonators.add("svc")
        site.scopes["svc"] = frozenset({SUPPORT})
    else:
        site.delegates.add(("svc@example.org", SUPPORT))
    with exchange_server(site):
        options = {"access": access}
        yield (
            site.exchange,
            "exchange",
            lambda who: ConnectorSettings(site.url, "svc@example.org", "secret", mailbox=who, options=options),
        )


WAYS: dict[str, Callable[[], AbstractContextManager[Opened]]] = {
    "app": by_an_app,
    "impersonation": lambda: at_exchange("impersonation"),
    "delegate": lambda: at_exchange("delegate"),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_mailbox_of_another_is_read_and_answered_and_no_other_one(way: str) -> None:
    with WAYS[way]() as (exchange, kind, settings), answers_meant():
        deliver(exchange.mailbox(SUPPORT), mail("hello"))
        deliver(exchange.mailbox(BOSS), mail("secret"))
        source, sender = mail_source(kind, settings(SUPPORT)), mail_sender(kind, settings(SUPPORT))
        (page,) = source.arrivals("INBOX", None)
        assert [source.raw("INBOX", one.id) for one in page.arrivals] == [mail("hello")]
        source.settle("INBOX", [one.id for one in page.arrivals], After(seen=True, move_to="Junk Email"))
        assert [one.mime for one in exchange.mailbox(SUPPORT).in_collection("junkemail")] == [mail("hello")]
        sender.send(written("x", sender=SUPPORT), SUPPORT, [EVA])
        assert [(one.sender, one.recipients) for one in exchange.outbox] == [(SUPPORT, [EVA])]
        assert len(list(exchange.mailbox(SUPPORT).in_collection("sentitems"))) == 1
        assert sender.find_sent("x@example.org") is True
        others = mail_source(kind, settings(BOSS))
        with pytest.raises(NoAccess):
            list(others.arrivals("INBOX", None))
        for one in (source, sender, others):
            one.close()
