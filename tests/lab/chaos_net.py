"""chaos_net — the half of the actor that touches the network and the DNS server."""
import signal

from .chaos_facts import NEVER
from .dns import Client, ZONE
from .net import PEERS, both
from .world import now_ms

PEER_PAIRS = [(one, other) for one in PEERS for other in PEERS if one != other]


class Outside:
    """Needs of the Actor: lab, relay, facts, tell, who, named."""

    def __init__(self):
        self.cuts = {}         # fault -> {(from, to): percent}
        self.links = {}        # {(from, to): percent} in force
        self.dns_busy = False

    # --- the network ---

    def begin_net(self, fault, rules, text):
        self.cuts[fault] = rules
        self.tell(text)
        self.apply_net()
        return True

    def end_net(self, fault):
        self.cuts.pop(fault)
        self.tell(f"network: {fault.kind} ends")
        self.apply_net()

    def apply_net(self):
        links = {}
        for rules in self.cuts.values():
            for pair, percent in rules.items():
                links[pair] = max(percent, links.get(pair, 0))
        net = self.lab.net
        net.cuts = {pair for pair, percent in links.items() if percent == 100}
        net.losses = {pair: percent for pair, percent in links.items() if percent < 100}
        before = now_ms()
        net.apply()
        self.facts.links_are(before, self.links, links)
        self.links = links
        for node in self.lab.nodes:
            name, cut = ("dns", node.name), links.get(("dns", node.name)) == 100
            known = self.facts.dns.within(NEVER, NEVER, name)
            if cut and not known:
                self.facts.dns.open(before, name)
            elif not cut:
                self.facts.dns.close(now_ms(), name)

    def begin_isolate(self, fault):
        peer = self.who(fault.target)
        others = [other for other in PEERS + ("dns",) if other != peer.name]
        return self.begin_net(fault, dict.fromkeys(both(peer.name, *others), 100),
                              f"isolate {self.named(peer)} for {fault.length} ms")

    def begin_oneway(self, fault):
        return self.begin_net(fault, {fault.target: 100},
                              f"cut {fault.target[0]} -> {fault.target[1]} for {fault.length} ms")

    def begin_link(self, fault):
        return self.begin_net(fault, dict.fromkeys(both(*fault.target), 100),
                              f"cut {'-'.join(fault.target)} for {fault.length} ms")

    def begin_dark(self, fault):
        return self.begin_net(fault, dict.fromkeys(PEER_PAIRS, 100),
                              f"cut all links between the three for {fault.length} ms")

    def begin_dns_cut(self, fault):
        peer = self.who(fault.target)
        return self.begin_net(fault, dict.fromkeys(both(peer.name, "dns"), 100),
                              f"cut {self.named(peer)} - DNS server for {fault.length} ms")

    def begin_loss(self, fault):
        return self.begin_net(fault, dict.fromkeys(PEER_PAIRS, fault.extra),
                              f"{fault.extra} % loss everywhere for {fault.length} ms")

    def begin_loss_link(self, fault):
        return self.begin_net(
            fault, dict.fromkeys(both(*fault.target), fault.extra),
            f"{fault.extra} % loss {'-'.join(fault.target)} for {fault.length} ms")

    end_dark = end_isolate = end_oneway = end_link = end_net
    end_dns_cut = end_loss = end_loss_link = end_net

    # --- the DNS server ---

    def take_dns(self, text):
        if self.dns_busy:
            return False
        self.dns_busy = True
        self.facts.dns.open(now_ms(), "dns")
        self.tell(text)
        return True

    def leave_dns(self, text):
        self.dns_busy = False
        self.facts.dns.close(now_ms(), "dns")
        self.tell(text)

    def begin_dns_freeze(self, fault):
        if not self.take_dns(f"SIGSTOP DNS server for {fault.length} ms"):
            return False
        self.lab.dns.signal(signal.SIGSTOP)
        return True

    def end_dns_freeze(self, fault):
        self.lab.dns.signal(signal.SIGCONT)
        self.leave_dns("SIGCONT DNS server")

    def begin_dns_slow(self, fault):
        if not self.take_dns(f"DNS server {fault.extra} ms slower for {fault.length} ms"):
            return False
        self.relay.delay_ms = fault.extra
        return True

    def end_dns_slow(self, fault):
        self.relay.delay_ms = 0
        self.leave_dns("DNS server fast again")

    def begin_dns_late(self, fault):
        peer = self.who(fault.target)
        if not self.take_dns(f"updates of {self.named(peer)} come {fault.length} ms late"):
            return False
        self.relay.hold(peer.name)
        return True

    def end_dns_late(self, fault):
        self.leave_dns(f"{self.relay.deliver()} late updates delivered")

    def begin_dns_kill(self, fault):
        if not self.take_dns(f"SIGKILL DNS server, back after {fault.length} ms"):
            return False
        self.lab.dns.process.kill()
        self.lab.dns.process.wait()
        self.lab.world.processes.remove(self.lab.dns.process)
        return True

    def end_dns_kill(self, fault):
        dns = self.lab.dns
        dns.process = self.lab.world.spawn(self.lab.net.names["dns"], dns.process.args, dns.log)
        self.leave_dns("DNS server starts")

    def dns_answers(self):
        client = Client(self.lab.net.names["dns"])
        try:
            return client.ask(ZONE, "SOA", 0.1)
        finally:
            client.close()
