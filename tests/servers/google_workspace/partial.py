"""The `fields` parameter: items(id,start/dateTime),nextPageToken."""

from __future__ import annotations

import re
from typing import Any

_TOKEN = re.compile(r"[\w*@.:-]+|[(),/]")
Tree = dict[str, Any]


class Unselectable(Exception):
    """No such selection."""


def selected(body: Any, fields: str) -> Any:
    """Only what `fields` names; everything if it names nothing. Raises Unselectable."""
    if not fields:
        return body
    words = _TOKEN.findall(fields)
    if "".join(words) != fields.replace(" ", ""):
        raise Unselectable(f"Invalid field selection {fields}")
    tree = _list(words)
    if words:
        raise Unselectable(f"Invalid field selection {fields}")
    return _pruned(body, tree)


def _list(words: list[str]) -> Tree:
    tree: Tree = {}
    while True:
        name, inner = _one(words)
        tree.setdefault(name, {}).update(inner)
        if not words or words[0] != ",":
            return tree
        words.pop(0)


def _one(words: list[str]) -> tuple[str, Tree]:
    if not words or words[0] in "(),/":
        raise Unselectable("Invalid field selection")
    name, inner = words.pop(0), Tree()
    if words and words[0] == "/":
        words.pop(0)
        below, more = _one(words)
        inner = {below: more}
    elif words and words[0] == "(":
        words.pop(0)
        inner = _list(words)
        if not words or words.pop(0) != ")":
            raise Unselectable("Invalid field selection")
    return name, inner


def _pruned(body: Any, tree: Tree) -> Any:
    if isinstance(body, list):
        return [_pruned(one, tree) for one in body]
    if not tree or not isinstance(body, dict):
        return body
    return {
        name: _pruned(value, tree[name] if name in tree else tree["*"])
        for name, value in body.items()
        if name in tree or "*" in tree
    }
