"""`Contact` to vCard 3.0 (RFC 2426) or 4.0 (RFC 6350)."""

from __future__ import annotations

from sync_engine.formats.content_lines import fold
from sync_engine.formats.heads import CACHED_LENGTH, write_params
from sync_engine.formats.photo import write_photo
from sync_engine.formats.single_valued import SINGLE_VALUED
from sync_engine.formats.text_values import escape, escape_uri, join_list
from sync_engine.model import Address, Contact, ContentLine, Labelled, Name, Params

_TEXTS = (
    ("TITLE", "title"),
    ("ROLE", "role"),
    ("BDAY", "birthday"),
    ("ANNIVERSARY", "anniversary"),
    ("NOTE", "note"),
)
_MOST_HEADS = 1024


def write_card(contact: Contact) -> str:
    """The text of a contact."""
    version = "4.0" if contact.version == "4.0" else "3.0"
    params = dict(contact.params)
    lines = ["BEGIN:VCARD", f"VERSION:{version}"]
    lines += [write_line(line) for line in contact.stamps]
    _write_identity(lines, contact, params, version)
    for name, field in _TEXTS:
        value = getattr(contact, field)
        if value:
            lines.append(f"{name}{_params(params, name)}:{escape(value)}")
    if contact.nicknames:
        lines.append(f"NICKNAME{_params(params, 'NICKNAME')}:{join_list(contact.nicknames)}")
    if contact.organization:
        units = ";".join([escape(unit) for unit in contact.organization])
        lines.append(f"ORG{_params(params, 'ORG')}:{units}")
    if contact.categories:
        lines.append(f"CATEGORIES{_params(params, 'CATEGORIES')}:{join_list(contact.categories)}")
    if contact.photo:
        lines.append(write_photo(contact.photo, version))
    _Elements(lines, contact, version).write()
    lines.append("END:VCARD")
    return fold(lines)


def _write_identity(lines: list[str], contact: Contact, params: dict[str, Params], version: str) -> None:
    if contact.uid:
        lines.append(f"UID{_params(params, 'UID')}:{escape(contact.uid)}")
    lines.append(f"FN{_params(params, 'FN')}:{escape(contact.full_name)}")
    name = contact.name
    if name is not _NO_NAME and name != _NO_NAME:
        parts = (name.family, name.given, name.additional, name.prefixes, name.suffixes)
        lines.append(f"N{_params(params, 'N')}:{_structure(parts)}")
    elif version == "3.0" and not any(line.name == "N" for line in contact.extra):
        lines.append("N:;;;;")  # mandatory there (RFC 2426 3.1.2)
    if contact.kind:
        apple = version == "3.0" and contact.kind == "group"  # 3.0 has no KIND
        called = "X-ADDRESSBOOKSERVER-KIND" if apple else "KIND"
        lines.append(f"{called}{_params(params, 'KIND')}:{escape(contact.kind)}")


_NO_NAME = Name()


def _params(params: dict[str, Params], name: str) -> str:
    if not params:
        return ""
    found = params.get(name)
    return write_params(found) if found else ""


def write_line(line: ContentLine) -> str:
    """A content line without its group."""
    params = write_params(line.params) if line.params else ""
    return f"{line.written or line.name}{params}:{line.value}"


