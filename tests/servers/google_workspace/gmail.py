"""Gmail's mailboxes: labels, mails, the history of what happened, and its push (M1-M6).

box = google.gmail.box("support@example.com")
mail = box.deliver(raw)                       # into INBOX, unread, as mails come; `labels=` for elsewhere
box.relabel(mail.id, give={"Label_1"}, take={"UNREAD"}), .trash(mail.id), .remove(mail.id)
box.label("Done"), .lying("INBOX"), .forget() # the history is gone: 404 for every place in it
google.gmail.sent                             # what went out, of all mailboxes: (sender, recipients, raw)
google.gmail.watches.published                # what would go to Pub/Sub: (topic, address, place)

How a mailbox is kept says gmail_box.py; labels, taking in and watches have files of their own.
"""

from __future__ import annotations

import base64
import email
from dataclasses import dataclass
from email.utils import getaddresses
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.servers.google_workspace.gmail_box import HIDDEN, SYSTEM, Box, Json, Letter
from tests.servers.google_workspace.gmail_labels import Labels, must_be_settable
from tests.servers.google_workspace.gmail_taking import Taking, octets
from tests.servers.google_workspace.gmail_watches import Watches
from tests.servers.google_workspace.protocol import Answer, Call, GoogleError, Handler, User
from tests.servers.google_workspace.world import World

__all__ = ["SYSTEM", "Box", "Gmail", "Letter", "SentMail"]


@dataclass(frozen=True)
class SentMail:
    """A mail that went out."""

    sender: str
    recipients: frozenset[str]
    raw: bytes


