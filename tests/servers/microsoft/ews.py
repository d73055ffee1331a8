"""An Exchange server with the web services of 2016, on a real ASGI server on loopback.

`Site` is its state; `site.mood` says how it is and what goes wrong next. Real client libraries talk to it. Items keep
their properties as EWS spells them, so one mailbox is for this front or for Graph's, not for both.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from lxml import etree
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from tests.servers.microsoft import ews_attachments as attachments
from tests.servers.microsoft import ews_directory as directory
from tests.servers.microsoft import ews_folders as folders
from tests.servers.microsoft import ews_items as items
from tests.servers.microsoft import ews_streaming as streaming
from tests.servers.microsoft.ews_call import Call, Site
from tests.servers.microsoft.ews_find import find_item
from tests.servers.microsoft.ews_sign_in import Who, call_of, signed_in
from tests.servers.microsoft.ews_sync import sync_folder_items
from tests.servers.microsoft.ews_xml import Element, Fault, envelope, fault, find, local
from tests.servers.microsoft.serving import serving

PATH = "/EWS/Exchange.asmx"
XML = "text/xml; charset=utf-8"  # exactly so: DavMail compares it (E19)
Operation = Callable[[Call, Element], Element]
OPERATIONS: dict[str, Operation] = {
    "GetFolder": folders.get_folder,
    "FindFolder": folders.find_folder,
    "CreateFolder": folders.create_folder,
    "UpdateFolder": folders.update_folder,
    "DeleteFolder": folders.delete_folder,
    "SyncFolderItems": sync_folder_items,
    "FindItem": find_item,
    "GetItem": items.get_item,
    "CreateItem": items.create_item,
    "UpdateItem": items.update_item,
    "DeleteItem": items.delete_item,
    "MoveItem": items.move_item,
    "SendItem": items.send_item,
    "CreateAttachment": attachments.create_attachment,
    "GetAttachment": attachments.get_attachment,
    "DeleteAttachment": attachments.delete_attachment,
    "GetUserPhoto": attachments.get_user_photo,
    "ResolveNames": directory.resolve_names,
    "ExpandDL": directory.expand_dl,
    "GetServerTimeZones": directory.get_server_time_zones,
    "ConvertId": directory.convert_id,
    "GetUserConfiguration": directory.get_user_configuration,
    "Subscribe": streaming.subscribe,
    "Unsubscribe": streaming.unsubscribe,
}
WRITES = {"CreateItem", "UpdateItem", "DeleteItem", "MoveItem", "CreateAttachment", "CreateFolder"}


@contextmanager
def exchange_server(site: Site | None = None, certificate: Path | None = None) -> Iterator[Site]:
    """A server with Ada, who signs in as ada/secret, unless a site is given; TLS if a key with certificate is."""
    site = site or Site()
    if not site.people:
        add_person(site, "ada", "secret", "ada@example.com", "Ada Lovelace")
    if certificate is not None:
        site.certificate_hash = certificate_hash(certificate)
    with serving(application(site), certificate) as url:
        site.url = url + PATH
        yield site


def add_person(site: Site, login: str, password: str, address: str, name: str) -> None:
    """Somebody with a mailbox."""
    site.people[login] = (password, address.lower())
    site.exchange.add_mailbox(address, name, "ews")


def application(site: Site) -> Starlette:
    """The ASGI application."""

    async def endpoint(request: Request) -> Response:
        if request.url.path.lower() != PATH.lower():  # as IIS takes it
            return Response(status_code=404)
        return await _serve(site, request)

    tokens = Route("/{tenant}/oauth2/v2.0/{what}", site.sign_in.endpoint, methods=["GET", "POST"])
    about = Route("/{tenant}/v2.0/.well-known/openid-configuration", site.sign_in.about)
    return Starlette(routes=[Route("/{room}/{file}", endpoint, methods=["GET", "POST"]), tokens, about])


def certificate_hash(certificate: Path) -> bytes:
    """SHA-256 of the first certificate in a PEM file, as RFC 5929 has it for tls-server-end-point."""
    found = x509.load_pem_x509_certificates(certificate.read_bytes())[0]
    return found.fingerprint(hashes.SHA256())


async def _serve(site: Site, request: Request) -> Response:
    content = await request.body()  # also of what is refused: the connection goes on
    who = signed_in(site, request)
    if isinstance(who, Response):
        return who
    if request.method == "GET":  # by which clients look whether the address is right
        return Response("<html>The service is up.</html>", headers={"Content-Type": "text/html"})
    try:
        root = etree.fromstring(content)
        call, what = await run_in_threadpool(_understood, site, who, root)
        if local(what) == "GetStreamingEvents":
            return StreamingResponse(streaming.streaming_events(call, what), media_type=XML)
        answer = await run_in_threadpool(_answer, call, what)
    except Fault as why:
        return _document(site, fault(why), 500)
    if local(what) in WRITES and site.mood.commit_then_wait:
        wait, site.mood.commit_then_wait = site.mood.commit_then_wait, 0.0
        await asyncio.sleep(wait)
    return _document(site, answer, 200)


def _document(site: Site, body: Element, status: int) -> Response:
    content = envelope(body)
    site.documents.append(content)
    return Response(content, status, headers={"Content-Type": XML})


def _understood(site: Site, who: Who, root: Element) -> tuple[Call, Element]:
    header, what = find(root, "s:Header"), find(root, "s:Body/*")
    if what is None:
        raise Fault("ErrorInvalidRequest", "There is no request in the body.")
    site.requests.append(local(what))
    _refuse_if_busy(site)
    _check_version(site, header)
    return call_of(site, who, header), what


def _refuse_if_busy(site: Site) -> None:
    wait = site.mood.back_off
    if site.mood.busy or time.monotonic() < site.busy_until:
        site.mood.busy = max(0, site.mood.busy - 1)
        if site.mood.insists and site.busy_until < time.monotonic():
            site.busy_until = time.monotonic() + (wait or 0) / 1000
        values = {} if wait is None else {"BackOffMilliseconds": str(wait)}
        raise Fault("ErrorServerBusy", "The server cannot service this request right now. Try again later.", values)


def _check_version(site: Site, header: Element | None) -> None:
    asked = None if header is None else find(header, "t:RequestServerVersion")
    version = "" if asked is None else asked.get("Version", "")
    if version and not version.startswith(site.mood.versions):
        raise Fault("ErrorInvalidServerVersion", "The specified server version is invalid.")


def _answer(call: Call, what: Element) -> Element:
    operation = OPERATIONS.get(local(what))
    if operation is None:
        raise Fault("ErrorInvalidRequest", f"{local(what)} is not offered here.")
    with call.site.exchange.lock:
        return operation(call, what)
