"""dns — a real BIND or Knot with one zone, its journal, and a small client of our own.

The client speaks UDP in plain Python, so that measuring does not start a process per question.
"""
import base64
import os
import re
import select
import signal
import socket
import struct
import threading

from .net import address
from .world import freeze, now_ms, run, socket_in, wait_until

ZONE = "example.com"
NAME = "pbx.example.com"
FENCE = "_holdfast." + NAME
TYPES = {"A": 1, "SOA": 6, "TXT": 16, "AAAA": 28}

ZONE_FILE = """$ORIGIN example.com.
$TTL 60
@ SOA ns hostmaster 1 3600 600 86400 5
@ NS ns
ns A {address}
pbx A 192.0.2.99
"""
BIND_CONF = """key "{key}" {{ algorithm hmac-sha256; secret "{secret}"; }};
options {{ directory "{folder}"; pid-file "{folder}/named.pid";
  session-keyfile "{folder}/session.key"; managed-keys-directory "{folder}"; lock-file none;
  listen-on port 53 {{ any; }}; listen-on-v6 port 53 {{ any; }}; recursion no;
  dnssec-validation no; allow-transfer {{ any; }}; notify no; minimal-responses yes; }};
controls {{ }};
zone "example.com" {{ type primary; file "{folder}/example.com.db"; max-journal-size unlimited;
  update-policy {{ grant {key} name pbx.example.com. A AAAA;
    grant {key} name _holdfast.pbx.example.com. TXT; }}; }};
"""
KNOT_CONF = """server:
    listen: [ "0.0.0.0@53", "::@53" ]
    rundir: "{folder}/run"
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
log:
  - target: stderr
    any: info
key:
  - id: {key}
    algorithm: hmac-sha256
    secret: {secret}
acl:
  - id: update
    key: {key}
    action: update
    update-owner: name
    update-owner-match: equal
    update-owner-name: [ "pbx", "_holdfast.pbx" ]
    update-type: [ A, AAAA, TXT ]
database:
    storage: "{folder}/db"
template:
  - id: default
    storage: "{folder}"
    zonefile-sync: -1
    zonefile-load: difference-no-serial
    journal-content: all
    journal-max-depth: 1000000
    journal-max-usage: 500M
    acl: update
zone:
  - domain: example.com
    file: example.com.db
"""


def wait_zone(namespace, server, what, limit_s=10):
    """Until a name server, asked in that namespace, has the zone."""
    client = Client(namespace, server)
    wait_until(lambda: client.ask(ZONE, "SOA", 0.1), limit_s, what)
    client.close()


def fences_in(texts):
    """[(epoch, node, token)] of texts as they stand in a TXT record."""
    parts = [dict(part.split("=") for part in text.strip('"').split(";")) for text in texts]
    return [(int(part["e"]), part["h"], part["t"]) for part in parts]


class Program:
    """What serves the zone is one program on the machine `at`; needs world, net and log."""

    at, process = "dns", None

    def launch(self, command, limit_s=10):
        """Starts it, and waits until it has the zone."""
        self.process = self.world.spawn(self.net.names[self.at], command, self.log)
        wait_zone(self.net.names[self.at], address(self.at),
                  f"{self.kind} to answer; see {self.log}", limit_s)

    def stop(self):
        self.world.end(self.process)
        self.process = None

    def signal(self, number):
        if number == signal.SIGSTOP:
            freeze(self.process)
        else:
            self.process.send_signal(number)


class Server(Program):
    """One DNS server in the namespace "dns"."""

    def __init__(self, world, net, kind):
        self.world, self.net, self.kind = world, net, kind
        self.folder = world.path(kind)
        os.makedirs(self.folder + "/db")
        os.makedirs(self.folder + "/run")
        self.key = "holdfast."
        self.secret = base64.b64encode(os.urandom(32)).decode()
        self.log = world.path(kind + ".log")
        with open(self.folder + "/example.com.db", "w", encoding="ascii") as file:
            file.write(ZONE_FILE.format(address=address("dns")))
        conf = BIND_CONF if kind == "bind" else KNOT_CONF
        with open(self.folder + "/conf", "w", encoding="ascii") as file:
            file.write(conf.format(folder=self.folder, key=self.key, secret=self.secret))
        os.chmod(self.folder + "/conf", 0o600)

    def record_lines(self, options):
        """What a [record] says about this server."""
        return ["provider = rfc2136", "zone = example.com",
                f"server = {address('dns')}:{options.get('dns_port', 53)}", "ttl = 60",
                "tsig-name = holdfast.", "tsig-algorithm = hmac-sha256",
                "tsig-secret-file = tsig.key"]

    def write_secrets(self):
        self.world.write("tsig.key", self.secret + "\n")

    def start(self):
        conf = self.folder + "/conf"
        command = ["/usr/sbin/named", "-g", "-n", "1", "-c", conf] if self.kind == "bind" \
            else ["/usr/sbin/knotd", "-c", conf]
        self.launch(command)

    def change_by_hand(self, addresses):
        """Somebody edits the record without looking at the fence."""
        lines = [f"key hmac-sha256:{self.key} {self.secret}", f"server {address('dns')} 53",
                 "zone example.com", f"update delete {NAME} A"]
        lines += [f"update add {NAME} 60 A {one}" for one in addresses] + ["send"]
        run("ip", "netns", "exec", self.net.names["dns"], "nsupdate",
            input_text="\n".join(lines) + "\n")

    def fences(self):
        """The fences in the order in which the server's own journal took them:
        [(epoch, node, token)]."""
        if self.kind == "bind":
            journal = self.folder + "/example.com.db.jnl"
            if not os.path.exists(journal):
                return []
            text = run("named-journalprint", journal)
            lines = [line for line in text.splitlines() if line.startswith("add ")]
        else:
            text = run("kjournalprint", "-n", self.folder + "/db/journal", ZONE + ".", check=False)
            lines = added_by_knot(text)
        found = []
        for line in lines:
            match = re.search(r'_holdfast\.\S+\s.*TXT\s+"v=1;e=(\d+);h=([a-z0-9-]+);t=(\w+)"', line)
            if match:
                found.append((int(match.group(1)), match.group(2), match.group(3)))
        return found


