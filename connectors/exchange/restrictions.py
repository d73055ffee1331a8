"""What FindItem shall look for, as EWS has it: any of some properties with some values (E8)."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from exchangelib.util import create_element

from connectors.microsoft.own_set import KEY, OWN_SET, UID

_HEADER = bytes.fromhex("040000008200E00074C5B7101A82E008")  # of all global object ids (MS-OXOCAL 2.2.1.27)
_OF_OTHERS = b"vCal-Uid\x01\x00\x00\x00"  # before a UID that Outlook did not make


@dataclass(frozen=True, slots=True)
class Equal:
    """One property with one value."""

    uri: Mapping[str, str]  # attributes of ExtendedFieldURI
    value: str


def key_is(key: str) -> Equal:
    """The key of the write that made an item."""
    return Equal(_own(KEY), key)


def uid_is(uid: str) -> Equal:
    """The UID under which the hub made it."""
    return Equal(_own(UID), uid)


def meeting_is(uid: str) -> Equal:
    """The UID of an appointment; Exchange does not search in calendar:UID, but in what it makes of it."""
    uri = {"DistinguishedPropertySetId": "Meeting", "PropertyId": "3", "PropertyType": "Binary"}
    return Equal(uri, base64.b64encode(global_object_id(uid)).decode("ascii"))


def message_is(message_id: str) -> Equal:
    """The Message-ID of a mail, with its brackets (PidTagInternetMessageId)."""
    return Equal({"PropertyTag": "0x1035", "PropertyType": "String"}, message_id)


def global_object_id(uid: str) -> bytes:
    """The binary form of a UID (MS-OXCICAL 2.1.3.1.1.20.26)."""
    if uid.upper().startswith(_HEADER.hex().upper()):
        try:
            return bytes.fromhex(uid)
        except ValueError:
            pass
    data = _OF_OTHERS + uid.encode() + b"\x00"
    return _HEADER + bytes(20) + len(data).to_bytes(4, "little") + data


def _own(name: str) -> dict[str, str]:
    return {"PropertySetId": OWN_SET, "PropertyName": name, "PropertyType": "String"}


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Where one of these holds. Texts are compared without regard to case by Exchange: look at what is found."""

    conditions: Sequence[Equal]

    def to_xml(self, version: object = None) -> Any:  # noqa: ARG002 - the library's signature
        """m:Restriction."""
        parts = [_equal(condition) for condition in self.conditions]
        made = create_element("m:Restriction")
        if len(parts) == 1:
            made.append(parts[0])
            return made
        either = create_element("t:Or")
        either.extend(parts)
        made.append(either)
        return made


def _equal(condition: Equal) -> Any:
    made, other = create_element("t:IsEqualTo"), create_element("t:FieldURIOrConstant")
    other.append(create_element("t:Constant", attrs={"Value": condition.value}))
    made.append(create_element("t:ExtendedFieldURI", attrs=dict(condition.uri)))
    made.append(other)
    return made