class Gmail:
    """The area of the server."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._boxes: dict[str, Box] = {}
        self.sent: list[SentMail] = []
        self.watches = Watches(world, self._of)
        self._parts = (Labels(self._of), Taking(self._of), self.watches)
        world.on_new_user(self._welcome)

    def _welcome(self, user: User) -> None:
        self.box(user.address)

    def box(self, address: str) -> Box:
        """Somebody's mailbox."""
        address = address.lower()
        if address not in self._boxes:
            self._boxes[address] = Box(address, self._world, listeners=[self.watches.changed])
        return self._boxes[address]

    def routes(self) -> list[Route]:
        """Uploads are in no discovery document's paths."""
        return [Route("/upload/gmail/v1/users/me/messages/send", self._upload, methods=["POST"])]

    def handlers(self) -> dict[str, Handler]:
        """By method id."""
        parts = {name: run for part in self._parts for name, run in part.handlers().items()}
        return parts | {
            "gmail.users.getProfile": self._profile,
            "gmail.users.messages.list": self._list,
            "gmail.users.messages.get": self._get,
            "gmail.users.messages.send": self._send,
            "gmail.users.messages.batchModify": self._modify,
            "gmail.users.history.list": self._history,
        }

    # ------------------------------------------------------------ mailbox

    def _of(self, call: Call) -> Box:
        if call.text("userId") not in {"me", call.user.address}:
            raise GoogleError(403, "forbidden", f"Delegation denied for {call.user.address}")
        return self.box(call.user.address)

    def _profile(self, call: Call) -> Answer:
        box = self._of(call)
        threads = {one.thread for one in box.letters.values()}
        counts = {"messagesTotal": len(box.letters), "threadsTotal": len(threads)}
        return Answer({"emailAddress": box.address, "historyId": str(box.place), **counts})

    # ------------------------------------------------------------ mails

    def _list(self, call: Call) -> Answer:
        box = self._of(call)
        wanted = list(call.params.get("labelIds") or ())
        box.must_know(wanted)
        hidden = call.yes("includeSpamTrash")
        found = [one for one in sorted(box.letters.values(), key=lambda one: one.at, reverse=True)
                 if set(wanted) <= one.labels and (hidden or not one.labels & HIDDEN)]  # fmt: skip
        if query := call.text("q"):
            found = [one for one in found if _id_of(one.raw) == query.removeprefix("rfc822msgid:")]
        some, more = self._page(call, found)
        told: Json = {"resultSizeEstimate": len(found), **more}
        return Answer(told | ({"messages": [{"id": one.id, "threadId": one.thread} for one in some]} if some else {}))

    def _get(self, call: Call) -> Answer:
        box = self._of(call)
        letter = box.letters.get(call.text("id"))
        if letter is None:
            raise GoogleError(404, "notFound", "Requested entity was not found.")
        told = box.short(letter) | {"historyId": str(letter.history), "sizeEstimate": len(letter.raw)}
        told["internalDate"] = str(int(letter.at.timestamp() * 1000))
        if call.text("format", "full") == "raw":
            told["raw"] = base64.urlsafe_b64encode(letter.raw).decode().rstrip("=")  # M3: without padding
        return Answer(told)

    def _modify(self, call: Call) -> Answer:
        box, body = self._of(call), call.body
        give, take = set(body.get("addLabelIds") or ()), set(body.get("removeLabelIds") or ())
        must_be_settable(box, [*give, *take])
        if len(body.get("ids") or ()) > 1000:
            raise GoogleError(400, "invalidArgument", "Too many ids")
        for one in body.get("ids") or ():
            if one in box.letters:  # "no guarantees that messages ... even existed at all"
                box.relabel(one, give, take)
        return Answer()

    # ------------------------------------------------------------ history

    def _history(self, call: Call) -> Answer:
        box, start = self._of(call), call.text("startHistoryId")
        if not start.isdecimal() or int(start) < max(box.oldest, 1000) or int(start) > box.place:
            raise GoogleError(404, "notFound", "Requested entity was not found.")
        kinds = {f"{one.replace('message', 'messages').replace('label', 'labels')}" for one in _types(call)}
        told = [one for one in box.history if int(one["id"]) > int(start) and kinds & set(one)]
        if label := call.text("labelId"):
            told = [one for one in told if label in _labels_now(box, one)]
        some, more = self._page(call, told)
        page = {"historyId": str(box.place), **more}
        return Answer(page | ({"history": some} if some else {}))  # M1: no key when nothing is new

    def _page(self, call: Call, found: list[Any]) -> tuple[list[Any], Json]:
        switches, token = self._world.switches, call.text("pageToken")
        size = call.number("maxResults", 100, 500) or 100
        size = min(size, switches.page_size or size)
        if switches.empty_pages and not token:
            return [], {"nextPageToken": "at-0"}
        start = int(token.removeprefix("at-") or 0)
        more = {"nextPageToken": f"at-{start + size}"} if start + size < len(found) else {}
        return found[start : start + size], more

    # ------------------------------------------------------------ sending

    def _send(self, call: Call) -> Answer:
        return Answer(self._sent(self._of(call), octets(call)))

    def _sent(self, box: Box, raw: bytes) -> Json:
        read = email.message_from_bytes(raw)
        lines = [str(line) for name in ("to", "cc", "bcc") for line in read.get_all(name, [])]
        people = frozenset(address.lower() for _, address in getaddresses(lines) if "@" in address)
        if not people:
            raise GoogleError(400, "invalidArgument", "Recipient address required")
        self.sent.append(SentMail(box.address, people, raw))
        return box.short(box.deliver(raw, {"SENT"}))

    async def _upload(self, request: Request) -> Response:
        raw = await request.body()
        grant = self._world.grant(request.headers.get("authorization", ""))
        if grant is None:
            error = GoogleError(401, "authError", "Invalid Credentials")
        elif request.headers.get("content-type") != "message/rfc822" or len(raw) > 36_700_160:
            error = GoogleError(400, "invalidArgument", "Media type or size")
        else:
            return JSONResponse(await run_in_threadpool(self._sent, self.box(grant.user.address), raw))
        return JSONResponse(error.told("gmail"), error.status)


def _types(call: Call) -> list[str]:
    return list(call.params.get("historyTypes") or ("messageAdded", "messageDeleted", "labelAdded", "labelRemoved"))


def _labels_now(box: Box, record: Json) -> set[str]:
    """Of the mails that a record is about, as they are now."""
    about = [one["message"]["id"] for name, some in record.items() if name != "id" for one in some]
    return {label for one in about if one in box.letters for label in box.letters[one].labels}


def _id_of(raw: bytes) -> str:
    return str(email.message_from_bytes(raw).get("message-id", "")).strip().strip("<>")
