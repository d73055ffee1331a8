"""Labels of Gmail: its own are fixed and named by their id, those of people keep their id whatever their name (M4)."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from tests.servers.google_workspace.gmail_box import SYSTEM, Box, Json
from tests.servers.google_workspace.protocol import Answer, Call, GoogleError, Handler

_GIVEN_BY_GMAIL = {"SENT", "DRAFT", "CHAT"}  # nobody else gives or takes them


class Labels:
    """users.labels. `box_of` finds the mailbox that a call is about."""

    def __init__(self, box_of: Callable[[Call], Box]) -> None:
        self._of = box_of

    def handlers(self) -> dict[str, Handler]:
        """By method id."""
        return {
            "gmail.users.labels.list": self._list,
            "gmail.users.labels.get": self._get,
            "gmail.users.labels.create": self._create,
            "gmail.users.labels.patch": self._patch,
            "gmail.users.labels.delete": self._delete,
        }

    def _list(self, call: Call) -> Answer:
        return Answer({"labels": [_told(one, name) for one, name in self._of(call).names.items()]})

    def _get(self, call: Call) -> Answer:
        box, label = self._one(call)
        lying = [one for one in box.letters.values() if label in one.labels]
        unread = sum("UNREAD" in one.labels for one in lying)
        return Answer(_told(label, box.names[label]) | {"messagesTotal": len(lying), "messagesUnread": unread})

    def _create(self, call: Call) -> Answer:
        box, name = self._of(call), str(call.body["name"])
        _must_be_free(box, name)
        return Answer(_told(box.label(name), name))

    def _patch(self, call: Call) -> Answer:
        """Another name; the mails keep the label, for they know its id."""
        box, label = self._of_people(call)
        name = str(call.body.get("name") or box.names[label])
        if name.casefold() != box.names[label].casefold():
            _must_be_free(box, name)
        box.names[label] = name
        return Answer(_told(label, name))

    def _delete(self, call: Call) -> Answer:
        box, label = self._of_people(call)
        box.unlabel(label)
        return Answer()

    def _one(self, call: Call) -> tuple[Box, str]:
        box, label = self._of(call), call.text("id")
        if label not in box.names:
            raise GoogleError(404, "notFound", "Requested entity was not found.")
        return box, label

    def _of_people(self, call: Call) -> tuple[Box, str]:
        box, label = self._one(call)
        if label in SYSTEM:
            raise GoogleError(400, "invalidArgument", f"A system label cannot be changed: {label}")
        return box, label


def must_be_settable(box: Box, labels: Iterable[str]) -> None:
    """GoogleError for labels that are not there, or that nobody gives or takes."""
    wanted = list(labels)
    box.must_know(wanted)
    for one in wanted:
        if one in _GIVEN_BY_GMAIL:
            raise GoogleError(400, "invalidArgument", f"Invalid label: {one}")


def _must_be_free(box: Box, name: str) -> None:
    if name.upper() in SYSTEM:
        raise GoogleError(400, "invalidArgument", "Invalid label name")
    if name.casefold() in (known.casefold() for known in box.names.values()):
        raise GoogleError(409, "aborted", "Label name exists or conflicts", rpc="ABORTED")


def _told(label: str, name: str) -> Json:
    return {"id": label, "name": name, "type": "system" if label in SYSTEM else "user"}
