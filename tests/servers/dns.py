"""A DNS server on loopback with the records it is given."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import dns.message
import dns.rcode
import dns.rdatatype
import dns.resolver
import dns.rrset


@contextmanager
def dns_with(records: list[tuple[str, str, str]]) -> Iterator[dns.resolver.Resolver]:
    """`records`: (name, SRV or TXT, value). Gives what asks this server alone."""
    line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    line.bind(("127.0.0.1", 0))
    thread = threading.Thread(target=_serve, args=(line, records), daemon=True)
    thread.start()
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers, resolver.port = ["127.0.0.1"], line.getsockname()[1]
    try:
        yield resolver
    finally:
        line.sendto(b"", line.getsockname())
        thread.join(10)
        line.close()


def _serve(line: socket.socket, records: list[tuple[str, str, str]]) -> None:
    while True:
        octets, sender = line.recvfrom(4096)
        if not octets:
            return
        line.sendto(_answer(dns.message.from_wire(octets), records).to_wire(), sender)


def _answer(asked: dns.message.Message, records: list[tuple[str, str, str]]) -> dns.message.Message:
    answer = dns.message.make_response(asked)
    [question] = asked.question
    name = str(question.name)
    kind = dns.rdatatype.to_text(question.rdtype)
    values = [value for owner, type_, value in records if owner == name and type_ == kind]
    if values:
        answer.answer.append(dns.rrset.from_text_list(question.name, 300, "IN", kind, values))
    elif not any(owner == name for owner, _kind, _value in records):
        answer.set_rcode(dns.rcode.NXDOMAIN)
    return answer