class _Elements:
    """Writes what can have a group; gives another name to a group whose name is taken by other lines."""

    def __init__(self, lines: list[str], contact: Contact, version: str) -> None:
        self.lines = lines
        self.first = len(lines)
        self.contact = contact
        self.version = version
        self.groups: dict[str, tuple[ContentLine, ...]] = {}  # by name in lower case: the companions written with it
        self.number = 0
        self.taken: set[str] = set()

    def write(self) -> None:
        contact = self.contact
        self._write_labelled("EMAIL", contact.emails)
        self._write_labelled("TEL", contact.phones)
        if contact.urls:
            self._write_labelled("URL", contact.urls)
        if contact.chats:
            self._write_labelled("IMPP", contact.chats)
        for address in contact.addresses:
            self._write_element("ADR", address, _structure(_parts_of(address)))
        for line in contact.extra:
            if line.group or line.companions:
                self._write_grouped(write_line(line), line.group, line.companions, shared=False)
            else:
                self.lines.append(write_line(line))

    def _write_labelled(self, name: str, elements: tuple[Labelled, ...]) -> None:
        uris = name in ("URL", "IMPP")
        for element in elements:
            if uris or (element.params and ("VALUE", ("URI",)) in element.params):
                self._write_element(name, element, escape_uri(element.value))
            else:
                self._write_element(name, element, escape(element.value))

    def _write_element(self, name: str, element: Labelled | Address, value: str) -> None:
        head = _heads.get((name, element.types, element.preferred, self.version))
        if head is None:
            head = _element_head(name, element.types, element.preferred, self.version)
        if element.params:
            head += write_params(element.params)
        if element.group or element.companions:
            self._write_grouped(f"{head}:{value}", element.group, element.companions, shared=True)
        else:
            self.lines.append(f"{head}:{value}")

    def _write_grouped(self, line: str, group: str, companions: tuple[ContentLine, ...], *, shared: bool) -> None:
        key = group.lower()
        written = self.groups.get(key) if group else None
        if group and (written is None or (shared and written == companions)):
            self.lines.append(f"{group}.{line}")
            if written is None:
                self._write_companions(group, companions)
        elif companions:
            fresh = self._fresh_group()
            self.lines.append(f"{fresh}.{line}")
            self._write_companions(fresh, companions)
        else:
            self.lines.append(line)

    def _write_companions(self, group: str, companions: tuple[ContentLine, ...]) -> None:
        self.groups[group.lower()] = companions
        for line in companions:
            if line.value or line.name not in SINGLE_VALUED:
                self.lines.append(f"{group}.{write_line(line)}")
            else:
                self._add_group(group, line.name)

    def _add_group(self, group: str, name: str) -> None:
        """Put the line of a single-valued property into a group, unless there are more: the first is read first."""
        if any(line.name == name for line in self.contact.extra):
            return
        for number, line in enumerate(self.lines[: self.first]):
            if line.startswith((f"{name}:", f"{name};")):
                self.lines[number] = f"{group}.{line}"
                return

    def _fresh_group(self) -> str:
        contact = self.contact
        if not self.number:
            labelled = (*contact.emails, *contact.phones, *contact.urls, *contact.chats)
            groups = [
                *[a.group for a in labelled],
                *[a.group for a in contact.addresses],
                *[a.group for a in contact.extra],
            ]
            self.taken = {group.lower() for group in (*groups, *[line.group for line in contact.extra])}
        while True:
            self.number += 1
            name = f"item{self.number}"
            if name not in self.taken:
                return name


def _parts_of(address: Address) -> tuple[tuple[str, ...], ...]:
    return (
        address.po_box,
        address.extended,
        address.street,
        address.locality,
        address.region,
        address.postal_code,
        address.country,
    )


def _structure(parts: tuple[tuple[str, ...], ...]) -> str:
    return ";".join([(escape(part[0]) if len(part) == 1 else join_list(part)) if part else "" for part in parts])


_heads: dict[tuple[str, tuple[str, ...], bool, str], str] = {}  # property, types, preferred, version


def _element_head(name: str, types: tuple[str, ...], preferred: bool, version: str) -> str:
    """Name with TYPE and PREF, as this version has them. These repeat: the short ones are remembered, so many."""
    head = f"{name}{_types(types, preferred, version)}"
    if len(head) <= CACHED_LENGTH:
        if len(_heads) >= _MOST_HEADS:
            _heads.clear()
        _heads[name, types, preferred, version] = head
    return head


def _types(types: tuple[str, ...], preferred: bool, version: str) -> str:
    if version == "4.0":
        pref = (("PREF", ("1",)),) if preferred else ()
        return write_params((*pref, ("TYPE", types)) if types else pref)
    named = (*types, "pref") if preferred else types
    shown = tuple([name.upper() if name.isascii() else name for name in named])  # not all letters have a way back
    return write_params((("TYPE", shown),)) if named else ""
