"""lab — three real daemons, a real DNS server, and an independent log, in one World."""
import os
import random
import subprocess

from . import guide
from .cloudflare import Cloudflare
from .dns import NAME, Client, Server
from .net import MORE, PEERS, Net, address, address6
from .peer import Peer
from .powerdns import PowerDns, PowerDnsUpdate
from .route53 import Route53
from .tail_dns import TailDns
from .world import World, now_ms, run, wait_until

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
NOWHERE = "10.77.0.99"  # takes every datagram and never answers
SERVE = {"server1": "203.0.113.10", "server2": "203.0.113.20"}
LEASE_MS = {"fast": 1000, "normal": 5000, "patient": 15000}
INTERVAL_MS = {"fast": 100, "normal": 500, "patient": 1000}


KINDS = {"cloudflare": Cloudflare, "powerdns": PowerDns, "powerdns-update": PowerDnsUpdate,
         "route53": Route53, "tail": TailDns, "bind": Server, "knot": Server, **guide.KINDS}


def find_bin():
    """Where the programs are: HOLDFAST_BIN, or the build directory of the checkout."""
    return os.environ.get("HOLDFAST_BIN", os.path.join(ROOT, "build", "bin"))


class Lab:
    """Options: profile, dns ("bind", "knot"), exec_log (an exec record beside the real one),
    provider (a key of KINDS: that instead of the DNS server; "tail": BIND with a secondary and a
    resolver; ttl and authoritative are then of its record), beside (more of these, each on a
    machine and with a record of its own: {"cloudflare": NAME, ...}), api_name (its
    interface is named, and no resolver knows the name), role (keys come from the instance's role),
    dead_resolver (their resolver never answers), meter (how long the loop stands, in each peer),
    dns_port (53, or a relay's), v6 (the peers talk IPv6), cluster and record (lines for [cluster]
    and for the [record]), more (text appended to the configuration, {folder} is filled in),
    wrong_address (node, address: what the configuration claims instead)."""

    def __init__(self, profile="fast", dns="bind", seed=0, keep=False, **options):
        self.profile, self.dns_kind, self.options = profile, dns, options
        self.lease_ms, self.interval_ms = LEASE_MS[profile], INTERVAL_MS[profile]
        self.random = random.Random(seed)
        self.bin = find_bin()
        self.world = World(keep)
        try:
            self.build()
        except BaseException:
            self.world.close()
            raise

    def build(self):
        beside = self.options.get("beside", {})
        machines = list(MORE)[:len(beside)]
        self.net = Net(self.world, machines)
        provider = self.options.get("provider", self.dns_kind)
        self.dns = KINDS[provider](self.world, self.net, provider)
        self.places = {self.dns: NAME}  # which name is kept where
        for at, (kind, name) in zip(machines, beside.items()):
            more = {"name": name} if kind.startswith("powerdns") else {}
            self.places[KINDS[kind](self.world, self.net, kind, at=at, **more)] = name
        self.config = self.world.path("holdfast.conf")
        self.exec_log = self.world.path("exec.log")
        self.peers = {name: Peer(self, name) for name in PEERS}
        self.public = {}
        for peer in self.peers.values():
            self.public[peer.name] = self.make_key(peer.key)
        for place in self.places:
            place.write_secrets()
        if self.options.get("exec_log", True):
            self.exec_program = compile_c(self.world, "tests/lab/exec_log.c", "exec_log")
        self.prepare_peers()
        self.write_config()
        self.client = Client(self.net.names["dns"])
        self.clients = {place: Client(self.net.names[place.at], address(place.at))
                        for place in self.places}

    def prepare_peers(self):
        if self.options.get("meter"):
            library = compile_c(self.world, "tests/lab/turn_meter.c", "turn_meter.so", "-shared",
                                "-fPIC")
            logs = self.world.path("logs")  # where no disk keeps the one who writes waiting
            self.world.tmpfs(logs, "16m")
            for peer in self.peers.values():
                peer.meter(library)
                peer.log = os.path.join(logs, peer.name)
        if not self.options.get("dead_resolver"):
            return
        path = self.world.path("resolv.conf")
        with open(path, "w", encoding="ascii") as file:
            file.write(f"nameserver {NOWHERE}\n")
        for peer in self.peers.values():
            run("ip", "-n", peer.namespace, "neigh", "add", NOWHERE, "lladdr",
                "02:00:00:00:00:99", "dev", "eth0")
            peer.before = ["unshare", "--mount", "sh", "-c",
                           'mount --bind "$0" /etc/resolv.conf && exec "$@"', path]

    def make_key(self, path):
        program = os.path.join(self.bin, "holdfast")
        subprocess.run([program, "keygen", "--output", path], check=True, capture_output=True)
        done = subprocess.run([program, "pubkey", path], check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def config_text(self):
        options = self.options
        where = (lambda host: f"[{address6(host)}]") if options.get("v6") else address
        lines = ["# made by the laboratory", "[cluster]", f"name = {NAME}",
                 f"profile = {self.profile}", *options.get("cluster", [])]
        wrong = dict([options["wrong_address"]] if "wrong_address" in options else [])
        for name in ("server1", "server2"):
            lines += ["", f"[node {name}]", f"address = {wrong.get(name, where(name))}:9930",
                      f"public-key = {self.public[name]}", f"serve = {SERVE[name]}"]
        lines += ["", "[witness witness]", f"address = {where('witness')}:9930",
                  f"public-key = {self.public['witness']}", "", f"[record {NAME}]",
                  f"check-every = {options.get('check_every', '5s')}",
                  *self.dns.record_lines(options), *options.get("record", [])]
        for place, name in list(self.places.items())[1:]:
            lines += ["", f"[record {self.label(place)}]", f"name = {name}",
                      f"check-every = {options.get('check_every', '5s')}",
                      *place.record_lines(options)]
        if options.get("exec_log", True):
            lines += ["", "[record outside]", f"name = outside.{NAME}", "provider = exec",
                      f"command = {self.exec_program} {self.exec_log}"]
        more = options.get("more", "").format(folder=self.world.folder)
        return "\n".join(lines) + "\n" + more

    def write_config(self):
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(self.config_text())

    def label(self, place):
        """Of the place's record."""
        return NAME if place is self.dns else place.kind

    # --- the story's verbs ---

    def up(self):
        """Starts everything and waits until a holder is elected and the record is written."""
        for place in self.places:
            place.start()
        for peer in self.peers.values():
            peer.start()
        for peer in self.peers.values():
            peer.wait_answering()
        self.settle()
        return self

    @property
    def nodes(self):
        return [self.peers["server1"], self.peers["server2"]]

    @property
    def witness(self):
        return self.peers["witness"]

    def holder(self):
        """The Peer that says it holds, or None."""
        for node in self.nodes:
            status = node.alive() and node.status(2)
            if status and status["standing"] == "holder":
                return node
        return None

    def other(self, node):
        return self.peers["server2" if node.name == "server1" else "server1"]

    def wait_holder(self, limit_s=None):
        return wait_until(self.holder, limit_s or self.limit_s(), "a holder")

    def limit_s(self, leases=8):
        """A generous limit for something that takes a few leases."""
        return leases * self.lease_ms / 1000 + 15

    def trouble(self):
        """What keeps the cluster from being whole: a sentence, or None."""
        holders, epochs = 0, set()
        for peer in self.peers.values():
            status = peer.status(1) if peer.alive() else None
            if status is None:
                return f"{peer.name} does not answer"
            for other in status["peers"]:
                if other["state"] != "fresh":
                    return f"{peer.name} sees {other['name']} {other['state']}"
            holders += status["standing"] == "holder"
            epochs.add(status["epoch"])
            if peer.witness or status["standing"] != "holder":
                continue
            if (status["lease_ms_left"] or 0) < self.lease_ms / 2:
                return f"the lease of {peer.name} was not renewed for long, and may yet end"
            for record in status["records"]:
                if record["state"] != "ok":
                    return f"record {record['label']} at {peer.name} is {record['state']}"
                if record["epoch"] not in (None, status["epoch"]):
                    return f"record {record['label']} is yet to get number {status['epoch']}"
            ready = peer.request("ready")
            if not ready or ready["code"] != 0:
                return f"not ready: {ready and ready.get('text')}"
        if len(epochs) != 1:
            return f"a new number is on its way: {epochs}"
        return None if holders == 1 else f"{holders} holders"

    def settle(self, limit_s=None):
        """Waits until the cluster is whole; returns (holder, standby, witness)."""
        last = []

        def whole():
            last[:] = [self.trouble()]
            return last[0] is None

        late_s = 5 if self.options.get("exec_log", True) else 0  # before a new holder's command
        wait_until(whole, (limit_s or self.limit_s(12)) + late_s,
                   lambda: f"a whole cluster: {last[0]}", 0.05)
        holder = self.wait_holder()
        return holder, self.other(holder), self.witness

    def address_now(self):
        """What the authoritative server answers for the floating name."""
        return self.client.ask(NAME, "A")

    def address_at(self, place):
        """What that place's own name server answers."""
        return self.clients[place].ask(self.places[place], "A")

    def wait_address(self, node, limit_s=None):
        wanted = [SERVE[node.name]]
        wait_until(lambda: self.address_now() == wanted, limit_s or self.limit_s(),
                   f"{NAME} to be {wanted[0]}", 0.005)
        return now_ms()

    def close(self):
        self.world.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def compile_c(world, source, name, *flags):
    """Compiles one small C program of the tests into the world's directory."""
    target = world.path(name)
    subprocess.run(["cc", "-std=c17", "-D_GNU_SOURCE", "-O2", "-Wall", "-Wextra", "-Werror", "-o",
                    target, os.path.join(ROOT, source), *flags], check=True)
    return target
