"""WebDAV-Push by the real program: what it tells, what a kill -9 leaves, and that it is counted."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
import requests

from storage import admin_people, app_passwords
from storage.database import Database
from tests.foreign_objects import EVENT, NOW
from tests.hub_process import Hub, wait_for
from tests.servers.gateway import Phone
from tests.servers.push_service import push_service

pytestmark = pytest.mark.slow

MINE = "/dav/calendars/ada/mine/"


def _device_of_ada(hub: Hub) -> str:
    """A user with a device; gives its password."""
    shown, stored = app_passwords.new()
    database = Database(f"sqlite:///{hub.folder}/agendahub.db")
    with database.begin() as unit:
        admin_people.add_user(unit.session.connection, "ada", "Ada", NOW)
        admin_people.add_device(unit.session.connection, "ada", "Phone", stored, NOW)
    database.dispose()
    return shown


def test_a_phone_is_told_by_the_daemon_also_after_it_was_killed(tmp_path: Path) -> None:
    hub = Hub(tmp_path)
    with push_service(tmp_path) as service:
        hub.run("init")
        settings = f'[server]\noutward_hosts = ["127.0.0.1"]\noutward_ca_file = "{service.ca_file}"'
        hub.config.write_text(f"{settings}\n\n" + hub.config.read_text().replace("[server]", ""))
        phone, subscription = Phone(hub.url, "ada", _device_of_ada(hub)), service.subscribe()
        with hub.serving() as process:
            wait_for(lambda: "webdav-push" in phone.options(MINE).headers["dav"])  # its first look makes the keys
            assert phone.request("MKCALENDAR", MINE).status_code == 201
            answer = phone.post(MINE, data=subscription.register_body())
            assert answer.status_code == 204, answer.text
            assert answer.headers["location"].startswith(f"{hub.url}/dav/push/ada/")
            phone.put(f"{MINE}a.ics", data=EVENT.format("a", "x"))
            subscription.wait(1)
            counted = requests.get(f"{hub.url}/metrics", timeout=10).text
            assert 'agendahub_webdav_push_messages_total{result="sent"} 1.0' in counted
            phone.put(f"{MINE}b.ics", data=EVENT.format("b", "x"))
            process.send_signal(signal.SIGKILL)
            process.wait(10)
        came = len(subscription.messages)  # 2 where the message was quicker than the kill
        phone.close()
        with hub.serving():
            told = subscription.wait(2)
            assert b"/2<" in told[-1].body
            assert phone.get(f"{MINE}b.ics").status_code == 200
            phone.close()  # or the daemon waits for it when it ends
        assert came in (1, 2)
