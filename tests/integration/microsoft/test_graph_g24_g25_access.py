"""Subscriptions, paging and refusals, and every mail that would be sent, seen through O365 (G24, G25)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from tests.integration.microsoft.o365_account import ADA, Json, World, account, graph_world, single
from tests.servers.microsoft.serving import serving

__all__ = ["graph_world"]  # a fixture


@dataclass
class Webhook:
    """An address that is told."""

    url: str = ""
    polite: bool = True  # does it give the token back?
    got: list[Json] = field(default_factory=list)

    async def endpoint(self, request: Request) -> Response:
        """Whatever comes."""
        if token := request.query_params.get("validationToken"):
            return PlainTextResponse(token if self.polite else "hello")
        self.got += (await request.json())["value"]
        return Response(status_code=202)


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    """On a port of its own."""
    made = Webhook()
    with serving(Starlette(routes=[Route("/hook", made.endpoint, methods=["POST"])])) as address:
        made.url = f"{address}/hook"
        yield made


def _wish(webhook: Webhook, **more: str) -> Json:
    until = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    wish = {"changeType": "created,updated,deleted", "resource": "me/contacts", "clientState": "secret"}
    wish |= {"notificationUrl": webhook.url, "lifecycleNotificationUrl": webhook.url}
    return {**wish, "expirationDateTime": until, **more}


def test_g24_a_subscription_is_validated_and_then_told(world: World, webhook: Webhook) -> None:
    where = f"{world.graph.url}/v1.0/subscriptions"
    made = world.json("post", where, _wish(webhook))
    contact = world.json("post", "/contacts", {"displayName": "Eva"})["id"]
    assert world.graph.subscriptions.push() == 1
    (told,) = webhook.got
    assert (told["subscriptionId"], told["clientState"], told["changeType"]) == (made["id"], "secret", "created")
    assert told["resourceData"]["id"] == contact  # it was made with immutable ids
    world.graph.subscriptions.lifecycle("reauthorizationRequired")
    assert webhook.got[1]["lifecycleEvent"] == "reauthorizationRequired"
    later = (datetime.now(UTC) + timedelta(hours=5)).isoformat()
    renewed = world.json("patch", f"{where}/{made['id']}", {"expirationDateTime": later})
    assert renewed["expirationDateTime"] > made["expirationDateTime"]
    world.graph.subscriptions.lifecycle("subscriptionRemoved")
    assert world.code("get", f"{where}/{made['id']}") == (404, "ResourceNotFound")


def test_g24_what_is_refused(world: World, webhook: Webhook) -> None:
    where = f"{world.graph.url}/v1.0/subscriptions"
    far = (datetime.now(UTC) + timedelta(minutes=4240)).isoformat()
    assert world.code("post", where, _wish(webhook, expirationDateTime=far))[0] == 400
    assert world.code("post", where, _wish(webhook, clientState="x" * 129))[0] == 400
    webhook.polite = False
    assert world.code("post", where, _wish(webhook))[0] == 400
    assert world.graph.subscriptions.all == {}


def test_g25_pages_of_ten_by_an_opaque_link(world: World) -> None:
    made = [world.ada.create("contacts", {"displayName": f"P{i:02}"}).id for i in range(23)]
    page = world.json("get", "/contacts")
    assert [one["id"] for one in page["value"]] == made[:10]
    page = world.json("get", page["@odata.nextLink"])
    page = world.json("get", page["@odata.nextLink"])
    assert [one["id"] for one in page["value"]] == made[20:]
    assert "@odata.nextLink" not in page
    assert len(world.json("get", "/contacts?$top=999")["value"]) == 23
    assert world.code("get", "/contacts?$top=1000")[0] == 400


def test_g25_the_refusals(world: World) -> None:
    world.exchange.add_mailbox("bob@example.com")
    assert world.code("get", "/contacts/nobody") == (404, "ErrorItemNotFound")
    assert world.code("get", f"{world.graph.url}/v1.0/users/bob@example.com/contacts") == (403, "ErrorAccessDenied")
    answer = account(world.graph, "not-a-token").con.get(world.url("/contacts"))
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "InvalidAuthenticationToken")


def test_g25_an_application_opens_what_it_was_given(world: World) -> None:
    bob = world.exchange.add_mailbox("bob@example.com")
    world.exchange.add_mailbox("eve@example.com")
    bob.create("contacts", {"displayName": "Bob's"})
    token = world.graph.sign_in.give(only=frozenset({ADA, "bob@example.com"}))
    app = account(world.graph, token).con
    base = f"{world.graph.url}/v1.0/users"
    assert app.get(f"{base}/Bob@example.com/contacts").json()["value"][0]["displayName"] == "Bob's"
    assert app.get(f"{base}/eve@example.com/contacts").status_code == 403
    assert app.get(world.url("/contacts")).status_code == 400  # an application is nobody


@pytest.mark.mails
def test_r10_whatever_would_mail_somebody_is_in_the_outbox(world: World) -> None:
    guests = [{"emailAddress": {"address": "bob@example.com"}, "type": "required"}]
    alone = world.json("post", "/events", single())["id"]
    world.json("patch", f"/events/{alone}", {"subject": "Still alone"})
    assert world.exchange.outbox == []
    made = world.json("post", "/events", single(attendees=guests))["id"]
    world.json("patch", f"/events/{made}", {"categories": ["Mine"]})
    assert [mail.kind for mail in world.exchange.outbox] == ["invitation"]
    world.json("patch", f"/events/{made}", {"subject": "Other"})
    assert world.ask("delete", f"/events/{made}").status_code == 204
    message = {"subject": "Hello", "toRecipients": guests}
    assert world.ask("post", "/sendMail", {"message": message}).status_code == 202
    kinds = [mail.kind for mail in world.exchange.outbox]
    assert kinds == ["invitation", "update", "cancellation", "message"]
    assert {mail.recipients[0] for mail in world.exchange.outbox} == {"bob@example.com"}


@pytest.mark.mails
def test_r10_an_answer_to_an_invitation_is_a_mail_unless_it_is_silent(world: World) -> None:
    world.exchange.add_mailbox("bob@example.com")
    _, copy = world.exchange.hold_meeting("bob@example.com", [ADA], single())
    assert world.exchange.outbox == []
    assert world.ask("post", f"/events/{copy.id}/accept", {"sendResponse": False}).status_code == 202
    assert world.exchange.outbox == []
    assert world.json("get", f"/events/{copy.id}")["responseStatus"]["response"] == "accepted"
    assert world.ask("post", f"/events/{copy.id}/decline", {}).status_code == 202
    assert [mail.kind for mail in world.exchange.outbox] == ["response"]
