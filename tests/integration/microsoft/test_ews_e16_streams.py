"""E16 to E20: streams, versions, half-done batches, what other clients ask for, and the schemas."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from exchangelib import Contact
from exchangelib.errors import (
    ErrorExceededConnectionCount,
    ErrorItemNotFound,
    ErrorMissedNotificationEvents,
    ErrorSubscriptionNotFound,
)
from exchangelib.properties import StatusEvent
from lxml import etree

from tests.servers.microsoft.ews import add_person
from tests.servers.microsoft.ews_client import SCHEMAS, Desk, schema_faults
from tests.servers.microsoft.ews_xml import t


def a_contact(desk: Desk, name: str = "Bob") -> Any:
    """Saved."""
    return Contact(account=desk.account, folder=desk.account.contacts, display_name=name).save()


def test_e16_a_stream_tells_of_changes_and_beats(ews: Desk) -> None:
    folder = ews.account.contacts
    box = ews.site.exchange.mailbox("ada@example.com")
    subscription = folder.subscribe_to_streaming()
    stream = folder.get_streaming_events(subscription, connection_timeout=1)
    beat = next(stream)
    assert isinstance(beat.events[0], StatusEvent)
    made = box.create("contacts", {})
    news = next(note for note in stream if not isinstance(note.events[0], StatusEvent))
    assert (type(news.events[0]).__name__, news.events[0].item_id.id) == ("CreatedEvent", made.folder_id)
    stream.close()
    folder.unsubscribe(subscription)
    with pytest.raises(ErrorSubscriptionNotFound):
        next(folder.get_streaming_events(subscription, connection_timeout=1))


def test_e16_what_happens_while_no_stream_is_open_is_for_the_sync(ews: Desk) -> None:
    folder = ews.account.contacts
    list(folder.sync_items())
    state = folder.item_sync_state
    ews.site.exchange.mailbox("ada@example.com").create("contacts", {})
    subscription = folder.subscribe_to_streaming()
    stream = folder.get_streaming_events(subscription, connection_timeout=1)
    assert isinstance(next(stream).events[0], StatusEvent)
    stream.close()
    assert [verb for verb, _item in folder.sync_items(sync_state=state)] == ["create"]


def test_e16_missed_events_are_an_error(ews: Desk) -> None:
    folder = ews.account.contacts
    subscription = folder.subscribe_to_streaming()
    ews.site.mood.miss_events = True
    with pytest.raises(ErrorMissedNotificationEvents):
        list(folder.get_streaming_events(subscription, connection_timeout=1))


def test_e16_no_more_streams_than_the_server_allows(ews: Desk) -> None:
    folder = ews.account.contacts
    subscription = folder.subscribe_to_streaming()
    ews.site.mood.max_streams = 0
    with pytest.raises(ErrorExceededConnectionCount):
        list(folder.get_streaming_events(subscription, connection_timeout=1))


def test_e16_a_stream_lasts_thirty_minutes_at_most(ews: Desk) -> None:
    folder = ews.account.contacts
    subscription = folder.subscribe_to_streaming()
    with pytest.raises(Exception, match="1 to 30 minutes"):
        list(folder.get_streaming_events(subscription, connection_timeout=31))


def test_e17_every_answer_names_the_version(ews: Desk) -> None:
    a_contact(ews)
    assert ews.site.documents
    assert all(b"<s:Header><t:ServerVersionInfo" in document for document in ews.site.documents)


def test_e17_an_unknown_version_is_refused(ews: Desk) -> None:
    answer = ews.post("<m:GetServerTimeZones/>", version="Exchange2042")
    assert (answer.status_code, "ErrorInvalidServerVersion" in answer.text) == (500, True)
    assert "ServerVersionInfo" in answer.text


def test_e18_a_batch_is_done_in_part(ews: Desk) -> None:
    first, gone, last = (a_contact(ews, name) for name in "abc")
    ids = [(item.id, item.changekey) for item in (first, gone, last)]
    gone.delete()
    got = list(ews.account.fetch(ids=ids))
    assert [getattr(one, "display_name", type(one).__name__) for one in got] == ["a", "ErrorItemNotFound", "c"]
    done = ews.account.bulk_delete(ids=ids)
    assert [isinstance(one, ErrorItemNotFound) for one in done] == [False, True, False]
    assert list(ews.account.contacts.all()) == []


def test_e19_what_another_client_asks_for(ews: Desk) -> None:
    zones = ews.post('<m:GetServerTimeZones ReturnFullTimeZoneData="true"/>')
    assert zones.headers["Content-Type"] == "text/xml; charset=utf-8"
    assert "Central Europe Standard Time" in zones.text
    source = '<t:AlternateId Format="EwsId" Id="x" Mailbox="ada@example.com"/>'
    converted = ews.post(
        f'<m:ConvertId DestinationFormat="HexEntryId"><m:SourceIds>{source}</m:SourceIds></m:ConvertId>'
    )
    assert 'Format="HexEntryId"' in converted.text
    name = (
        '<m:UserConfigurationName Name="OWA.UserOptions"><t:DistinguishedFolderId Id="root"/></m:UserConfigurationName>'
    )
    ask = f"<m:GetUserConfiguration>{name}<m:UserConfigurationProperties>All</m:UserConfigurationProperties></m:GetUserConfiguration>"  # noqa: E501
    assert "W. Europe Standard Time" in ews.post(ask).text


def test_e19_time_zones_through_exchangelib(ews: Desk) -> None:
    zones = {zone.id for zone in ews.account.protocol.get_timezones(return_full_timezone_data=True)}
    assert "W. Europe Standard Time" in zones


def test_names_are_resolved(ews: Desk) -> None:
    add_person(ews.site, "adam", "x", "adam@example.com", "Adam Smith")
    found = ews.account.protocol.resolve_names(["Ada"])
    assert {person.email_address for person in found} == {"ada@example.com", "adam@example.com"}
    assert [type(none).__name__ for none in ews.account.protocol.resolve_names(["zzz"])] == [
        "ErrorNameResolutionNoResults"
    ]


def test_e20_an_answer_against_the_schema_is_found(ews: Desk) -> None:
    if not SCHEMAS.exists():
        return
    a_contact(ews)
    good = ews.site.documents[-1]
    broken = good.replace(b"<m:Items>", b"<m:Items>" + etree.tostring(t("ShoeSize", "44")))
    ews.site.documents.append(broken)
    assert len(schema_faults(ews.site)) == 1
    ews.site.documents.remove(broken)


def test_sparse_answers_leave_out_what_is_usual(ews: Desk) -> None:
    a_contact(ews)
    ews.site.mood.sparse = True
    [found] = ews.account.contacts.all()
    assert (found.has_attachments, found.display_name) == (None, "Bob")
    assert b"Sensitivity" not in ews.site.documents[-1]


def test_a_stream_is_free_again_when_the_client_goes(ews: Desk) -> None:
    folder = ews.account.contacts
    subscription = folder.subscribe_to_streaming()
    stream = folder.get_streaming_events(subscription, connection_timeout=1)
    next(stream)
    assert ews.site.streams == 1
    stream.close()
    ews.account.protocol.close()
    until = time.monotonic() + 5
    while ews.site.streams and time.monotonic() < until:
        threading.Event().wait(0.02)
    assert ews.site.streams == 0


def test_e20_properties_come_in_the_order_of_the_schema_in_whatever_order_they_were_sent(ews: Desk) -> None:
    mixed = "<t:Surname>S</t:Surname><t:GivenName>G</t:GivenName><t:Subject>Bob</t:Subject><t:FileAs>F</t:FileAs>"
    ews.post(f"<m:CreateItem><m:Items><t:Contact>{mixed}</t:Contact></m:Items></m:CreateItem>")
    [item] = ews.site.exchange.mailbox("ada@example.com").in_collection("contacts")
    shape = "<m:ItemShape><t:BaseShape>AllProperties</t:BaseShape></m:ItemShape>"
    ids = f'<m:ItemIds><t:ItemId Id="{item.folder_id}"/></m:ItemIds>'
    got = etree.fromstring(ews.post(f"<m:GetItem>{shape}{ids}</m:GetItem>").content).find(".//{*}Contact")
    assert got is not None
    names = [etree.QName(child).localname for child in got]
    wanted = ["ItemId", "ItemClass", "Subject", "LastModifiedTime", "FileAs", "GivenName", "Surname", "HasPicture"]
    assert [name for name in names if name in wanted] == wanted
