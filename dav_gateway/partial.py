"""Partial retrieval: of a text the components and properties that were asked for (RFC 4791 9.6, RFC 6352 10.4). Pure.

The lines are told as they were written; only their folding is ours.
"""

from __future__ import annotations

from collections.abc import Iterator

from dav_gateway.data_wanted import CompWanted, PropWanted
from sync_engine.errors import ItemError
from sync_engine.formats.content_lines import fold, unfold
from sync_engine.formats.heads import split_line
from sync_engine.formats.outline import Node, outline


def partial(text: str, wanted: CompWanted) -> str:
    """What is wanted of a text; all of one that cannot be read."""
    lines = unfold(text.removeprefix("\ufeff"))
    try:
        root = outline(lines)
    except ItemError:
        return text
    if not root.children or root.children[0].name != wanted.name:
        return text
    return fold(list(_component(root.children[0], lines, wanted)))


def _component(node: Node, lines: list[str], wanted: CompWanted) -> Iterator[str]:
    yield f"BEGIN:{node.name}"
    own = node.own_lines(lines)
    yield from own if wanted.props is None else _chosen(own, node.name, wanted.props)
    for child in node.children:
        yield from _inner(child, lines, wanted)
    yield f"END:{node.name}"


def _inner(node: Node, lines: list[str], outer: CompWanted) -> Iterator[str]:
    if outer.comps is None:
        yield from lines[node.first - 1 : node.last]
        yield f"END:{node.name}"
        return
    wanted = next((comp for comp in outer.comps if comp.name == node.name), None)
    if wanted is not None:
        yield from _component(node, lines, wanted)


def _chosen(lines: list[str], component: str, wanted: tuple[PropWanted, ...]) -> Iterator[str]:
    names = {prop.name: prop.without_value for prop in wanted}
    if component == "VCARD":
        names.setdefault("VERSION", False)  # nobody can read a card without it
    for line in lines:
        head, _ = split_line(line)
        full = head.partition(";")[0].strip().upper()
        name = full if full in names else full.rpartition(".")[2]
        if name in names:
            yield f"{head}:" if names[name] else line
