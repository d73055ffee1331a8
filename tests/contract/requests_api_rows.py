"""Every route of the API, the right that it asks for, and a request that succeeds for whoever has it.

Words in braces stand for ids: of the bundle (tests/contract/requests_api_world.py) or general ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

ANYONE = "anyone"  # whoever has a token
LISTED = "listed"  # whoever may see any request gets his own
FILTERED = "filtered"  # anybody gets those that he may see, perhaps none


@dataclass(frozen=True)
class Row:
    """One route."""

    right: str
    body: Any = None
    query: str = ""
    instead: str = ""  # where another object of the bundle must stand in the address
    general: bool = False  # the object in the address is nobody's
    also: tuple[str, ...] = ()  # further rights on requests at large


SEEN = {"version": "{request_version}"}
START = "2026-04-01T00:00:00Z"
RANGE = f"start={START}&end=2026-04-08T00:00:00Z"
PERIOD = f"since={START}&until=2026-05-01T00:00:00Z"
MAIL = {"mailbox": "info", "to": [{"address": "x@customer.example"}], "subject": "s", "text": "t"}
RULE = {"name": "Others", "when": [], "then": {"tags": ["x"]}}
REPLY = {"name": "other", "subject": "s", "body": "b"}

ROWS: dict[tuple[str, str], Row] = {
    ("GET", "/me"): Row(ANYONE),
    ("GET", "/requests"): Row(LISTED),
    ("GET", "/requests/counts"): Row(LISTED),
    ("GET", "/search"): Row(LISTED, query="q=question"),
    ("GET", "/board"): Row(LISTED),
    ("GET", "/board/{status_id}"): Row(LISTED),
    ("POST", "/requests/{request_id}/move"): Row("request.status", {**SEEN, "status_id": "{status_id}"}),
    ("POST", "/requests"): Row(
        "request.create", {"subject": "s", "customer_name": "X", "customer_address": "x@customer.example"}
    ),
    ("GET", "/requests/by-number/{number}"): Row("request.read", instead="/requests/by-number/{request_number}"),
    ("GET", "/requests/{request_id}"): Row("request.read"),
    ("GET", "/requests/{request_id}/summary"): Row("request.read"),
    ("GET", "/requests/{request_id}/history"): Row("request.internal"),
    ("PATCH", "/requests/{request_id}"): Row("request.change", {**SEEN, "subject": "new"}),
    ("POST", "/requests/{request_id}/assign"): Row("request.assign", {**SEEN, "user_id": "{user_id}"}),
    ("POST", "/requests/{request_id}/customer"): Row("request.change", {**SEEN}),
    ("POST", "/requests/{request_id}/status"): Row("request.status", {**SEEN, "status_id": "{status_id}"}),
    ("POST", "/requests/{request_id}/close"): Row("request.close", {**SEEN, "reason": "done"}),
    ("POST", "/requests/{request_id}/spam"): Row("request.spam", {**SEEN, "spam": True}),
    ("POST", "/requests/{request_id}/reopen"): Row(
        "request.reopen", {"version": "{closed_version}", "reason": "again"}, instead="/requests/{closed_id}/reopen"
    ),
    ("PUT", "/requests/{request_id}/people"): Row("request.change", {"address": "new@customer.example"}),
    ("DELETE", "/requests/{request_id}/people/{address}"): Row(
        "request.change", instead="/requests/{request_id}/people/none@customer.example"
    ),
    ("PUT", "/requests/{request_id}/tags/{tag}"): Row("request.change", instead="/requests/{request_id}/tags/new"),
    ("DELETE", "/requests/{request_id}/tags/{tag}"): Row("request.change", instead="/requests/{request_id}/tags/vip"),
    ("GET", "/tags"): Row("catalogue.read"),
    ("GET", "/requests/{request_id}/notes"): Row("request.internal"),
    ("POST", "/requests/{request_id}/notes"): Row("request.note", {"text": "x"}),
    ("POST", "/requests/{request_id}/merge"): Row(
        "request.merge", {"into_id": "{other_id}", "version": "{other_version}"}
    ),
    ("POST", "/requests/{request_id}/split"): Row(
        "request.merge", {**SEEN, "message_ids": ["{message_id}"]}, also=("request.create",)
    ),
    ("GET", "/requests/{request_id}/links"): Row("request.read"),
    ("PUT", "/requests/{request_id}/links"): Row("request.merge", {"other_id": "{other_id}", "kind": "duplicate"}),
    ("DELETE", "/requests/{request_id}/links/{other_id}/{kind}"): Row(
        "request.merge", instead="/requests/{request_id}/links/{other_id}/related"
    ),
    ("GET", "/requests/{request_id}/duplicates"): Row("request.internal"),
    ("GET", "/requests/{request_id}/viewers"): Row("request.internal"),
    ("PUT", "/requests/{request_id}/viewers/me"): Row("request.internal", {"doing": "answering"}),
    ("DELETE", "/requests/{request_id}/viewers/me"): Row("request.internal"),
    ("GET", "/requests/{request_id}/messages"): Row("request.read"),
    ("GET", "/unplaced-messages"): Row("mail.unplaced"),
    ("GET", "/messages/{message_id}"): Row("request.read"),
    ("GET", "/messages/{message_id}/page"): Row("request.read"),
    ("GET", "/messages/{message_id}/page.html"): Row("request.read"),
    ("GET", "/messages/{message_id}/attachments/{number}"): Row("request.read"),
    ("GET", "/messages/{message_id}/raw"): Row("message.raw"),
    ("GET", "/requests/{request_id}/answer"): Row("answer.write", query="everybody=true"),
    ("POST", "/requests/{request_id}/ask-for-missing"): Row("answer.write", {"fields": ["invoice number"]}),
    ("POST", "/messages/{message_id}/forward"): Row("answer.write", {"to": [{"address": "x@y.example"}]}),
    ("GET", "/requests/{request_id}/drafts"): Row("answer.write"),
    ("POST", "/requests/{request_id}/drafts"): Row("answer.write", MAIL),
    ("GET", "/drafts/{draft_id}"): Row("answer.write"),
    ("PUT", "/requests/{request_id}/drafts/{draft_id}"): Row("answer.write", MAIL),
    ("DELETE", "/drafts/{draft_id}"): Row("answer.write"),
    ("POST", "/requests/{request_id}/answers"): Row("answer.write", {**MAIL, "answers": "{message_id}"}),
    ("POST", "/drafts/{draft_id}/send"): Row("answer.write"),
    ("GET", "/mailboxes"): Row("catalogue.read"),
    ("GET", "/outbox"): Row("outbox.read"),
    ("POST", "/outbox/{message_id}/decide"): Row(
        "outbox.decide", {"was_sent": True}, instead="/outbox/{sent_id}/decide", general=True
    ),
    ("POST", "/outbox/{message_id}/give-up"): Row("outbox.decide", instead="/outbox/{sent_id}/give-up", general=True),
    ("GET", "/replies"): Row("catalogue.read"),
    ("GET", "/reply-variables"): Row("catalogue.read"),
    ("GET", "/replies/{reply_id}"): Row("catalogue.read", general=True),
    ("GET", "/requests/{request_id}/replies/{reply_id}"): Row("answer.write"),
    ("POST", "/replies"): Row("catalogue.edit", REPLY),
    ("PUT", "/replies/order"): Row("catalogue.edit", {"ids": ["{reply_id}"]}),
    ("PUT", "/replies/{reply_id}"): Row("catalogue.edit", REPLY, general=True),
    ("DELETE", "/replies/{reply_id}"): Row("catalogue.edit", general=True),
    ("GET", "/documents"): Row(FILTERED),
    ("GET", "/documents/{document_id}"): Row("request.read"),
    ("GET", "/requests/{request_id}/documents"): Row("request.read"),
    ("POST", "/requests/{request_id}/tickets"): Row("document.create", {"title": "x"}),
    ("POST", "/requests/{request_id}/quotes"): Row(
        "document.create", {"title": "x", "lines": [{"text": "x", "price_cents": 1}]}
    ),
    ("POST", "/requests/{request_id}/meetings"): Row("document.create", {"title": "x", "starts_at": START}),
    ("POST", "/documents/{document_id}/status"): Row(
        "document.status", {"status_id": "{status_id}"}, instead="/documents/{ticket_id}/status"
    ),
    ("GET", "/requests/{request_id}/sales"): Row("sale.read"),
    ("POST", "/requests/{request_id}/sales"): Row("sale.create", {"kind": "product", "text": "x", "net_cents": 5}),
    ("POST", "/documents/{document_id}/sell"): Row("sale.create", {"kinds": ["service"]}),
    ("GET", "/requests/{request_id}/reviews"): Row("request.internal"),
    ("POST", "/requests/{request_id}/reviews"): Row("review.write", {"effective": 4}),
    ("GET", "/activities"): Row(FILTERED),
    ("GET", "/activities/{activity_id}"): Row("activity.read"),
    ("POST", "/activities"): Row("activity.plan", {"kind": "call", "title": "x", "request_id": "{request_id}"}),
    ("PATCH", "/activities/{activity_id}"): Row("activity.plan", {"version": "{activity_version}", "title": "y"}),
    ("POST", "/activities/{activity_id}/done"): Row("activity.plan", {"version": "{activity_version}"}),
    ("POST", "/activities/{activity_id}/cancel"): Row("activity.plan", {"version": "{activity_version}"}),
    ("POST", "/activities/{activity_id}/plan-again"): Row(
        "activity.plan", {"version": "{gone_version}"}, instead="/activities/{gone_id}/plan-again"
    ),
    ("POST", "/activities/{activity_id}/invite"): Row("answer.write", {}),
    ("POST", "/activities/{activity_id}/call-off"): Row("answer.write", {}, instead="/activities/{gone_id}/call-off"),
    ("GET", "/agenda"): Row("agenda.read", query=RANGE),
    ("GET", "/free-busy"): Row("agenda.read", query=RANGE + "&user_id={user_id}"),
    ("GET", "/requests/{request_id}/invitations"): Row("request.read"),
    ("GET", "/invitations/{invitation_id}"): Row("request.read"),
    ("POST", "/invitations/{invitation_id}/answer"): Row("invitation.answer", {"answer": "accepted"}),
    ("GET", "/customers"): Row("customer.read", query="q=customer"),
    ("GET", "/customers/{customer_id}"): Row("customer.read", general=True),
    ("GET", "/types"): Row("catalogue.read"),
    ("POST", "/types"): Row("catalogue.edit", {"name": "new"}),
    ("PUT", "/types/order"): Row("catalogue.edit", {"ids": "{type_ids}"}),
    ("PATCH", "/types/{type_id}"): Row("catalogue.edit", {"name": "new"}, general=True),
    ("DELETE", "/types/{type_id}"): Row("catalogue.edit", general=True),
    ("GET", "/statuses"): Row("catalogue.read"),
    ("POST", "/statuses"): Row("catalogue.edit", {"name": "brand new"}),
    ("PUT", "/statuses/order"): Row("catalogue.edit", {"ids": "{status_ids}"}),
    ("PATCH", "/statuses/{status_id}"): Row("catalogue.edit", {"name": "brand new"}, general=True),
    ("DELETE", "/statuses/{status_id}"): Row("catalogue.edit", general=True),
    ("GET", "/rules"): Row("rule.read"),
    ("POST", "/rules"): Row("rule.edit", {"rule": RULE}),
    ("POST", "/rules/try"): Row("rule.read", {"raw": "From: x@y.example\n\nx"}),
    ("GET", "/rules/{rule_id}"): Row("rule.read", general=True),
    ("PUT", "/rules/{rule_id}"): Row("rule.edit", {"rule": RULE}, general=True),
    ("POST", "/rules/{rule_id}/move"): Row("rule.edit", {"position": 0}, general=True),
    ("DELETE", "/rules/{rule_id}"): Row("rule.edit", general=True),
    ("GET", "/mail-quarantine"): Row("quarantine.read"),
    ("GET", "/mail-quarantine/{entry_id}/raw"): Row("quarantine.read", general=True),
    ("POST", "/mail-quarantine/{entry_id}/reprocess"): Row("quarantine.edit", general=True),
    ("POST", "/mail-quarantine/{entry_id}/dismiss"): Row("quarantine.edit", general=True),
    ("GET", "/reports/effectiveness"): Row("report.read", query=PERIOD + "&by=type"),
    ("GET", "/reports/work"): Row("report.read", query=PERIOD + "&by=type"),
    ("GET", "/reports/sold"): Row("report.read", query=PERIOD + "&by=customer"),
    ("GET", "/colleagues"): Row("catalogue.read"),
    ("GET", "/users"): Row("user.read"),
    ("PATCH", "/users/{name}"): Row("user.edit", {"blocked": True}, instead="/users/spare", general=True),
    ("GET", "/groups"): Row("user.read"),
    ("POST", "/groups"): Row("user.edit", {"name": "new"}),
    ("DELETE", "/groups/{name}"): Row("user.edit", instead="/groups/empty", general=True),
    ("PUT", "/groups/{name}/members/{user}"): Row("user.edit", instead="/groups/empty/members/spare", general=True),
    ("DELETE", "/groups/{name}/members/{user}"): Row(
        "user.edit", instead="/groups/desk/members/colleague", general=True
    ),
    ("GET", "/rights"): Row("user.read"),
    ("GET", "/roles"): Row("user.read"),
    ("POST", "/roles"): Row("user.edit", {"name": "new", "rights": {"request.read": "own"}}),
    ("PUT", "/roles/{name}"): Row("user.edit", {"rights": {}}, instead="/roles/spare", general=True),
    ("DELETE", "/roles/{name}"): Row("user.edit", instead="/roles/spare", general=True),
    ("PUT", "/roles/{name}/users/{user}"): Row("user.edit", instead="/roles/operator/users/spare", general=True),
    ("DELETE", "/roles/{name}/users/{user}"): Row("user.edit", instead="/roles/held/users/spare", general=True),
    ("PUT", "/roles/{name}/groups/{group}"): Row("user.edit", instead="/roles/operator/groups/desk", general=True),
    ("DELETE", "/roles/{name}/groups/{group}"): Row("user.edit", instead="/roles/held/groups/empty", general=True),
    ("GET", "/audit"): Row("audit.read"),
}
