"""WebDAV-Push: phones register, and are told of changes by a real push service."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest
from sqlalchemy import select, update

from agendahub.webdav_push_keeper import GIVE_UP, WebdavPushKeeper, keys_of, offer_of
from dav_gateway.app import gateway
from storage import admin_people, tables
from storage.secrets import create_key_file
from tests.servers.gateway import Phone, serving
from tests.servers.push_service import PUSH
from tests.servers.webdav_push_world import AGENDA, ASK, World, event, path_of, register, world_over


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with world_over(tmp_path) as made:
        yield made


@pytest.fixture
def phone(world: World) -> Phone:
    return world.hub.phone("ada")


def test_a_phone_registers_and_is_told_of_a_change_with_topic_and_token(world: World, phone: Phone) -> None:
    offered = phone.request("PROPFIND", AGENDA, data=ASK, headers={"Depth": "0"}).text
    (topic,) = re.findall(r":topic[^>]*>([^<]+)<", offered)
    (key,) = re.findall(r'vapid-public-key type="p256ecdsa">([^<]+)<', offered)
    assert re.search(r"content-update[^>]*><D:depth>1</D:depth>", offered)
    assert "webdav-push" in phone.options(AGENDA).headers["dav"]

    subscription = world.service.subscribe()
    answer = register(phone, subscription)
    assert path_of(answer).startswith("/dav/push/ada/")
    assert timedelta(days=3) < parsedate_to_datetime(answer.headers["expires"]) - datetime.now(UTC)
    world.look(3)
    assert subscription.messages == []

    assert phone.put(f"{AGENDA}a.ics", data=event("a")).status_code == 201
    world.look()
    (message,) = subscription.messages
    token = re.findall("<D:sync-token>(.*?)<", phone.request("PROPFIND", AGENDA, data=ASK, headers={"Depth": "0"}).text)
    assert message.body.decode().endswith(
        f'<push-message xmlns="{PUSH}" xmlns:D="DAV:"><topic>{topic}</topic><content-update><D:sync-token>{token[0]}'
        "</D:sync-token></content-update></push-message>"
    )
    assert message.signed_by == key
    assert message.claims["sub"] == "https://hub.example.org"
    assert topic not in message.headers["topic"]
    world.look(3)
    assert len(subscription.messages) == 1
    assert world.results == ["sent"]


def test_many_changes_are_told_once_and_one_that_never_rests_after_a_while(world: World, phone: Phone) -> None:
    subscription = world.service.subscribe()
    register(phone, subscription)
    for number in range(9):
        phone.put(f"{AGENDA}{number}.ics", data=event(str(number)))
        world.look(1)
    assert subscription.messages == []
    world.look(1)
    assert len(subscription.messages) == 1
    for number in range(14):
        phone.put(f"{AGENDA}{number}.ics", data=event(str(number), "y"))
        world.look(1)
    assert len(subscription.messages) == 2


def test_what_a_sync_brings_is_told_too(world: World, phone: Phone) -> None:
    subscription = world.service.subscribe()
    register(phone, subscription)
    agenda = world.hub.execute(select(tables.collections.c.id)).scalar()
    world.hub.item(agenda, event("s"))
    world.look()
    assert len(subscription.messages) == 1


def test_registering_again_renews_and_makes_no_second_one(world: World, phone: Phone) -> None:
    subscription = world.service.subscribe()
    soon = "<expires>{}</expires>".format("Wed, 01 Jan 2098 10:03:31 GMT")
    first = register(phone, subscription)
    second = register(phone, subscription, more=soon)
    assert path_of(first) == path_of(second)
    assert world.registrations() == 1
    asked = parsedate_to_datetime(second.headers["expires"]) - datetime.now(UTC)
    assert timedelta(days=29) < asked <= timedelta(days=30)
    for odd in ("Wed, 20 Dec 2023 10:03:31 GMT", "0 Dec 9999992023 0:1", "Fri, 31 Dec 9999 23:59:59 -1200"):
        past = register(phone, subscription, more=f"<expires>{odd}</expires>")
        assert parsedate_to_datetime(past.headers["expires"]) > datetime.now(UTC) + timedelta(days=3)


def test_deleting_a_registration_ends_it_and_is_for_its_user_alone(world: World, phone: Phone) -> None:
    subscription = world.service.subscribe()
    path = path_of(register(phone, subscription))
    world.hub.user("grace")
    grace = world.hub.phone("grace")
    assert grace.delete(path).status_code == 404
    assert grace.delete(path.replace("/ada/", "/grace/")).status_code == 404
    assert world.registrations() == 1
    assert phone.delete(path).status_code == 204
    assert phone.delete(path).status_code == 404
    phone.put(f"{AGENDA}a.ics", data=event("a"))
    world.look(3)
    assert subscription.messages == []


@pytest.mark.parametrize("header", ["*", '"{}", "https://hub.example.org/dav/push/ada/other"'])
def test_push_dont_notify_silences_what_the_client_did_itself(world: World, phone: Phone, header: str) -> None:
    subscription = world.service.subscribe()
    url = register(phone, subscription).headers["location"]
    quiet = {"Push-Dont-Notify": header.format(url)}
    assert phone.put(f"{AGENDA}a.ics", data=event("a"), headers=quiet).status_code == 201
    assert phone.delete(f"{AGENDA}a.ics", headers=quiet).status_code == 204
    world.look(3)
    assert subscription.messages == []
    phone.put(f"{AGENDA}b.ics", data=event("b"))
    phone.put(f"{AGENDA}c.ics", data=event("c"), headers=quiet)  # b is still to be told
    world.look(3)
    assert len(subscription.messages) == 1


def test_push_dont_notify_silences_no_colleague(world: World, phone: Phone) -> None:
    world.hub.user("grace")
    theirs = world.service.subscribe()
    url = register(world.hub.phone("grace"), theirs, "/dav/calendars/grace/agenda/").headers["location"]
    for number, header in enumerate(("*", f'"{url}"', "nonsense", '"', "")):
        phone.put(f"{AGENDA}{number}.ics", data=event(str(number)), headers={"Push-Dont-Notify": header})
        world.look()
        assert len(theirs.messages) == number + 1


@pytest.mark.parametrize("status", [404, 410])
def test_a_subscription_that_is_over_is_dropped(world: World, phone: Phone, status: int) -> None:
    subscription = world.service.subscribe()
    register(phone, subscription)
    subscription.status = status
    phone.put(f"{AGENDA}a.ics", data=event("a"))
    world.look(3)
    assert (subscription.refused, world.registrations(), world.results) == (1, 0, ["gone"])


def test_a_message_that_fails_is_tried_again_after_growing_pauses_and_given_up_at_last(
    world: World, phone: Phone
) -> None:
    subscription = world.service.subscribe()
    register(phone, subscription)
    subscription.status = 500
    phone.put(f"{AGENDA}a.ics", data=event("a"))
    world.look(5)
    assert subscription.refused == 1
    world.ahead(seconds=31)
    world.look(5)
    assert subscription.refused == 2
    world.ahead(seconds=31)
    world.look(3)
    assert subscription.refused == 2
    subscription.status = 201
    world.ahead(seconds=31)
    world.look(3)
    assert len(subscription.messages) == 1
    world.hub.execute(update(tables.push_registrations).values(failures=GIVE_UP - 1, seq=0))
    subscription.status = 403
    world.look(3)
    assert world.registrations() == 0


def test_a_push_service_that_asks_for_time_gets_it(world: World, phone: Phone) -> None:
    subscription = world.service.subscribe()
    register(phone, subscription)
    subscription.status, subscription.answer = 429, {"retry-after": "600"}
    phone.put(f"{AGENDA}a.ics", data=event("a"))
    world.look(3)
    world.ahead(seconds=590)
    world.look(3)
    assert subscription.refused == 1
    world.ahead(seconds=20)
    world.look(3)
    assert subscription.refused == 2


def revoke(world: World) -> None:
    world.hub.execute(update(tables.devices).values(revoked_at=datetime.now(UTC)))


def block(world: World) -> None:
    world.hub.execute(update(tables.users).values(blocked=True))


def delete_collection(world: World) -> None:
    world.hub.execute(update(tables.collections).values(deleted_at=datetime.now(UTC)))


def take_from_company(world: World) -> None:
    owner = world.hub.user("grace")
    world.hub.execute(update(tables.collections).values(owner_id=owner))


def expire(world: World) -> None:
    world.ahead(days=8)


@pytest.mark.parametrize("lose", [revoke, block, delete_collection, take_from_company, expire])
def test_nobody_is_told_who_may_not_see_it_any_more(world: World, phone: Phone, lose: object) -> None:
    subscription = world.service.subscribe()
    register(phone, subscription)
    phone.put(f"{AGENDA}a.ics", data=event("a"))
    assert callable(lose)
    lose(world)
    world.look(4)
    assert subscription.messages == []
    world.ticks += 4000
    world.look(1)
    assert world.registrations() == (0 if lose in (revoke, delete_collection, expire) else 1)


def test_a_shared_calendar_is_told_to_who_sees_it_as_long_as_he_does(world: World, phone: Phone) -> None:
    grace = world.hub.user("grace")
    diary = world.hub.collection("diary", "event", grace)
    assert register(phone, world.service.subscribe(), "/dav/calendars/ada/diary~grace/").status_code == 404
    with world.hub.database.begin() as unit:
        ada = unit.session.connection.execute(select(tables.users.c.id).where(tables.users.c.name == "ada")).scalar()
        unit.session.connection.execute(tables.grants.insert().values(collection_id=diary, user_id=ada, access="read"))
    subscription = world.service.subscribe()
    assert register(phone, subscription, "/dav/calendars/ada/diary~grace/").status_code == 204
    world.hub.item(diary, event("d"))
    world.look()
    assert len(subscription.messages) == 1
    world.hub.execute(tables.grants.delete())
    world.hub.item(diary, event("e"))
    world.look(3)
    assert len(subscription.messages) == 1


REFUSED = (
    ("https://127.0.0.1", "http://127.0.0.1", "invalid-subscription"),
    ("https://127.0.0.1", "https://10.0.0.7", "invalid-subscription"),
    ("https://127.0.0.1", "https://169.254.169.254", "invalid-subscription"),
    ("https://127.0.0.1", "https://u:p@127.0.0.1", "invalid-subscription"),
    ("https://127.0.0.1", "nonsense", "invalid-subscription"),
    ("<auth-secret>", "<auth-secret>A", "invalid-subscription"),
    ('type="p256dh">B', 'type="p256dh">A', "invalid-subscription"),
    ('type="p256dh"', 'type="other"', "invalid-subscription"),
    ("</push-resource>", "</push-resource><content-encoding>aesgcm</content-encoding>", "invalid-subscription"),
    ("<subscription>", "<subscription><other/>", "invalid-subscription"),
    ("content-update>", "property-update>", "no-supported-trigger"),
    ("trigger>", "x>", "no-supported-trigger"),
)


def test_what_cannot_be_told_is_refused_with_the_precondition(world: World, phone: Phone) -> None:
    body = world.service.subscribe().register_body()
    for old, new, condition in REFUSED:
        assert old in body
        answer = phone.post(AGENDA, data=body.replace(old, new))
        assert (answer.status_code, condition in answer.text, PUSH in answer.text) == (403, True, True), new
    assert world.registrations() == 0


def test_only_collections_are_told_of(world: World, phone: Phone) -> None:
    phone.put(f"{AGENDA}a.ics", data=event("a"))
    for path in ("/dav/calendars/ada/", "/dav/principals/ada/", f"{AGENDA}a.ics"):
        answer = register(phone, world.service.subscribe(), path)
        assert (answer.status_code, "push-not-available" in answer.text) == (403, True), path
    assert register(phone, world.service.subscribe(), "/dav/calendars/ada/none/").status_code == 404


def test_without_a_key_file_no_push_is_offered_and_an_admin_is_told(tmp_path: Path) -> None:
    with world_over(tmp_path) as world:
        (tmp_path / "agendahub.key").unlink()
        keys = keys_of(world.workspace)
        keeper = WebdavPushKeeper(lambda: world.workspace, keys)
        keeper.look()
        assert "agendahub.key" in keeper.problems[0]
        keeper.stop(time.monotonic() + 1)
        with serving(gateway(world.hub.database, push=offer_of(world.workspace, keys))) as url:
            world.hub.url = url
            phone = world.hub.phone("ada")
            offered = phone.request("PROPFIND", AGENDA, data=ASK, headers={"Depth": "0"}).text
            assert "web-push" not in offered
            assert "webdav-push" not in phone.options(AGENDA).headers["dav"]
            assert register(phone, world.service.subscribe()).status_code == 403


def test_with_another_key_file_phones_register_again_and_are_told(world: World, phone: Phone) -> None:
    lost = world.service.subscribe()
    register(phone, lost)
    old = world.keys.public()
    (world.workspace.loaded.key_file).unlink()
    create_key_file(world.workspace.loaded.key_file)
    world.keeper.stop(time.monotonic() + 1)
    world.keys = keys_of(world.workspace)
    world.keeper = world.new_keeper()
    world.look(1)
    assert (world.registrations(), world.keeper.problems) == (0, [])
    assert world.keys.public() not in ("", old)
    with serving(gateway(world.hub.database, push=offer_of(world.workspace, world.keys))) as url:
        again = Phone(url, "ada", phone.password)
        world.hub.phones.append(again)
        subscription = world.service.subscribe()
        path_of(register(again, subscription))
        again.put(f"{AGENDA}a.ics", data=event("a"))
        world.look()
    assert len(subscription.messages) == 1
    assert subscription.messages[0].signed_by == world.keys.public()


def test_a_keeper_that_was_killed_before_it_noted_tells_again_and_forgets_nothing(world: World, phone: Phone) -> None:
    subscription = world.service.subscribe()
    register(phone, subscription)
    phone.put(f"{AGENDA}a.ics", data=event("a"))
    world.look()
    world.hub.execute(update(tables.push_registrations).values(seq=0))  # as if the note was lost with the process
    world.keeper.stop(time.monotonic() + 1)
    world.keeper = world.new_keeper()
    world.look()
    assert [message.body for message in subscription.messages] == [subscription.messages[0].body] * 2


def test_a_slow_push_service_holds_up_no_other_and_no_transaction(world: World, phone: Phone) -> None:
    slow, quick = world.service.subscribe(), world.service.subscribe()
    slow.pause = 0.5
    register(phone, slow)
    register(phone, quick)
    phone.put(f"{AGENDA}a.ics", data=event("a"))
    world.ticks += 1
    world.keeper.look()
    world.ticks += 1
    world.keeper.look()
    quick.wait(1, 0.4)
    with world.hub.database.begin():  # SQLite has one writer: this would wait for it
        assert slow.messages == []
    slow.wait(1)


def test_the_keys_of_phones_are_stored_encrypted(world: World, phone: Phone) -> None:
    subscription = world.service.subscribe()
    register(phone, subscription)
    row = world.hub.execute(select(tables.push_registrations)).one()
    assert subscription.public[:20] not in str(row)
    vapid = world.hub.execute(select(tables.secrets)).one()
    assert "PRIVATE" not in str(vapid)


def test_over_postgresql_phones_are_told_and_two_processes_make_one_key(tmp_path: Path, postgres_url: str) -> None:
    with world_over(tmp_path, postgres_url) as world:
        world.hub.execute(tables.secrets.delete())
        found: list[str] = []
        both = [
            threading.Thread(target=lambda: found.append(keys_of(world.workspace).vapid().public)) for _ in range(2)
        ]
        for thread in both:
            thread.start()
        for thread in both:
            thread.join()
        assert len(set(found)) == 1
        world.keys = keys_of(world.workspace)
        world.keeper.stop(time.monotonic() + 1)
        world.keeper = world.new_keeper()
        phone, subscription = world.hub.phone("ada"), world.service.subscribe()
        path = path_of(register(phone, subscription))
        phone.put(f"{AGENDA}a.ics", data=event("a"))
        world.look()
        assert len(subscription.messages) == 1
        quiet = {"Push-Dont-Notify": f'"https://hub.example.org{path}"'}
        phone.put(f"{AGENDA}b.ics", data=event("b"), headers=quiet)
        world.look(3)
        assert len(subscription.messages) == 1
        assert phone.delete(path).status_code == 204
        with world.hub.database.begin() as unit:
            admin_people.add_user(unit.session.connection, "grace", "Grace", datetime.now(UTC))
        world.ticks += 4000
        world.look(1)
