#!/usr/bin/python3
"""route53_world: the stand-in for Route 53 as the laboratory has it, with name servers behind it.

Usage: route53_world.py DIRECTORY ADDRESS ORDERS
On ADDRESS: Route 53 over TLS (443, certificate door.pem of DIRECTORY) and its zone ZLAB as DNS over
UDP (53). On 169.254.169.254: the metadata service of every instance (80); its role's keys live 5 s.
On 127.0.0.1, port ORDERS: the same Route 53 in the clear, for /control. Each fence that a batch
brings is appended to DIRECTORY/fences.
"""
import os
import socket
import ssl
import struct
import sys
import threading

import route53

ZONE = "ZLAB"
TYPES = {1: "A", 6: "SOA", 16: "TXT", 28: "AAAA"}


def name_at(data, at):
    labels = []
    while data[at]:
        labels.append(data[at + 1:at + 1 + data[at]].decode("ascii").lower())
        at += 1 + data[at]
    return ".".join(labels) + ".", at + 1


def data_of(kind, value):
    if kind == "A":
        return socket.inet_aton(value)
    if kind == "AAAA":
        return socket.inet_pton(socket.AF_INET6, value)
    if kind == "TXT":
        text = value.strip('"').encode()
        return bytes([len(text)]) + text
    return b"\0\0" + struct.pack(">IIIII", 1, 3600, 600, 86400, 5)


def answer(question):
    """What the name servers of Amazon would say, as far as anybody here asks."""
    name, at = name_at(question, 12)
    kind = TYPES.get(struct.unpack(">H", question[at:at + 2])[0], "")
    with route53.lock:
        kept = route53.store.zone(ZONE).sets.get((name, kind))
    values = kept[1] if kept else ["soa"] if (name, kind) == (route53.ORIGIN, "SOA") else []
    records = b""
    for value in values:
        data = data_of(kind, value)
        records += b"\xc0\x0c" + question[at:at + 4] + struct.pack(">IH", kept[0] if kept else 5,
                                                                  len(data)) + data
    return question[:2] + b"\x84\0\0\1" + struct.pack(">HHH", len(values), 0, 0) \
        + question[12:at + 4] + records


def serve_names(address):
    names = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    names.bind((address, 53))
    while True:
        question, client = names.recvfrom(1500)
        try:
            names.sendto(answer(question), client)
        except (IndexError, ValueError, OSError, struct.error):
            pass  # no question, or nobody who waits for an answer


def main(directory, address, orders):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(os.path.join(directory, "door.pem"),
                            os.path.join(directory, "door.key"))
    route53.store.journal = open(os.path.join(directory, "fences"), "a", buffering=1,
                                 encoding="ascii")
    route53.Metadata.LIVES[""] = 5
    route53.listen(route53.Handler, (address, 443), context)
    route53.listen(route53.Handler, ("127.0.0.1", int(orders)))
    route53.listen(route53.Metadata, ("169.254.169.254", 80))
    threading.Thread(target=serve_names, args=(address,), daemon=True).start()
    threading.Event().wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
