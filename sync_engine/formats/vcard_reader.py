"""vCard to `Contact`: versions 2.1, 3.0 (RFC 2426) and 4.0 (RFC 6350)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from sync_engine.errors import Unreadable
from sync_engine.formats import legacy
from sync_engine.formats.building import builder
from sync_engine.formats.content_lines import is_soft
from sync_engine.formats.heads import Head as PlainHead
from sync_engine.formats.heads import Remembered, read_head, split_line
from sync_engine.formats.outline import Node, OddLineError, as_line, content_line, in_order, is_base64, line_key
from sync_engine.formats.photo import photo_reader
from sync_engine.formats.single_valued import SINGLE_VALUED
from sync_engine.formats.text_values import escape, structure, text_list, unescape
from sync_engine.model import Address, Contact, ContentLine, Labelled, Name, Params

_contact, _labelled, _address, _name = builder(Contact), builder(Labelled), builder(Address), builder(Name)
_VERSIONS = {"4.0": "4.0"}  # all else is written as 3.0
_ADDRESS_PARTS = 7
_NAME_PARTS = 5


class Draft:
    """A contact while it is read."""

    __slots__ = ("companions", "extra", "fields", "lists", "params", "stamps")

    def __init__(self) -> None:
        self.fields: dict[str, Any] = {}
        self.params: dict[str, Params] = {}
        self.extra: list[ContentLine] = []
        self.stamps: list[ContentLine] = []
        self.lists: dict[str, list[Any]] = {"emails": [], "phones": [], "addresses": [], "urls": [], "chats": []}
        self.companions: dict[str, tuple[ContentLine, ...]] = {}  # of each group that has a labelled element


@dataclass(slots=True)
class CardHead:
    """What the head of a line says, as far as cards are concerned."""

    plain: PlainHead
    take: Taker
    name: str  # upper case
    params: Params
    group: str  # lower case
    field: str
    types: tuple[str, ...]
    preferred: bool
    rest: Params  # without TYPE, PREF=1
    is_soft: bool  # a value that ends with "=" goes on in the next line
    is_special: bool  # has a group or is soft


Taker: TypeAlias = Callable[[Draft, CardHead, str], None]


def read_card(node: Node, lines: list[str], uid_if_missing: str | None) -> Contact:
    """The contact of a VCARD. Raises `Unreadable` and `OddLineError`."""
    own = _with_agents(node, lines) if node.children else node.own_lines(lines)
    return read_card_lines(own, uid_if_missing, joined=True)


def read_card_lines(lines: list[str], uid_if_missing: str | None, *, joined: bool) -> Contact:
    """The contact of the lines between BEGIN and END; `joined` if soft breaks are. Raises as `read_card`."""
    draft = Draft()
    grouped: list[tuple[CardHead, str]] = []
    for line in lines:
        text, colon, value = line.partition(":")
        if '"' in text:
            text, value = split_line(line)
        head = _heads[text]
        if head is None or not colon:
            raise OddLineError(line)
        if head.is_special:
            if not joined and head.is_soft and value.endswith("="):
                raise OddLineError(line)
            if head.group:
                grouped.append((head, value))
                continue
        head.take(draft, head, value)
    if grouped:
        _take_groups(draft, grouped)
    return _finished(draft, uid_if_missing)


def _with_agents(node: Node, lines: list[str]) -> list[str]:
    """Lines of a card in which cards stand (AGENT of vCard 2.1), each of those as a value (RFC 2426 3.5.4)."""
    own: list[str] = []
    at = node.first
    for child in node.children:
        own += lines[at : child.first - 1]
        if child.name != "VCARD" or not own or own[-1].strip().upper() != "AGENT:":
            raise Unreadable(f"A card holds a {child.name} that does not belong there.")
        own[-1] = "AGENT:" + escape("\n".join([*lines[child.first - 1 : child.last], "END:VCARD"]))
        at = child.last + 1
    return own + lines[at : node.last]


def _finished(draft: Draft, uid_if_missing: str | None) -> Contact:
    fields = draft.fields
    uid = fields.setdefault("uid", uid_if_missing)
    if uid is None:
        raise Unreadable("The card has no UID.")
    for field, elements in draft.lists.items():
        if elements:
            fields[field] = tuple(elements) if len(elements) == 1 else _ordered(elements)
    if "categories" in fields:
        fields["categories"] = tuple(sorted(set(fields["categories"])))
    if draft.params:
        fields["params"] = tuple(sorted(draft.params.items()))
    if "full_name" not in fields:
        fields["full_name"] = _name_for(fields)
    return _contact(extra=in_order(draft.extra), stamps=in_order(draft.stamps), **fields)


def _ordered(elements: list[Any]) -> tuple[Any, ...]:
    """Preferred ones first, then by type and value; where these are the same, by all else."""
    keys: list[tuple[Any, ...]] = [
        (not e.preferred, e.types, e.value if isinstance(e, Labelled) else _address_key(e)) for e in elements
    ]
    if len(set(keys)) < len(keys):
        others = [(e.params, [line_key(line) for line in e.companions]) for e in elements]
        keys = [(*key, *other) for key, other in zip(keys, others, strict=True)]
    return tuple([elements[number] for _, number in sorted(zip(keys, range(len(keys)), strict=True))])


def _address_key(address: Address) -> tuple[tuple[str, ...], ...]:
    area = (address.locality, address.region, address.postal_code, address.country)
    return (address.po_box, address.extended, address.street, *area)


def _name_for(fields: dict[str, Any]) -> str:
    """FN is mandatory (RFC 6350 6.2.1): what a person would call a card without one."""
    name: Name = fields.get("name", Name())
    parts = " ".join((*name.given, *name.additional, *name.family))
    labelled = [element.value for field in ("emails", "phones") for element in fields.get(field, ())]
    return next((text for text in (parts, " ".join(fields.get("organization", ())), *labelled) if text.strip()), "")


# ---------------------------------------------------------------- heads


def _card_head(text: str) -> CardHead | None:
    plain = read_head(text)
    if plain is None:
        return None
    params = legacy.name_bare_params(plain.params)
    take, field = _TAKERS.get(plain.name, (_take_extra, ""))
    decoded = legacy.without_encoding(params)
    if field == "photo":
        take = _photo_taker(decoded)
    if legacy.is_quoted_printable(params):
        take = _quoted_printable(take, params)
    params = decoded
    types, preferred, rest = _types(params)
    group, soft = plain.group.lower(), is_soft(text)
    plain = plain._replace(params=params)
    special = bool(group) or soft
    return CardHead(plain, take, plain.name, params, group, field, types, preferred, rest, soft, special)


_heads: Remembered[CardHead] = Remembered(_card_head)


def _quoted_printable(take: Taker, params: Params) -> Taker:
    def take_decoded(draft: Draft, head: CardHead, value: str) -> None:
        take(draft, head, legacy.decode_quoted_printable(value, params))

    return take_decoded


def _types(params: Params) -> tuple[tuple[str, ...], bool, Params]:
    types: tuple[str, ...] = ()
    preferred = False
    rest: list[tuple[str, tuple[str, ...]]] = []
    for name, values in params:
        if name == "TYPE":
            types = tuple([value for value in values if value and value != "pref"])
            preferred = preferred or "pref" in values
        elif name == "PREF" and values == ("1",):
            preferred = True
        else:
            rest.append((name, values))
    return types, preferred, tuple(rest)


# ---------------------------------------------------------------- properties


def _take_extra(draft: Draft, head: CardHead, value: str) -> None:
    line = as_line(head.plain, value)
    if line.value or not head.field:
        draft.extra.append(line)


def _take_stamp(draft: Draft, head: CardHead, value: str) -> None:
    draft.stamps.append(as_line(head.plain, value))


def _take_text(draft: Draft, head: CardHead, value: str) -> None:
    if not value:
        return
    field, fields = head.field, draft.fields
    if field in fields:
        _take_extra(draft, head, value)
        return
    fields[field] = unescape(value) if "\\" in value else value
    if head.params:
        _keep_params(draft, head)


def _keep_params(draft: Draft, head: CardHead) -> None:
    if head.params:
        draft.params[head.name] = head.params


def _take_uid(draft: Draft, head: CardHead, value: str) -> None:
    if value.strip():
        _take_text(draft, head, value.strip())


def _take_kind(draft: Draft, head: CardHead, value: str) -> None:
    kind = unescape(value).strip().lower()
    if kind and head.field in draft.fields:
        _take_extra(draft, head, value)
    elif kind:
        draft.fields[head.field] = kind
        if head.params:
            draft.params["KIND"] = head.params


def _take_version(draft: Draft, _head: CardHead, value: str) -> None:
    draft.fields["version"] = _VERSIONS.get(value.strip(), "3.0")


def _take_name(draft: Draft, head: CardHead, value: str) -> None:
    parts = structure(value)
    if not any(parts):
        return
    if "name" in draft.fields or any(parts[_NAME_PARTS:]):
        _take_extra(draft, head, value)
        return
    draft.fields["name"] = _name(*parts[:_NAME_PARTS])
    _keep_params(draft, head)


def _take_organization(draft: Draft, head: CardHead, value: str) -> None:
    units = [",".join(unit) for unit in structure(value)]
    while units and not units[-1]:
        units.pop()
    if not units:
        return
    if "organization" in draft.fields:
        _take_extra(draft, head, value)
        return
    draft.fields["organization"] = tuple(units)
    _keep_params(draft, head)


def _take_list(draft: Draft, head: CardHead, value: str) -> None:
    found = tuple([text for text in text_list(value) if text])
    if not found:
        return
    before = draft.fields.get(head.field, ())
    if before and (head.params or head.name in draft.params):
        _take_extra(draft, head, value)
        return
    draft.fields[head.field] = before + found
    _keep_params(draft, head)


def _photo_taker(params: Params) -> Taker:
    read = photo_reader(params)

    def take_photo(draft: Draft, head: CardHead, value: str) -> None:
        photo = read(value)
        if photo is not None and "photo" not in draft.fields:
            draft.fields["photo"] = photo
        elif value:
            _take_extra(draft, head, value)

    return take_photo


def _take_labelled(draft: Draft, head: CardHead, value: str) -> None:
    if not value:
        return
    companions = draft.companions.get(head.group, ()) if head.group else ()
    if "\\" in value:
        value = unescape(value)
    element = _labelled(value, head.types, head.preferred, head.rest, companions, head.plain.group)
    draft.lists[head.field].append(element)


def _take_address(draft: Draft, head: CardHead, value: str) -> None:
    parts = structure(value)
    if any(parts[_ADDRESS_PARTS:]):
        _take_extra(draft, head, value)
        return
    companions = draft.companions.get(head.group, ()) if head.group else ()
    if not any(parts) and not head.rest and not companions:
        return
    po_box, extended, street, locality, region, code, country, *_ = parts + [()] * _ADDRESS_PARTS
    address = _address(
        po_box, extended, street, locality, region, code, country,
        head.types, head.preferred, head.rest, companions, head.plain.group,
    )  # fmt: skip
    draft.lists["addresses"].append(address)


_TAKERS: dict[str, tuple[Taker, str]] = {
    "VERSION": (_take_version, ""),
    "UID": (_take_uid, "uid"),
    "FN": (_take_text, "full_name"),
    "N": (_take_name, "name"),
    "KIND": (_take_kind, "kind"),
    "X-ADDRESSBOOKSERVER-KIND": (_take_kind, "kind"),
    "NICKNAME": (_take_list, "nicknames"),
    "ORG": (_take_organization, "organization"),
    "TITLE": (_take_text, "title"),
    "ROLE": (_take_text, "role"),
    "EMAIL": (_take_labelled, "emails"),
    "TEL": (_take_labelled, "phones"),
    "ADR": (_take_address, "addresses"),
    "URL": (_take_labelled, "urls"),
    "IMPP": (_take_labelled, "chats"),
    "BDAY": (_take_text, "birthday"),
    "ANNIVERSARY": (_take_text, "anniversary"),
    "NOTE": (_take_text, "note"),
    "CATEGORIES": (_take_list, "categories"),
    "PHOTO": (_take_extra, "photo"),  # `_photo_taker`
    "REV": (_take_stamp, ""),
    "PRODID": (_take_stamp, ""),
}


# ---------------------------------------------------------------- groups


def _take_groups(draft: Draft, grouped: list[tuple[CardHead, str]]) -> None:
    """Lines of a group belong to its e-mail, phone, address ...; without one, to the first of them that is no label.

    A property with one value that is in the group then stands beside that line, as a companion without a value.
    """
    loose: dict[str, list[tuple[CardHead, str]]] = {}
    modelled: list[tuple[CardHead, str]] = []
    for head, value in grouped:
        if head.name in _TAKERS:
            modelled.append((head, value))
        else:
            loose.setdefault(head.group, []).append((head, value))
    for head, value in modelled:
        if head.field in draft.lists and value and head.group in loose:
            draft.companions[head.group] = _group_lines(loose.pop(head.group))
    singles: dict[str, list[ContentLine]] = {}
    for head, value in modelled:
        alone = head.group in loose and head.name in SINGLE_VALUED and head.field not in draft.fields
        head.take(draft, head, value)
        if alone and head.field in draft.fields and sum(other.name == head.name for other, _ in modelled) == 1:
            singles.setdefault(head.group, []).append(ContentLine(head.name, ""))
    for group, found in loose.items():
        draft.extra.append(_principal(_group_lines(found), singles.get(group, []), found[0][0].plain.group))


def _group_lines(found: list[tuple[CardHead, str]]) -> tuple[ContentLine, ...]:
    lines: list[ContentLine] = []
    for head, value in found:
        if head.params and is_base64(head.plain):
            value = "".join(value.split())  # noqa: PLW2901 - white space in it has no meaning
        lines.append(content_line(head.name, value, head.params, head.plain.written))
    return in_order(lines)


def _principal(lines: tuple[ContentLine, ...], singles: list[ContentLine], group: str) -> ContentLine:
    first, *others = sorted(lines, key=lambda line: (line.name in ("X-ABLABEL", "X-ABADR"), line_key(line)))
    return ContentLine(first.name, first.value, first.params, first.written, group, in_order([*others, *singles]))
