"""net — the laboratory's network: one bridge, one cable per machine, and scissors.

Every machine is a namespace with eth0; its other end is a port of the bridge, named after the
machine. Cuts and losses are rules in the bridge's forward hook, so each direction of each pair
can be cut alone, and nothing that a daemon sees tells it why a packet did not come.
"""
import json
import os

from .world import run

HOSTS = {"server1": 11, "server2": 12, "witness": 13, "dns": 53}
MORE = {"dns2": 54, "dns3": 55}  # for worlds with several providers
PEERS = ("server1", "server2", "witness")
PEER_PORT = 9930


def address(host):
    return f"10.77.0.{(HOSTS | MORE)[host]}"


def address6(host):
    return f"fd77::{(HOSTS | MORE)[host]}"


class Net:
    def __init__(self, world, more=()):
        hosts = [*HOSTS, *more]
        self.world = world
        self.bridge = world.namespace("net")
        self.names = {}
        self.cuts = set()      # (from, to)
        self.losses = {}       # (from, to) -> percent
        lines = ["link add br0 type bridge stp_state 0 mcast_snooping 0", "link set br0 up"]
        for host in hosts:
            self.names[host] = world.namespace(host)
        for host in hosts:
            lines.append(f"link add {host} type veth peer name eth0 netns {self.names[host]}")
            lines.append(f"link set {host} master br0 up")
        run("ip", "-n", self.bridge, "-batch", "-", input_text="\n".join(lines) + "\n")
        self.switch_only()
        for host in hosts:
            batch = [f"addr add {address(host)}/24 dev eth0",
                     f"addr add {address6(host)}/64 dev eth0 nodad", "link set eth0 up"]
            run("ip", "-n", self.names[host], "-batch", "-", input_text="\n".join(batch) + "\n")
        self.apply()

    def switch_only(self):
        """The bridge is a switch: where br_netfilter is loaded, frames would also take the way
        through the IP hooks, at the cost of the daemon that sent them."""
        for kind in ("iptables", "ip6tables", "arptables"):
            name = f"/proc/sys/net/bridge/bridge-nf-call-{kind}"
            run("ip", "netns", "exec", self.bridge, "sh", "-c",
                f"[ ! -e {name} ] || echo 0 >{name}")

    def nft(self, text):
        run("ip", "netns", "exec", self.bridge, "nft", "-f", "-", input_text=text)

    def apply(self):
        """Makes the rules say what self.cuts and self.losses say, in one step. Counters go on."""
        lines = ["table bridge lab {"]
        for one in PEERS:
            lines.append(f"    counter from_{one} {{ }}")
            lines.append(f"    counter to_{one} {{ }}")
        lines.append("    chain forward { type filter hook forward priority 0; policy accept; }")
        lines.append("}")
        lines.append("flush chain bridge lab forward")
        rule = "add rule bridge lab forward"
        for one in PEERS:
            lines.append(f'{rule} iifname "{one}" udp sport {PEER_PORT} counter name from_{one}')
        for source, target in sorted(self.cuts):
            lines.append(f'{rule} iifname "{source}" oifname "{target}" drop')
        for (source, target), percent in sorted(self.losses.items()):
            lines.append(f'{rule} iifname "{source}" oifname "{target}" '
                         f"numgen random mod 1000 < {int(percent * 10)} drop")
        for one in PEERS:
            lines.append(f'{rule} oifname "{one}" udp dport {PEER_PORT} counter name to_{one}')
        self.nft("\n".join(lines) + "\n")

    def cut(self, *pairs):
        """Cuts each (from, to), one direction each."""
        self.cuts.update(pairs)
        self.apply()

    def mend(self, *pairs):
        self.cuts.difference_update(pairs)
        self.apply()

    def isolate(self, host, others=PEERS + ("dns",)):
        self.cut(*both(host, *[other for other in others if other != host]))

    def heal(self):
        """All cables whole, no loss."""
        self.cuts.clear()
        self.losses.clear()
        self.apply()

    def lose(self, percent, hosts=PEERS):
        """The same loss on every direction between these machines; 0 ends it."""
        self.losses = {(a, b): percent for a in hosts for b in hosts if a != b and percent}
        self.apply()

    def packets(self):
        """{peer: packets of the protocol sent by it plus brought to it}."""
        text = run("ip", "netns", "exec", self.bridge, "nft", "-j", "list", "counters")
        found = {one: 0 for one in PEERS}
        for item in json.loads(text)["nftables"]:
            counter = item.get("counter")
            if counter:
                found[counter["name"].split("_")[1]] += counter["packets"]
        return found


def both(one, *others):
    """Both directions between one machine and others, for cut()."""
    return [pair for other in others for pair in ((one, other), (other, one))]


def tool_missing():
    """Names of the programs that the laboratory needs and does not find."""
    folders = os.environ.get("PATH", "").split(":") + ["/usr/sbin", "/sbin"]
    wanted = ("ip", "nft", "named", "named-journalprint", "knotd", "kjournalprint", "rsyslogd",
              "cc", "kdig", "unbound")
    return [tool for tool in wanted
            if not any(os.access(os.path.join(folder, tool), os.X_OK) for folder in folders)]
