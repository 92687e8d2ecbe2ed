"""cloudflare — the stand-in for Cloudflare (servers/cloudflare.py) in the namespace "dns".

It speaks HTTPS with a certificate of an authority of the test's own, serves its zone as DNS too,
and keeps the changes of one machine back when told: the old write of a frozen holder.
"""
import os
import socket
import threading
from http.server import ThreadingHTTPServer

from servers import cloudflare, faulty
from servers.names import NameServer

from .dns import NAME, ZONE, fences_in, wait_zone
from .net import address
from .world import socket_in

HTTPS_PORT = 8443


class Handler(cloudflare.Handler):
    """Knows who asks."""

    def act(self, method, path, query, body):
        zone = self.zone
        if method == "POST" and self.client_address[0] == zone.holding:
            with zone.lock:
                zone.held += 1
            zone.released.wait(60)
        return super().act(method, path, query, body)

    def answer(self, status, value, headers=()):
        if self.command == "POST":
            self.zone.told.append((self.client_address[0], status))
        super().answer(status, value, headers)


class Zone(cloudflare.Zone):
    """And what was kept back, and what was answered to whom."""

    def __init__(self):
        super().__init__()
        self.holding, self.held, self.told = None, 0, []

    def named(self, name, kind):
        """What a name server says of it."""
        with self.lock:
            found = [(record["ttl"], record["content"]) for record in self.records.values()
                     if (record["name"], record["type"]) == (name, kind)]
        return found or ([(60, "")] if (name, kind) == (ZONE, "SOA") else [])


class Server(ThreadingHTTPServer):
    """One thread for each connection, there also the TLS, so that nobody waits for another."""
    daemon_threads = True

    def __init__(self, listening, context, handler):
        super().__init__(listening.getsockname(), handler, bind_and_activate=False)
        self.socket.close()
        self.socket, self.context = listening, context
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def finish_request(self, request, client_address):
        with self.context.wrap_socket(request, server_side=True) as wrapped:
            super().finish_request(wrapped, client_address)

    def handle_error(self, request, client_address):
        pass  # whoever asked has gone


class Cloudflare:
    """Takes the place of dns.Server."""

    def __init__(self, world, net, _kind, at="dns"):
        self.world, self.net, self.kind, self.at = world, net, "cloudflare", at
        self.folder = world.path("cloudflare")
        self.zone = Zone()
        os.makedirs(self.folder)
        cloudflare.write(self.folder, "api.token", cloudflare.TOKEN + "\n")
        faulty.make_authority(self.folder, "ca")
        faulty.make_certificate(self.folder, "door", "ca", f"subjectAltName=IP:{address(self.at)}")

    def record_lines(self, _options):
        return ["provider = cloudflare", f"zone-id = {cloudflare.ZONE_ID}", "zone = example.com",
                "ttl = 60", f"endpoint = https://{address(self.at)}:{HTTPS_PORT}/client/v4",
                "ca-file = cloudflare/ca.pem", "token-file = cloudflare/api.token"]

    def write_secrets(self):
        """The token is there."""

    def open(self, kind, port):
        opened = socket_in(self.net.names[self.at], kind)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind((address(self.at), port))
        return opened

    def start(self):
        listening = self.open(socket.SOCK_STREAM, HTTPS_PORT)
        listening.listen(64)
        handler = type("LabHandler", (Handler,), {"zone": self.zone})
        Server(listening, faulty.tls(self.folder, "door"), handler)
        NameServer(self.open(socket.SOCK_DGRAM, 53), self.zone.named)
        wait_zone(self.net.names[self.at], address(self.at), "the zone to be served")

    def hold(self, machine):
        """Keeps that machine's changes back from now on."""
        self.zone.held = 0
        self.zone.released.clear()
        self.zone.holding = address(machine)

    def deliver(self):
        """Lets go what was held, and holds no more."""
        self.zone.holding = None
        self.zone.released.set()

    def held(self):
        return self.zone.held

    def told(self, machine):
        """The status of each answer to that machine's changes."""
        return [status for client, status in self.zone.told if client == address(machine)]

    def fail(self, **fault):
        """As PUT /test/fault of the server."""
        with self.zone.lock:
            self.zone.faults.append({"on": "any", "count": 1, **fault})

    def deny(self):
        """From now on the token may do nothing."""
        self.fail(kind="status", status=403, code=10000, message="Authentication error",
                  count=1 << 30)

    def allow(self):
        with self.zone.lock:
            self.zone.faults.clear()

    def change_by_hand(self, addresses):
        """Somebody edits the record in the dashboard."""
        with self.zone.lock:
            self.zone.records = {key: record for key, record in self.zone.records.items()
                                 if (record["name"], record["type"]) != (NAME, "A")}
            for one in addresses:
                self.zone.put(self.zone.records,
                              {"type": "A", "name": NAME, "content": one, "ttl": 60})

    def fences(self):
        """As dns.Server.fences: in the order of the batches."""
        with self.zone.lock:
            return fences_in(text for text in self.zone.log if text.startswith('"'))
