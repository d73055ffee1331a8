"""Categories, and as much of mail as sync may meet: messages by folder, their delta, and everything that would send."""

from __future__ import annotations

import re
from email.message import EmailMessage

from tests.servers.microsoft import moments
from tests.servers.microsoft.graph_delta import Deltas, removed, thinned
from tests.servers.microsoft.graph_protocol import Answer, Call, GraphError, Json, Route, etag, page
from tests.servers.microsoft.mailbox import MAIL, Change, Collection, Item

_FOLDER = r"(?:/mailFolders/([^/]+))?"
INLINE = 3 * 1024 * 1024  # octets of an attachment that needs no upload session


class Messages:
    """What answers for /messages, /mailFolders, /sendMail and /outlook/masterCategories."""

    def __init__(self, deltas: Deltas) -> None:
        self.deltas = deltas
        self._uploads: dict[str, int] = {}  # those that are not done, with their sizes

    def routes(self) -> list[Route]:
        """The paths."""
        one = _FOLDER + "/messages/([^/]+)"
        return [
            ("GET", "/outlook/masterCategories", self.categories),
            ("POST", "/outlook/masterCategories", self.add_category),
            ("POST", "/sendMail", self.send_new),
            ("GET", "/mailFolders/([^/]+)", self.folder),
            ("GET", _FOLDER + "/messages", self.list),
            ("POST", _FOLDER + "/messages", self.create),
            ("GET", "/mailFolders/([^/]+)/messages/delta", self.delta),
            ("GET", one, self.get),
            ("GET", one + r"/\$value", self.mime),
            ("POST", one + "/move", self.move),
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

    def send_new(self, call: Call) -> Answer:
        self._sent(call, call.json().get("message") or {})
        return Answer(202)

    def send(self, call: Call) -> Answer:
        item = _item(call)
        self._sent(call, item.fields)
        call.mailbox.delete(item.id)
        return Answer(202)

    def _sent(self, call: Call, message: Json) -> None:
        people = [one["emailAddress"]["address"] for one in message.get("toRecipients") or []]
        call.mailbox.server.send(call.mailbox.address, people, "message", message.get("subject", ""))

    def folder(self, call: Call) -> Answer:
        found = _folder(call)
        return Answer(200, {"id": found.id, "displayName": found.name})

    def list(self, call: Call) -> Answer:
        return page(call, [render(call, item) for item in call.mailbox.in_collection(_folder(call).id)])

    def create(self, call: Call) -> Answer:
        return Answer(201, render(call, call.mailbox.create(_folder(call).id, call.json())))

    def get(self, call: Call) -> Answer:
        return Answer(200, render(call, _item(call)))

    def mime(self, call: Call) -> Answer:
        item, message = _item(call), EmailMessage()
        message["Message-ID"] = str(item.fields.get("internetMessageId") or f"<{item.id}@exchange.example>")
        message["Subject"] = str(item.fields.get("subject") or "")
        message.set_content((item.fields.get("body") or {}).get("content", ""))
        return Answer(200, message.as_bytes(), {"Content-Type": "text/plain"})

    def move(self, call: Call) -> Answer:
        target = call.mailbox.collection(call.json()["destinationId"])
        return Answer(201, render(call, call.mailbox.move(_item(call).id, target.id)))

    def attach(self, call: Call) -> Answer:
        if len(call.json().get("contentBytes") or "") * 3 // 4 >= INLINE:
            raise GraphError(413, "ErrorMessageSizeExceeded", "Use an upload session.")
        return Answer(201, {"id": f"attachment-{call.mailbox.server.number()}", "name": call.json().get("name")})

    def begin_upload(self, call: Call) -> Answer:
        wanted = call.json()["AttachmentItem"]
        name = f"upload-{call.mailbox.server.number()}"
        self._uploads[name] = int(wanted["size"])
        return Answer(201, {"uploadUrl": f"{call.prefix}/uploads/{name}", "nextExpectedRanges": ["0-"]})

    def upload(self, call: Call) -> Answer:
        """In pieces, each with its place: Content-Range: bytes 0-9/20."""
        found = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", call.headers.get("content-range", ""))
        size = self._uploads.get(call.args[0])
        if found is None or size is None or int(found[3]) != size:
            raise GraphError(400, "ErrorInvalidArgument", "The Content-Range is not of this upload.")
        if int(found[2]) + 1 < size:
            return Answer(200, {"nextExpectedRanges": [f"{int(found[2]) + 1}-"]})
        del self._uploads[call.args[0]]
        return Answer(201)

    def delta(self, call: Call) -> Answer:
        where = _folder(call).id
        state = self.deltas.state(call, where, call.mailbox.newest(where))
        return self.deltas.round(call, state, call.mailbox.changes(where, state["after"], state["floor"]), _told)


def render(call: Call, item: Item) -> Json:
    """A message as Graph shows it."""
    shown: Json = {"@odata.etag": etag(item), "id": call.id_of(item), "changeKey": item.change_key}
    shown |= {"parentFolderId": item.collection, "internetMessageId": f"<{item.id}@exchange.example>"}
    return shown | {"lastModifiedDateTime": moments.stamp(item.modified), "isRead": False} | item.fields


def _told(call: Call, change: Change, names: frozenset[str] | None) -> list[Json]:
    item = call.mailbox.items.get(change.item)
    if item is None or item.collection != _folder(call).id:
        return [removed(change.item if call.immutable else change.folder_id)]
    return [thinned(render(call, item), names)]


def _folder(call: Call) -> Collection:
    found = call.collection(call.args[0] or "drafts")
    if found.kind != MAIL:
        raise GraphError(400, "ErrorInvalidFolderId", "This is no mail folder.")
    return found


def _item(call: Call) -> Item:
    item = call.mailbox.find(call.args[1])
    if item.kind != MAIL:
        raise GraphError(404, "ErrorItemNotFound", "The specified object was not found in the store.")
    call.collection(item.collection)
    return item
