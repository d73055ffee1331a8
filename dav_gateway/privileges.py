"""What a user may do with a resource, as XML (RFC 3744 5.4)."""

from __future__ import annotations


def privilege_set(*names: str) -> str:
    """Privileges of WebDAV."""
    return "".join(f"<D:privilege><D:{name}/></D:privilege>" for name in names)


READ = privilege_set("read", "read-current-user-privilege-set")
WRITE = privilege_set(
    "read", "read-current-user-privilege-set", "write", "write-content", "write-properties", "bind", "unbind"
)
HOME = privilege_set("read", "read-current-user-privilege-set", "bind", "unbind")
