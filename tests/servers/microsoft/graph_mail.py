"""Mail: folders, messages and their delta, their MIME, sending it, and files in pieces (G18, G23)."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, field
from email.message import EmailMessage

from tests.servers.microsoft import moments
from tests.servers.microsoft.graph_delta import Deltas, removed, thinned
from tests.servers.microsoft.graph_extended import NAME, listed
from tests.servers.microsoft.graph_protocol import Answer, Call, GraphError, Json, Route, etag, named, page, selected
from tests.servers.microsoft.mailbox import MAIL, Change, Collection, Item
from tests.servers.microsoft.post import NoRecipients, deliver, parsed, submit, with_files

_FOLDER = r"(?:/mailFolders/([^/]+))?"
INLINE = 3 * 1024 * 1024  # octets of an attachment that needs no upload session
REQUEST = 4 * 1024 * 1024  # octets of a request
PIECE = 320 * 1024  # octets of which pieces of a file must be a multiple
File = tuple[str, str, bytes]  # name, type, content


@dataclass
class Upload:
    """A file that comes in pieces."""

    item: str  # id of the message
    name: str
    media_type: str
    size: int
    content: bytearray = field(default_factory=bytearray)


class Messages:
    """What answers for /messages, /mailFolders, /sendMail and /outlook/masterCategories."""

    def __init__(self, deltas: Deltas) -> None:
        self.deltas = deltas
        self._uploads: dict[str, Upload] = {}
        self._files: dict[str, list[File]] = {}  # by id of the message

    def routes(self) -> list[Route]:
        """The paths."""
        one = _FOLDER + "/messages/([^/]+)"
        return [
            ("GET", "/outlook/masterCategories", self.categories),
            ("POST", "/outlook/masterCategories", self.add_category),
            ("POST", "/sendMail", self.send_new),
            ("GET", "/mailFolders", self.folders),
            ("GET", "/mailFolders/([^/]+)", self.folder),
            ("GET", "/mailFolders/([^/]+)/childFolders", self.folders),
            ("GET", _FOLDER + "/messages", self.list),
            ("POST", _FOLDER + "/messages", self.create),
            ("GET", "/mailFolders/([^/]+)/messages/delta", self.delta),
            ("GET", one, self.get),
            ("PATCH", one, self.update),
            ("DELETE", one, self.to_deleted_items),
            ("GET", one + r"/\$value", self.mime),
            ("POST", one + "/move", self.move),
            ("POST", one + "/permanentDelete", self.delete),
            ("POST", one + "/send", self.send),
            ("POST", one + "/attachments", self.attach),
            ("POST", one + "/attachments/createUploadSession", self.begin_upload),
            ("PUT", "/uploads/([^/]+)", self.upload),
        ]

    def categories(self, call: Call) -> Answer:
        return page(call, call.mailbox.categories)

    def add_category(self, call: Call) -> Answer:
        made = {"id": f"category-{len(call.mailbox.categories)}", **call.json()}
        if any(one["displayName"] == made["displayName"] for one in call.mailbox.categories):
            raise GraphError(409, "CategoryNameAlreadyExists", "There is a category of this name.")
        call.mailbox.categories.append(made)
        return Answer(201, made)

    # ------------------------------------------------------------ folders

    def folder(self, call: Call) -> Answer:
        return Answer(200, selected(_shown(call, _folder(call)), call.query.get("$select", "")))

    def folders(self, call: Call) -> Answer:
        """Of one level."""
        above = _folder(call).id if call.args else ""
        found = [one for one in call.mailbox.of_kind(MAIL) if one.parent == above]
        return page(call, named(call, [_shown(call, one) for one in found]))

    # ------------------------------------------------------------ sending

    def send_new(self, call: Call) -> Answer:
        if isinstance(call.body, bytes):
            _submit(call, _mime_of(call))
            return Answer(202)
        message = call.json().get("message") or {}
        people = [one["emailAddress"]["address"] for one in message.get("toRecipients") or []]
        call.mailbox.server.send(call.mailbox.address, people, "message", message.get("subject", ""))
        return Answer(202)

    def send(self, call: Call) -> Answer:
        """A draft; its immutable id stays."""
        item = _item(call)
        if item.fields.get("isDraft") is not True:
            raise GraphError(400, "ErrorInvalidOperation", "This message was sent before.")
        raw = with_files(item.mime, self._files.pop(item.id, []))
        copy = _submit(call, raw)
        call.mailbox.delete(copy.id)
        item.mime = raw
        call.mailbox.update(item.id, {"isDraft": False, "isRead": True})
        call.mailbox.move(item.id, "sentitems")
        return Answer(202)

    # ------------------------------------------------------------ messages

    def list(self, call: Call) -> Answer:
        """Of a folder, or of all of them."""
        if not call.args[0]:
            found = [one for one in call.mailbox.items.values() if one.kind == MAIL]
        else:
            found = list(call.mailbox.in_collection(_folder(call).id))
        return listed(call, found, lambda item: render(call, item))

    def create(self, call: Call) -> Answer:
        where = call.mailbox.collection(call.args[0] or "drafts").id
        if isinstance(call.body, bytes):
            return Answer(201, render(call, deliver(call.mailbox, _mime_of(call), where, draft=True)))
        return Answer(201, render(call, call.mailbox.create(where, call.json())))

    def get(self, call: Call) -> Answer:
        return Answer(200, selected(render(call, _item(call)), call.query.get("$select", "")))

    def update(self, call: Call) -> Answer:
        changed = call.mailbox.update(_item(call).id, call.json(), if_key=call.if_match)
        return Answer(200, render(call, changed))

    def mime(self, call: Call) -> Answer:
        item = _item(call)
        return Answer(200, item.mime or _made(item), {"Content-Type": "text/plain"})

    def move(self, call: Call) -> Answer:
        name = call.json()["destinationId"]
        target = next(
            (one for one in call.mailbox.of_kind(MAIL) if name in {one.id} or name.lower() == one.well_known), None
        )
        if target is None:
            raise GraphError(404, "ErrorFolderNotFound", "The specified folder could not be found in the store.")
        return Answer(201, render(call, call.mailbox.move(_item(call).id, target.id)))

    def to_deleted_items(self, call: Call) -> Answer:
        call.mailbox.move(_item(call).id, "deleteditems")
        return Answer(204)

    def delete(self, call: Call) -> Answer:
        call.mailbox.delete(_item(call).id)
        return Answer(204)

    # ------------------------------------------------------------ files

    def attach(self, call: Call) -> Answer:
        told = call.json()
        content = base64.b64decode(told.get("contentBytes") or "")
        if len(content) >= INLINE:
            raise GraphError(413, "ErrorMessageSizeExceeded", "Use an upload session.")
        name, media_type = str(told.get("name")), str(told.get("contentType") or "application/octet-stream")
        self._files.setdefault(_item(call).id, []).append((name, media_type, content))
        return Answer(201, {"id": f"attachment-{call.mailbox.server.number()}", "name": told.get("name")})

    def begin_upload(self, call: Call) -> Answer:
        wanted, key = call.json()["AttachmentItem"], f"upload-{call.mailbox.server.number()}"
        media_type = wanted.get("contentType") or "application/octet-stream"
        self._uploads[key] = Upload(_item(call).id, wanted["name"], media_type, int(wanted["size"]))
        url = re.sub(r"/(me|users/[^/]+)$", f"/users/{call.mailbox.address}/uploads/{key}", call.prefix)
        return Answer(201, {"uploadUrl": url, "nextExpectedRanges": ["0-"]})

    def upload(self, call: Call) -> Answer:
        """In pieces, each with its place: Content-Range: bytes 0-9/20."""
        found = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", call.headers.get("content-range", ""))
        file = self._uploads.get(call.args[0])
        if found is None or file is None or int(found[3]) != file.size or int(found[1]) != len(file.content):
            raise GraphError(400, "ErrorInvalidArgument", "The Content-Range is not of this upload.")
        if len(call.body) != int(found[2]) - int(found[1]) + 1 or len(call.body) > REQUEST:
            raise GraphError(400, "ErrorInvalidArgument", "The piece is not of the size that Content-Range says.")
        last = int(found[2]) + 1 == file.size
        if not last and len(call.body) % PIECE:
            raise GraphError(400, "ErrorInvalidArgument", "Pieces must be a multiple of 320 KiB.")
        file.content += call.body
        if not last:
            return Answer(200, {"nextExpectedRanges": [f"{int(found[2]) + 1}-"]})
        del self._uploads[call.args[0]]
        self._files.setdefault(file.item, []).append((file.name, file.media_type, bytes(file.content)))
        return Answer(201)

    # ------------------------------------------------------------ changes

    def delta(self, call: Call) -> Answer:
        where = _folder(call).id
        state = self.deltas.state(call, where, call.mailbox.newest(where))
        call.query = {**state["query"], **call.query}  # what the round began with
        if NAME in call.query.get("$expand", "") and not self.deltas.switches.mail_sizes:
            raise GraphError(400, "ErrorInvalidUrlQuery", "$expand is not supported here.")
        return self.deltas.round(call, state, call.mailbox.changes(where, state["after"], state["floor"]), _told)


def render(call: Call, item: Item) -> Json:
    """A message as Graph shows it."""
    shown: Json = {"@odata.etag": etag(item), "id": call.id_of(item), "changeKey": item.change_key}
    shown |= {"parentFolderId": item.collection, "internetMessageId": f"<{item.id}@exchange.example>"}
    shown |= {"receivedDateTime": moments.stamp(item.created)}
    shown |= {"lastModifiedDateTime": moments.stamp(item.modified), "isRead": False} | item.fields
    if "0xe08" in call.query.get("$expand", "").lower() and item.mime:
        shown[NAME] = [{"id": "Integer 0xe08", "value": str(len(item.mime))}]
    return shown


def _told(call: Call, change: Change, names: frozenset[str] | None) -> list[Json]:
    item = call.mailbox.items.get(change.item)
    if item is None or item.collection != _folder(call).id:
        return [removed(change.item if call.immutable else change.folder_id)]
    return [thinned(render(call, item), names)]


def _shown(call: Call, folder: Collection) -> Json:
    inside = [one for one in call.mailbox.of_kind(MAIL) if one.parent == folder.id]
    about = {"id": folder.id, "displayName": folder.name, "parentFolderId": folder.parent or "root"}
    return {**about, "childFolderCount": len(inside), "isHidden": False}


def _folder(call: Call) -> Collection:
    found = call.collection(call.args[0] or "drafts")
    if found.kind != MAIL:
        raise GraphError(400, "ErrorInvalidFolderId", "This is no mail folder.")
    return found


def _item(call: Call) -> Item:
    item = call.mailbox.find(call.args[1])
    if item.kind != MAIL:
        raise GraphError(404, "ErrorItemNotFound", "The specified object was not found in the store.")
    if call.args[0] and item.collection != _folder(call).id:
        raise GraphError(404, "ErrorItemNotFound", "The specified object was not found in the store.")
    call.collection(item.collection)
    return item


def _mime_of(call: Call) -> bytes:
    """Of a request with text/plain: base64."""
    if len(call.body) > REQUEST:
        raise GraphError(413, "ErrorMessageSizeExceeded", "The message exceeds the maximum supported size.")
    try:
        return base64.b64decode(call.body, validate=True)
    except binascii.Error as error:
        raise GraphError(
            400, "ErrorMimeContentInvalidBase64String", "Invalid base64 string for MIME content."
        ) from error


def _submit(call: Call, raw: bytes) -> Item:
    sender = str(parsed(raw).get("From", ""))
    if call.mailbox.address.lower() not in sender.lower():
        raise GraphError(403, "ErrorSendAsDenied", "The user account does not have the right to send mail on behalf.")
    try:
        return submit(call.mailbox, raw)
    except NoRecipients:
        raise GraphError(400, "ErrorInvalidRecipients", "At least one recipient isn't valid.") from None


def _made(item: Item) -> bytes:
    """Of a message that was made of properties."""
    message = EmailMessage()
    message["Message-ID"] = str(item.fields.get("internetMessageId") or f"<{item.id}@exchange.example>")
    message["Subject"] = str(item.fields.get("subject") or "")
    message.set_content((item.fields.get("body") or {}).get("content", ""))
    return message.as_bytes()
