"""powerdns — a real PowerDNS whose records are changed over HTTPS, and a door in front of it.

PowerDNS speaks plain HTTP on loopback. The door gives it TLS with a certificate of an authority
of the test's own, notes the answer to every change, and can keep the changes of one machine back
and deliver them later: the old write of a frozen holder.
"""
import base64
import http.client
import os
import socket
import sqlite3
import threading

from servers import faulty, powerdns

from .dns import NAME, ZONE, ZONE_FILE, Program, fences_in
from .net import address
from .world import socket_in

HTTP_PORT, HTTPS_PORT = 8081, 8443
API_NAME = "api.lab"
JOURNAL = """CREATE TABLE fence_journal (content TEXT);
CREATE TRIGGER fence_taken AFTER INSERT ON records
WHEN NEW.type = 'TXT' AND NEW.name = '_holdfast.{}'
BEGIN INSERT INTO fence_journal VALUES (NEW.content); END;
"""


class Door(threading.Thread):
    """HTTPS in front, HTTP behind; one thread for each connection."""

    def __init__(self, namespace, at, context):
        super().__init__(daemon=True)
        self.namespace, self.context = namespace, context
        self.front = socket_in(namespace, socket.SOCK_STREAM)
        self.front.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.front.bind((address(at), HTTPS_PORT))
        self.front.listen(64)
        self.holding_from = None
        self.held = 0
        self.released = threading.Event()
        self.answers = []  # (machine's address, status) of changes
        self.start()

    def hold(self, machine):
        self.released.clear()
        self.held = 0
        self.holding_from = address(machine)

    def deliver(self):
        self.holding_from = None
        self.released.set()

    def run(self):
        while True:
            try:
                raw, (client, _) = self.front.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(raw, client), daemon=True).start()

    def serve(self, raw, client):
        try:
            with self.context.wrap_socket(raw, server_side=True) as connection:
                talk = faulty.Talk(connection)
                while (request := talk.request()) is not None:
                    self.answer(connection, client, *request)
        except (OSError, http.client.HTTPException, ValueError):
            pass  # somebody has gone

    def answer(self, connection, client, method, path, headers, body):
        if method == "PATCH" and client == self.holding_from:
            self.held += 1
            self.released.wait()
        behind = http.client.HTTPConnection("127.0.0.1", HTTP_PORT)
        behind.sock = socket_in(self.namespace, socket.SOCK_STREAM)
        behind.sock.connect(("127.0.0.1", HTTP_PORT))
        kept = {name: value for name, value in headers.items()
                if name.lower() in ("x-api-key", "content-type")}
        behind.request(method, path, body or None, kept)
        reply = behind.getresponse()
        text = reply.read()
        if method == "PATCH":
            self.answers.append((client, reply.status))
        if reply.status == 204:
            connection.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
        else:
            connection.sendall(faulty.answer(text, f"{reply.status} {reply.reason}"))
        behind.close()

    def close(self):
        self.released.set()
        self.front.close()


class PowerDns(Program):
    """Takes the place of dns.Server."""
    update = "no"

    def __init__(self, world, net, _kind, at="dns", name=NAME):
        self.world, self.net, self.kind = world, net, "powerdns"
        self.at, self.name = at, name
        self.folder = world.path("powerdns")
        self.log = world.path("powerdns.log")
        os.makedirs(self.folder)
        powerdns.prepare(self.folder, ZONE_FILE.format(address=address(self.at)), ZONE,
                         address="0.0.0.0", http=HTTP_PORT, dns=53, update=self.update)
        with sqlite3.connect(self.database) as base:
            base.executescript(JOURNAL.format(name))
        faulty.make_authority(self.folder, "ca")
        faulty.make_certificate(self.folder, "door", "ca",
                                f"subjectAltName=IP:{address(self.at)},DNS:{API_NAME}")
        self.open_door()

    def open_door(self):
        self.door = Door(self.net.names[self.at], self.at, faulty.tls(self.folder, "door"))

    @property
    def database(self):
        return os.path.join(self.folder, "pdns.sqlite3")

    def record_lines(self, options):
        host = API_NAME if options.get("api_name") else address(self.at)
        return ["provider = powerdns", "zone = example.com", "ttl = 60",
                f"endpoint = https://{host}:{HTTPS_PORT}", "ca-file = powerdns/ca.pem",
                "api-key-file = powerdns/api.key"]

    def write_secrets(self):
        """The key is there; what a node once knew about the name of the interface."""
        for name in ("server1", "server2"):
            state = self.world.path(name, "state")
            with open(os.path.join(state, "api-addresses"), "w", encoding="ascii") as file:
                file.write(f"{API_NAME} {address(self.at)}\n")

    def start(self):
        self.launch(powerdns.command(self.folder))

    def hold(self, machine):
        """Keeps that machine's changes back from now on."""
        self.door.hold(machine)

    def deliver(self):
        """Lets go what was held, and holds no more."""
        self.door.deliver()

    def held(self):
        return self.door.held

    def told(self, machine):
        """The status of each answer to that machine's changes."""
        return [status for client, status in self.door.answers if client == address(machine)]

    def change_by_hand(self, addresses):
        """Somebody edits the record in the database."""
        with sqlite3.connect(self.database, timeout=10) as base:
            base.execute("DELETE FROM records WHERE name = ? AND type = 'A'", (self.name,))
            for one in addresses:
                base.execute("INSERT INTO records (domain_id, name, type, content, ttl, disabled,"
                             " auth) SELECT id, ?, 'A', ?, 60, 0, 1 FROM domains", (self.name, one))

    def fences(self):
        """As Server.fences: what a trigger of the database noted, in the order of commits."""
        with sqlite3.connect(self.database, timeout=10) as base:
            rows = base.execute("SELECT content FROM fence_journal ORDER BY rowid").fetchall()
        return fences_in(text for (text,) in rows)


class PowerDnsUpdate(PowerDns):
    """The same server, changed by dynamic updates."""
    update = "yes"

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.secret = base64.b64encode(os.urandom(32)).decode()
        powerdns.allow_updates(self.folder, "holdfast", self.secret, ZONE)

    def record_lines(self, options):
        port = options.get("dns_port", 53)
        return ["provider = rfc2136", "zone = example.com", "ttl = 60",
                f"server = {address(self.at)}:{port}", "tsig-name = holdfast.",
                "tsig-algorithm = hmac-sha256", "tsig-secret-file = powerdns/tsig.key"]
