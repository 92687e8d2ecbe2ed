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
import sys
import threading

import names
import route53

ZONE = "ZLAB"


def find(name, kind):
    """What the name servers of Amazon would say, as far as anybody here asks."""
    with route53.lock:
        kept = route53.store.zone(ZONE).sets.get((name + ".", kind))
    if kept is None:
        return [(5, "")] if (name + ".", kind) == (route53.ORIGIN, "SOA") else []
    return [(kept[0], value) for value in kept[1]]


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
    listening = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    listening.bind((address, 53))
    names.NameServer(listening, find)
    threading.Event().wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
