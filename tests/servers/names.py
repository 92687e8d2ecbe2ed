"""names — answers questions of DNS from whatever a test server holds; UDP, one question each."""
import socket
import struct
import threading

SOA = b"\0\0" + struct.pack(">IIIII", 1, 3600, 600, 86400, 5)
KINDS = {1: "A", 6: "SOA", 16: "TXT", 28: "AAAA"}


def name_at(data, at):
    """The name there, in small letters without final dot, and where it ends."""
    labels = []
    while data[at]:
        labels.append(data[at + 1:at + 1 + data[at]].decode("ascii").lower())
        at += 1 + data[at]
    return ".".join(labels), at + 1


def data_of(kind, value):
    if kind == "A":
        return socket.inet_aton(value)
    if kind == "AAAA":
        return socket.inet_pton(socket.AF_INET6, value)
    if kind == "TXT":
        text = value.strip('"').encode()
        return bytes([len(text)]) + text
    return SOA


def answer(question, find):
    """The answer in bytes; find(name, kind) gives [(ttl, value), ...]."""
    name, at = name_at(question, 12)
    kind = KINDS.get(struct.unpack(">H", question[at:at + 2])[0], "")
    found = [(ttl, data_of(kind, value)) for ttl, value in find(name, kind)]
    head = question[:2] + b"\x84\0" + struct.pack(">HHHH", 1, len(found), 0, 0)
    return head + question[12:at + 4] + b"".join(
        b"\xc0\x0c" + question[at:at + 4] + struct.pack(">IH", ttl, len(data)) + data
        for ttl, data in found)


class NameServer(threading.Thread):
    """Serves on this socket until it is closed."""

    def __init__(self, names, find):
        super().__init__(daemon=True)
        self.names, self.find = names, find
        self.start()

    def run(self):
        while True:
            try:
                question, client = self.names.recvfrom(512)
            except OSError:
                return
            try:
                self.names.sendto(answer(question, self.find), client)
            except (IndexError, ValueError, OSError, struct.error):
                pass  # no question that anybody here asks, or nobody waits for the answer
