"""Push of Gmail: a watch publishes to a topic of Pub/Sub where a mailbox is, for a week (M6)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.contract.mail_source_world import mail
from tests.integration.google_workspace.gmail_user import SUPPORT, Json, Mailbox, mailbox_of
from tests.servers.google_workspace.client import Desk, desk, refused
from tests.servers.google_workspace.gmail_watches import Published
from tests.servers.google_workspace.world import World

TOPIC = "projects/agendahub/topics/mail"
START = datetime(2026, 11, 22, 9, tzinfo=UTC)


class Clock:
    """It stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def google(clock: Clock) -> Iterator[Desk]:
    with desk(World(clock=clock)) as made:
        yield made


@pytest.fixture
def support(google: Desk) -> Mailbox:
    return mailbox_of(google)


def _watch(support: Mailbox, topic: str = TOPIC, **more: object) -> Json:
    return dict(support.api.users().watch(userId="me", body={"topicName": topic, **more}).execute(num_retries=0))


def _stop(support: Mailbox) -> None:
    assert support.api.users().stop(userId="me").execute(num_retries=0) == ""


def _news(google: Desk) -> list[Published]:
    """What was published since the last time."""
    found = list(google.google.gmail.watches.published)
    google.google.gmail.watches.published.clear()
    return found


def test_m6_a_watch_says_where_the_mailbox_is_and_when_it_ends(google: Desk, support: Mailbox) -> None:
    support.box.deliver(mail("before"))
    told = _watch(support)
    week = int((START + timedelta(days=7)).timestamp() * 1000)
    assert told == {"historyId": support.place(), "expiration": str(week)}
    assert _news(google) == [Published(TOPIC, SUPPORT, told["historyId"])], "the topic is tried at once"


def test_m6_each_change_is_published_with_its_place_and_no_mail(google: Desk, support: Mailbox) -> None:
    place = _watch(support)["historyId"]
    _news(google)
    lying = support.insert(mail("a"), "INBOX", "UNREAD")["id"]
    support.messages.batchModify(userId="me", body={"ids": [lying], "removeLabelIds": ["UNREAD"]}).execute()
    support.box.remove(lying)
    told = _news(google)
    assert told == [Published(TOPIC, SUPPORT, one["id"]) for one in support.since(place)]
    assert len(told) == 3
    assert told[-1].place == support.place()
    mailbox_of(google, "other@example.com").insert(mail("b"), "INBOX")
    assert _news(google) == [], "nobody watches that one"


def test_m6_what_is_published_leads_to_the_mail_by_the_history(google: Desk, support: Mailbox) -> None:
    place = _watch(support)["historyId"]
    lying = support.insert(mail("a"), "INBOX")["id"]
    (record,) = support.since(place)
    assert record["id"] == _news(google)[-1].place
    assert record["messagesAdded"][0]["message"]["id"] == lying


@pytest.mark.parametrize("name", ["labelFilterBehavior", "labelFilterAction"])
@pytest.mark.parametrize(("filters", "wanted"), [("include", ["inbox", "given"]), ("exclude", ["archived"])])
def test_m6_a_watch_may_be_about_some_labels(
    google: Desk, support: Mailbox, name: str, filters: str, wanted: list[str]
) -> None:
    _watch(support, labelIds=["INBOX"], **{name: filters})
    came = {}
    for step in ("inbox", "archived", "given"):
        _news(google)
        if step == "given":
            body = {"ids": list(support.box.letters)[-1:], "addLabelIds": ["INBOX"]}
            support.messages.batchModify(userId="me", body=body).execute()
        else:
            support.insert(mail(step), "INBOX" if step == "inbox" else "STARRED")
        came[step] = len(_news(google))
    assert [step for step, count in came.items() if count] == wanted


def test_m6_labels_without_a_word_are_those_that_are_wanted(google: Desk, support: Mailbox) -> None:
    _watch(support, labelIds=["INBOX"], labelFilterAction="exclude", labelFilterBehavior="include")
    _news(google)
    support.insert(mail("a"), "INBOX")
    assert len(_news(google)) == 1, "the old name of the filter counts only where the new one is missing"
    _watch(support, labelIds=["INBOX"])
    _news(google)
    support.insert(mail("b"), "STARRED")
    assert _news(google) == []


def test_m6_a_watch_that_ran_out_publishes_nothing(google: Desk, support: Mailbox, clock: Clock) -> None:
    _watch(support)
    clock.now += timedelta(days=7) - timedelta(seconds=1)
    support.insert(mail("a"), "INBOX")
    assert len(_news(google)) == 2
    clock.now += timedelta(seconds=1)
    support.insert(mail("b"), "INBOX")
    assert _news(google) == []
    place = _watch(support)["historyId"]
    assert place == support.place(), "what came between is in the history only"


def test_m6_a_watch_is_renewed_by_asking_again(google: Desk, support: Mailbox, clock: Clock) -> None:
    first = _watch(support)
    clock.now += timedelta(days=1)
    second = _watch(support)
    assert int(second["expiration"]) - int(first["expiration"]) == 86_400_000
    clock.now += timedelta(days=6, hours=12)
    _news(google)
    support.insert(mail("a"), "INBOX")
    assert len(_news(google)) == 1, "there are not two of them"


def test_m6_a_watch_that_is_stopped_publishes_nothing(google: Desk, support: Mailbox) -> None:
    other = mailbox_of(google, "other@example.com")
    _watch(support), _watch(other)
    _stop(support)
    _stop(support)
    _news(google)
    support.insert(mail("a"), "INBOX")
    other.insert(mail("a"), "INBOX")
    assert [one.address for one in _news(google)] == ["other@example.com"]


def test_m6_another_topic_needs_a_stop_first(google: Desk, support: Mailbox, clock: Clock) -> None:
    _watch(support)
    other = {"topicName": "projects/agendahub/topics/other"}
    assert refused(support.api.users().watch(userId="me", body=other)) == (400, "invalidArgument")
    _stop(support)
    _watch(support, other["topicName"])
    clock.now += timedelta(days=8)
    _watch(support)
    assert _news(google)[-1].topic == TOPIC, "one that ran out is in nobody's way"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"topicName": ""},
        {"topicName": "mail"},
        {"topicName": "projects/agendahub/subscriptions/mail"},
        {"topicName": "projects//topics/mail"},
        {"topicName": "projects/agendahub/topics/"},
        {"topicName": "https://hub.example.org/projects/agendahub/topics/mail"},
        {"topicName": TOPIC, "labelIds": ["Nowhere"]},
    ],
)
def test_m6_a_watch_that_is_refused_leaves_nothing(google: Desk, support: Mailbox, body: Json) -> None:
    assert refused(support.api.users().watch(userId="me", body=body)) == (400, "invalidArgument")
    support.insert(mail("a"), "INBOX")
    assert _news(google) == []
