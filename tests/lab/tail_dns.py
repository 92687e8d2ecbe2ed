"""tail_dns — what stands between a write and a phone: BIND as primary, Knot as its secondary (told
by NOTIFY, fetching by IXFR), unbound as resolver. Each has an address of the machine "dns"."""
import os
import struct
import threading
import time

from .dns import NAME, ZONE, Client, Server, encode_question, skip_name
from .net import address
from .world import run, socket_in, wait_until

SECONDARY, RESOLVER, NOBODY = "10.77.0.54", "10.77.0.55", "10.77.0.99"

PRIMARY_CONF = """key "{key}" {{ algorithm hmac-sha256; secret "{secret}"; }};
options {{ directory "{folder}"; pid-file "{folder}/named.pid";
  session-keyfile "{folder}/session.key"; managed-keys-directory "{folder}"; lock-file none;
  listen-on port 53 {{ {primary}; }}; listen-on-v6 {{ none; }}; recursion no;
  dnssec-validation no; allow-transfer {{ any; }}; minimal-responses yes;
  notify explicit; notify-delay 0; also-notify {{ {secondary}; }}; notify-source {primary}; }};
controls {{ }};
zone "example.com" {{ type primary; file "{folder}/example.com.db"; max-journal-size unlimited;
  update-policy {{ grant {key} name pbx.example.com. A AAAA;
    grant {key} name _holdfast.pbx.example.com. TXT; }}; }};
"""
SECONDARY_CONF = """server:
    listen: "{secondary}@53"
    rundir: "{folder}/run"
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
log:
  - target: stderr
    any: info
remote:
  - id: primary
    address: "{primary}@53"
    via: "{secondary}"
acl:
  - id: notify
    address: "{primary}"
    action: notify
database:
    storage: "{folder}/db"
template:
  - id: default
    storage: "{folder}"
    zonefile-sync: -1
    zonefile-load: none
    journal-content: all
zone:
  - domain: example.com
    master: primary
    acl: notify
"""
RESOLVER_CONF = """server:
    interface: {resolver}
    port: 53
    access-control: 10.77.0.0/24 allow
    do-daemonize: no
    chroot: ""
    username: ""
    pidfile: ""
    directory: "{folder}"
    use-syslog: no
    logfile: ""
    do-ip6: no
    num-threads: 1
    outgoing-interface: {resolver}
    module-config: "iterator"
stub-zone:
    name: "example.com"
    stub-addr: {primary}
    stub-addr: {secondary}
remote-control:
    control-enable: no
"""


class TailDns(Server):
    """Takes the place of dns.Server. The primary is BIND whatever the repetition says."""

    def __init__(self, world, net, _kind):
        super().__init__(world, net, "bind")
        run("ip", "-n", net.names["dns"], "-batch", "-", input_text="".join(
            f"addr add {one}/24 dev eth0\n" for one in (SECONDARY, RESOLVER)))
        self.secondary = self.resolver = None
        self.write_conf(self.folder, PRIMARY_CONF)
        for name, text in (("secondary", SECONDARY_CONF), ("resolver", RESOLVER_CONF)):
            for part in ("run", "db"):
                os.makedirs(os.path.join(world.path(name), part))
            self.write_conf(world.path(name), text)

    def write_conf(self, folder, text):
        with open(folder + "/conf", "w", encoding="ascii") as file:
            file.write(text.format(folder=folder, key=self.key, secret=self.secret,
                                   primary=address("dns"), secondary=SECONDARY,
                                   resolver=RESOLVER))

    def record_lines(self, options):
        servers = options.get("authoritative", (address("dns"), SECONDARY))
        lines = [line for line in super().record_lines(options) if not line.startswith("ttl")]
        return lines + [f"ttl = {options.get('ttl', 8)}"] + [
            f"authoritative = {one}" for one in servers]

    def start(self):
        super().start()
        namespace = self.net.names["dns"]
        self.secondary = self.world.spawn(
            namespace, ["/usr/sbin/knotd", "-c", self.world.path("secondary", "conf")],
            self.world.path("secondary.log"))
        self.resolver = self.world.spawn(
            namespace, ["/usr/sbin/unbound", "-d", "-c", self.world.path("resolver", "conf")],
            self.world.path("resolver.log"))
        client = Client(namespace, SECONDARY)
        wait_until(lambda: client.ask(NAME, "A", 0.1), 10, "the secondary to have the zone")
        client.close()
        client = Phone(namespace)
        # Not for the floating name: the resolver would keep what it is before the first write.
        wait_until(lambda: client.look(0.1, "ns." + ZONE), 10, "the resolver to answer")
        client.close()


def first_ttl(data):
    """TTL of the first record of an answer, or None."""
    questions, answers = struct.unpack(">HH", data[4:8])
    at = 12
    for _ in range(questions):
        at = skip_name(data, at) + 4
    if answers == 0:
        return None
    at = skip_name(data, at)
    return struct.unpack(">I", data[at + 4:at + 8])[0]


class Phone:
    """Asks the resolver, as a phone does."""

    def __init__(self, namespace):
        self.socket = socket_in(namespace)
        self.socket.connect((RESOLVER, 53))
        self.number = 0

    def look(self, limit_s=1.0, name=NAME):
        """(address, TTL left), or None."""
        self.number = (self.number + 1) & 0xFFFF
        question = bytearray(encode_question(self.number, name, "A"))
        question[2] |= 1  # recursion desired
        self.socket.settimeout(limit_s)
        try:
            self.socket.send(question)
            while True:
                data = self.socket.recv(4096)
                if struct.unpack(">H", data[:2])[0] == self.number:
                    ttl = first_ttl(data)
                    return None if ttl is None else (".".join(map(str, data[-4:])), ttl)
        except (OSError, struct.error, IndexError):
            return None

    def close(self):
        self.socket.close()


class Watch(threading.Thread):
    """A phone that asks every 50 ms and notes, by wall clock, when the address changed."""

    def __init__(self, namespace):
        super().__init__(daemon=True)
        self.phone = Phone(namespace)
        self.changes = []  # (wall clock s, address)
        self.ttl = None
        self.ending = threading.Event()
        self.start()

    def run(self):
        while not self.ending.wait(0.05):
            found = self.phone.look()
            if found is None:
                continue
            self.ttl = found[1]
            if not self.changes or self.changes[-1][1] != found[0]:
                self.changes.append((time.time(), found[0]))

    def changed_to(self, wanted):
        """When the resolver's last answer became this, or None."""
        return self.changes[-1][0] if self.changes and self.changes[-1][1] == wanted else None

    def close(self):
        self.ending.set()
        self.join()
        self.phone.close()
