"""relay — stands in front of the DNS server and can keep a letter back.

It forwards every datagram at once; while told to hold, it keeps the updates (opcode 5) of one
sender in its hand and delivers them later, byte for byte: the old write of a frozen holder.
"""
import select
import threading

from .net import address
from .world import now_ms, socket_in

OPCODE_UPDATE = 5


class Relay(threading.Thread):
    """Listens on another port of the DNS machine."""

    def __init__(self, net, port=5353):
        super().__init__(daemon=True)
        self.namespace = net.names["dns"]
        self.front = socket_in(self.namespace)
        self.front.bind((address("dns"), port))
        self.backs = {}          # client -> socket towards the server
        self.holding_from = None
        self.kept = []           # (client, bytes), grows while hold() is on
        self.delay_ms = 0        # keeps every datagram to the server back for so long
        self.late = []           # (due instant, client, bytes), in order
        self.answers = []        # (machine's address, rcode) of updates
        self.ending = False
        self.start()

    def hold(self, machine):
        """Keeps that machine's updates back from now on."""
        self.holding_from = address(machine)

    def held(self):
        return len(self.kept)

    def deliver(self):
        """Sends what was held to the server, in order, and holds no more. Returns how many."""
        self.holding_from = None
        kept, self.kept = self.kept, []
        for client, data in kept:
            self.back_of(client).send(data)
        return len(kept)

    def told(self, machine):
        """The code of each answer to that machine's updates."""
        return [code for client, code in self.answers if client == address(machine)]

    def back_of(self, client):
        if client not in self.backs:
            back = socket_in(self.namespace)
            back.connect((address("dns"), 53))
            self.backs[client] = back
        return self.backs[client]

    def run(self):
        while not self.ending:
            pairs = list(self.backs.items())
            limit_s = 0.005 if self.late else 0.2
            ready = select.select([self.front] + [back for _, back in pairs], [], [], limit_s)[0]
            while self.late and self.late[0][0] <= now_ms():
                self.forward(*self.late.pop(0)[1:])
            for client, back in pairs:
                if back in ready:
                    self.from_server(client, back)
            if self.front in ready:
                self.from_client(*self.front.recvfrom(65536))
            if len(self.backs) > 400:
                self.forget()

    def from_server(self, client, back):
        try:
            data = back.recv(65536)
        except OSError:
            return
        if len(data) > 3 and data[2] >> 3 & 15 == OPCODE_UPDATE:
            self.answers.append((client[0], data[3] & 15))
        self.front.sendto(data, client)

    def from_client(self, data, client):
        update = len(data) > 3 and data[2] >> 3 & 15 == OPCODE_UPDATE
        if update and client[0] == self.holding_from:
            self.kept.append((client, data))
        elif self.delay_ms:
            self.late.append((now_ms() + self.delay_ms, client, data))
        else:
            self.forward(client, data)

    def forward(self, client, data):
        try:
            self.back_of(client).send(data)
        except OSError:
            pass

    def forget(self):
        for client in list(self.backs)[:200]:
            self.backs.pop(client).close()

    def close(self):
        self.ending = True
        self.join()
        self.front.close()
        for back in self.backs.values():
            back.close()
