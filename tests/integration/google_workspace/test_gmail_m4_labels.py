"""Labels: Gmail's own are named by their id and fixed, those of people have an id that outlives their name (M4)."""

from __future__ import annotations

import pytest

from tests.contract.mail_source_world import mail
from tests.integration.google_workspace.gmail_user import Mailbox, mailbox_of, source_of
from tests.servers.google_workspace.client import Desk, refused

INVALID = (400, "invalidArgument")


@pytest.fixture
def support(google: Desk) -> Mailbox:
    return mailbox_of(google)


def _made(support: Mailbox, name: str) -> str:
    body = {"name": name, "labelListVisibility": "labelShow", "messageListVisibility": "show"}
    return str(support.labels.create(userId="me", body=body).execute()["id"])


def test_m4_system_labels_are_named_by_their_id_and_those_of_people_are_not(support: Mailbox) -> None:
    made = _made(support, "Support/New")
    told = {one["id"]: one for one in support.labels.list(userId="me").execute()["labels"]}
    assert told["INBOX"] == {"id": "INBOX", "name": "INBOX", "type": "system"}
    assert told[made] == {"id": made, "name": "Support/New", "type": "user"}
    assert made.startswith("Label_")


def test_m4_only_ids_are_understood_to_the_letter(support: Mailbox) -> None:
    made = _made(support, "Support")
    lying = support.insert(mail("a"), made, "INBOX")["id"]
    assert support.ids(labelIds=[made]) == support.ids(labelIds=["INBOX"]) == [lying]
    for label in ("Support", "inbox", "Label_9999"):
        assert refused(support.messages.list(userId="me", labelIds=[label])) == INVALID


def test_m4_a_label_of_people_keeps_its_id_and_its_mails_when_it_is_renamed(google: Desk, support: Mailbox) -> None:
    made = _made(support, "Support")
    lying = support.insert(mail("a"), made)["id"]
    support.labels.patch(userId="me", id=made, body={"name": "Customers"}).execute()
    assert support.labels.get(userId="me", id=made).execute()["name"] == "Customers"
    assert support.ids(labelIds=[made]) == [lying]
    with source_of(google) as source:
        by_id, by_name = ([one.id for page in source.arrivals(label, None) for one in page.arrivals]
                          for label in (made, "Customers"))  # fmt: skip
    assert by_id == by_name == [lying]


def test_m4_a_label_that_is_deleted_leaves_its_mails(support: Mailbox) -> None:
    made = _made(support, "Support")
    lying = support.insert(mail("a"), made, "INBOX")["id"]
    place = support.place()
    support.labels.delete(userId="me", id=made).execute()
    assert support.get(lying)["labelIds"] == ["INBOX"]
    assert [one["labelsRemoved"][0]["labelIds"] for one in support.since(place)] == [[made]]
    assert refused(support.labels.get(userId="me", id=made)) == (404, "notFound")


def test_m4_system_labels_are_neither_renamed_nor_deleted_nor_made_again(support: Mailbox) -> None:
    labels, show = support.labels, {"labelListVisibility": "labelShow", "messageListVisibility": "show"}
    assert refused(labels.patch(userId="me", id="INBOX", body={"name": "Post"})) == INVALID
    assert refused(labels.delete(userId="me", id="INBOX")) == INVALID
    assert refused(labels.create(userId="me", body={"name": "Inbox", **show})) == INVALID
    _made(support, "Support")
    assert refused(labels.create(userId="me", body={"name": "support", **show})) == (409, "aborted")
    assert support.box.names["INBOX"] == "INBOX"


@pytest.mark.parametrize("label", ["SENT", "DRAFT", "CHAT"])
@pytest.mark.parametrize("list_name", ["addLabelIds", "removeLabelIds"])
def test_m4_some_system_labels_are_given_and_taken_by_gmail_alone(support: Mailbox, label: str, list_name: str) -> None:
    lying = support.box.deliver(mail("a"))
    request = support.messages.batchModify(userId="me", body={"ids": [lying.id], list_name: [label, "UNREAD"]})
    assert refused(request) == INVALID
    assert lying.labels == {"INBOX", "UNREAD"}
