"""Starts the demo's offices."""

from __future__ import annotations

from contextlib import ExitStack

from demo.cloud_office import CloudOffice
from demo.exchange_office import OUTLOOK, PASSWORD, ExchangeOffice
from demo.google_office import GOOGLE, GoogleOffice
from demo.offices import Office
from tests.servers.google_workspace.server import google_workspace
from tests.servers.microsoft.ews import add_person, exchange_server
from tests.servers.microsoft.ews_call import Site
from tests.servers.microsoft.graph import Graph
from tests.servers.microsoft.mailbox import Exchange
from tests.servers.microsoft.no_mail import watched
from tests.servers.microsoft.serving import serving

CLOUD = "cloud@example.net"


def open_offices(stack: ExitStack) -> tuple[Office, ...]:
    """Start the servers on free ports, each with one mailbox; they end with the stack."""
    site = Site()
    add_person(site, OUTLOOK, PASSWORD, OUTLOOK, "Outlook")
    stack.enter_context(exchange_server(site))
    exchange = Exchange()
    exchange.add_mailbox(CLOUD, "Cloud")
    graph = Graph(exchange)
    graph.url = stack.enter_context(serving(graph.app()))
    google = stack.enter_context(google_workspace())
    could_mail = stack.enter_context(watched())
    return (
        ExchangeOffice(site),
        CloudOffice(graph, graph.sign_in.give(CLOUD)),
        GoogleOffice(google, google.give(GOOGLE), could_mail),
    )
