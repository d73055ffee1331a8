"""The whole web application of a hub on loopback, and a browser that keeps cookies and fills in forms."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
import uvicorn
from lxml import html
from pwdlib.hashers.argon2 import Argon2Hasher

from agendahub.daemon import Daemon
from agendahub.server import certificate_of
from agendahub.web import application
from agendahub.workspace import Workspace, utc_now
from config import load
from storage import admin_people, web_sessions
from storage.database import Database
from storage.tables import metadata
from tests.stores import store_of

PASSWORD = "a few long words"


class Browser:
    """Like one: cookies by name and flags, Origin and Sec-Fetch-Site with forms, redirects by GET."""

    def __init__(self, base: str, ca: Path | None = None) -> None:
        self.base = base
        self.http = requests.Session()
        self.http.trust_env = False
        self.http.verify = str(ca) if ca else True
        self.answer = requests.Response()

    @property
    def page(self) -> Any:
        """The page it is at."""
        return html.fromstring(self.answer.text)

    @property
    def text(self) -> str:
        """What a person reads."""
        return " ".join(self.page.find(".//body").text_content().split())

    @property
    def path(self) -> str:
        """Where it is."""
        parts = urlsplit(self.answer.url)
        return parts.path + (f"?{parts.query}" if parts.query else "")

    @property
    def cookies(self) -> dict[str, str]:
        """What it has."""
        return {cookie.name: cookie.value or "" for cookie in self.http.cookies}

    def plant(self, name: str, value: str) -> None:
        """Give it a cookie."""
        self.http.cookies.set(name, value, domain="127.0.0.1", path="/")

    def open(self, path: str, **headers: str) -> Browser:
        """Type an address, or follow a link."""
        self.answer = self.http.get(urljoin(self.base, path), headers=headers, timeout=30)
        return self

    def post(self, path: str, values: Mapping[str, str], **headers: str) -> Browser:
        """Send what a page of ours would, whatever page it is at; headers may be others'."""
        origin = "{0.scheme}://{0.netloc}".format(urlsplit(self.base))
        said = {
            "Origin": origin,
            "Sec-Fetch-Site": "same-origin",
            **{k.replace("_", "-"): v for k, v in headers.items()},
        }
        said = {name: value for name, value in said.items() if value}
        self.answer = self.http.post(urljoin(self.base, path), dict(values), headers=said, timeout=30)
        return self

    def send(self, action: str = "", **values: str) -> Browser:
        """Fill in the form of the page whose address ends so, and send it."""
        form = next(form for form in self.page.forms if form.action and form.action.endswith(action or self.path))
        names = set(form.fields.keys())
        assert set(values) <= names, (set(values), names)
        return self.post(urljoin(self.answer.url, form.action), {k: v or "" for k, v in form.fields.items()} | values)

    def sign_in(self, user: str = "ada", password: str = PASSWORD) -> Browser:
        """From the start."""
        return self.open("/sign-in").send("/sign-in", user=user, password=password)

    def close(self) -> None:
        """At the end. Its connections live as long as an answer that came over them."""
        self.answer = requests.Response()
        self.http.close()


@dataclass
class Site:
    """A hub's web application that runs."""

    url: str
    folder: Path
    database: Database
    ca: Path | None = None
    tls: ssl.SSLContext | None = None
    browsers: list[Browser] = field(default_factory=list)

    def browser(self) -> Browser:
        """A new one."""
        self.browsers.append(Browser(self.url, self.ca))
        return self.browsers[-1]

    def user(self, name: str, password: str = PASSWORD) -> int:
        """A new user, with a password for the web pages."""
        with self.database.begin() as unit:
            number = admin_people.add_user(unit.session.connection, name, name.title(), utc_now())
            if password:
                web_sessions.set_password(unit.session.connection, name, _hashed(password))
        return number

    def devices(self, user: str) -> list[admin_people.Device]:
        """As the admin sees them."""
        with self.database.read() as unit:
            return admin_people.devices(unit.session.connection, user)


@cache
def _hashed(password: str) -> str:
    """Cheaply: how dear a hash is stands in it."""
    return Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1).hash(password)


@contextmanager
def running_site(
    folder: Path, server: str = "", *, url: str = "", ca: Path | None = None, proxies: str = ""
) -> Iterator[Site]:
    """`server`: lines for [server]; with tls_cert it is https. `proxies`: whose X-Forwarded-* are believed."""
    store = url or store_of(folder) or f"sqlite:///{folder}/hub.db"
    config = folder / "agendahub.toml"
    listed = f'proxies = ["{proxies}"]\n' if proxies else ""
    config.write_text(f'[store]\nurl = "{store}"\n[server]\n{server}\n{listed}')
    workspace = Workspace(load(config))
    metadata.create_all(workspace.database.engine)
    daemon = Daemon(workspace)
    with _serving(application(daemon), workspace, proxies) as (address, tls):
        site = Site(address, folder, workspace.database, ca, tls)
        try:
            yield site
        finally:
            for browser in site.browsers:
                browser.close()
    workspace.close()


@contextmanager
def _serving(app: Any, workspace: Workspace, proxies: str) -> Iterator[tuple[str, ssl.SSLContext | None]]:
    """Ends when all browsers are gone: asyncio complains of connections that are cut."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    certificate, key = certificate_of(workspace)
    config = uvicorn.Config(
        app, log_level="warning", lifespan="off", ws="none", timeout_graceful_shutdown=1,
        ssl_certfile=certificate, ssl_keyfile=key,
        proxy_headers=bool(proxies), forwarded_allow_ips=proxies or "127.0.0.1",
    )  # fmt: skip
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.005)
    scheme = "https" if config.ssl else "http"
    try:
        yield f"{scheme}://127.0.0.1:{listener.getsockname()[1]}", config.ssl
    finally:
        end = time.monotonic() + 5
        while server.server_state.connections and time.monotonic() < end:
            time.sleep(0.005)
        server.should_exit = True
        thread.join(10)
        listener.close()