def added_by_knot(text):
    """Lines of kjournalprint that stand in the parts headed by what was added. Not of the whole
    zone that it prints first: that one is newer than the changes below once old ones were merged
    into it (which the configured depth keeps from happening)."""
    lines, adding, whole = [], False, False
    for line in text.splitlines():
        if line.startswith(";"):
            if "Zone-in-journal" in line or "Changes between" in line:
                whole = "Zone-in-journal" in line
            adding = not whole and "dded" in line
        elif adding:
            lines.append(line)
    return lines


def encode_question(number, name, kind):
    labels = b"".join(bytes([len(part)]) + part.encode() for part in name.split("."))
    return struct.pack(">HHHHHH", number, 0, 1, 0, 0, 0) + labels + b"\0" \
        + struct.pack(">HH", TYPES[kind], 1)


def skip_name(data, at):
    while data[at]:
        if data[at] >= 0xC0:
            return at + 2
        at += data[at] + 1
    return at + 1


def decode_answer(data, kind):
    """Values of the asked type in the answer section; None when the reply is no answer."""
    _, flags, questions, answers = struct.unpack(">HHHH", data[:8])
    if flags & 15 not in (0, 3):
        return None
    at, values = 12, []
    for _ in range(questions):
        at = skip_name(data, at) + 4
    for _ in range(answers):
        at = skip_name(data, at)
        found, _, _, size = struct.unpack(">HHIH", data[at:at + 10])
        value = data[at + 10:at + 10 + size]
        at += 10 + size
        if found != TYPES[kind]:
            continue
        if kind == "A":
            values.append(socket.inet_ntop(socket.AF_INET, value))
        elif kind == "AAAA":
            values.append(socket.inet_ntop(socket.AF_INET6, value))
        else:
            values.append(value[1:1 + value[0]].decode("latin-1") if kind == "TXT" else value)
    return values


class Client:
    """Asks the server from inside its own namespace."""

    def __init__(self, namespace, server=None):
        self.socket = socket_in(namespace)
        self.socket.connect((server or address("dns"), 53))
        self.number = 0

    def send(self, name, kind):
        self.number = (self.number + 1) & 0xFFFF
        try:
            self.socket.send(encode_question(self.number, name, kind))
        except OSError:
            pass
        return self.number

    def receive(self, kind, limit_s):
        """(number, values) of the next reply, or None."""
        if not select.select([self.socket], [], [], limit_s)[0]:
            return None
        try:
            data = self.socket.recv(4096)
            return struct.unpack(">H", data[:2])[0], decode_answer(data, kind)
        except (OSError, struct.error, IndexError):
            return None

    def ask(self, name, kind, limit_s=1.0):
        """Sorted values, [] when there are none, None without an answer."""
        number = self.send(name, kind)
        end = now_ms() + limit_s * 1000
        while now_ms() < end:
            reply = self.receive(kind, max(0.0, (end - now_ms()) / 1000))
            if reply and reply[0] == number:
                return None if reply[1] is None else sorted(reply[1])
        return None

    def close(self):
        self.socket.close()


class Watcher(threading.Thread):
    """Asks for the floating address every few ms and notes each change with its BOOTTIME."""

    def __init__(self, namespace, step_s=0.005):
        super().__init__(daemon=True)
        self.client = Client(namespace)
        self.step_s = step_s
        self.changes = []  # (boottime ms, (addresses))
        self.asked = 0
        self.ending = threading.Event()
        self.start()

    def run(self):
        last = None
        while not self.ending.is_set():
            self.client.send(NAME, "A")
            self.asked += 1
            end = now_ms() + self.step_s * 1000
            while now_ms() < end:
                reply = self.client.receive("A", max(0.0, (end - now_ms()) / 1000))
                if reply and reply[1] is not None and tuple(sorted(reply[1])) != last:
                    last = tuple(sorted(reply[1]))
                    self.changes.append((now_ms(), last))

    def moved_after(self, instant, wanted):
        """Instant of the first answer after `instant` that shows exactly `wanted`, or None."""
        for at, addresses in self.changes:
            if at >= instant and addresses == (wanted,):
                return at
        return None

    def close(self):
        self.ending.set()
        self.join()
        self.client.close()
