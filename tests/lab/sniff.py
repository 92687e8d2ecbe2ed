"""sniff — watches the bridge's cable of one machine: when did it speak, and what did it say?"""
import select
import socket
import struct
import threading

from .net import PEER_PORT
from .world import enter_namespace, now_ms

ETH_P_ALL = 3


def open_tap(namespace, port):
    made = []

    def make():
        enter_namespace(namespace)
        tap = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        tap.bind((port, 0))
        made.append(tap)

    thread = threading.Thread(target=make)
    thread.start()
    thread.join()
    return made[0]


def decode(frame):
    """(source address, target address, payload) of a UDP datagram of the protocol, or None."""
    if len(frame) < 42 or frame[12:14] != b"\x08\x00" or frame[23] != 17:
        return None
    header = (frame[14] & 15) * 4
    source, target, size = struct.unpack(">HHH", frame[14 + header:20 + header])
    if PEER_PORT not in (source, target):
        return None
    payload = frame[14 + header + 8:14 + header + size]
    return socket.inet_ntoa(frame[26:30]), socket.inet_ntoa(frame[30:34]), payload


class Sniffer:
    """Frames on the bridge's side of one machine's cable, in both directions."""

    def __init__(self, net, host):
        self.tap = open_tap(net.bridge, host)

    def next(self, limit_s, source=None, target=None):
        """The next datagram with these addresses: (instant, source, target, payload), or None."""
        end = now_ms() + limit_s * 1000
        while now_ms() < end:
            if not select.select([self.tap], [], [], max(0, (end - now_ms()) / 1000))[0]:
                return None
            found = decode(self.tap.recv(65536))
            if found and source in (None, found[0]) and target in (None, found[1]):
                return (now_ms(), *found)
        return None

    def drain(self):
        """Throws away what is waiting, so that next() is really next."""
        while select.select([self.tap], [], [], 0)[0]:
            self.tap.recv(65536)

    def collect(self, count, limit_s=10):
        """Payloads of the next `count` datagrams."""
        found = []
        while len(found) < count:
            one = self.next(limit_s)
            if one is None:
                break
            found.append(one[3])
        return found

    def close(self):
        self.tap.close()
