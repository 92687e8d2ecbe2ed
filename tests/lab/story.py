"""story — the table of scenarios, and the small words that they are written in."""
import time

from .world import now_ms

SCENARIOS = {}


class Scenario:
    def __init__(self, name, group, run, options):
        self.name, self.group, self.run = name, group, run
        self.profile = options.pop("profile", "fast")
        self.long = options.pop("long", 20)      # repetitions of a --long run
        self.quick = options.pop("quick", False)  # also part of --quick
        self.alone = options.pop("alone", False)  # measures: nothing else may run beside it
        self.start = options.pop("start", True)   # bring the cluster up first
        self.options = options                    # of the Lab
        self.story = (run.__doc__ or "").strip().split("\n")[0]


def scenario(name, group, **options):
    """Puts a function (lab, figures) into the table. What it writes into the dict `figures`
    goes into the results; what it raises is the fault."""

    def add(function):
        assert name not in SCENARIOS, name
        SCENARIOS[name] = Scenario(name, group, function, options)
        return function

    return add


def expect(truth, what):
    if not truth:
        raise AssertionError(what)


def let_pass(lab, leases):
    """Lets a part of the story last this long: here time itself is the event. Meanwhile a
    daemon that ends unasked is a fault."""
    end = now_ms() + leases * lab.lease_ms
    while now_ms() < end:
        time.sleep(min(0.02, max(0.0, (end - now_ms()) / 1000)))
        for peer in lab.peers.values():
            expect(peer.process is None or peer.alive(), f"{peer.name} ended by itself")


def expect_no_move(lab, holder, since, what):
    """Since that instant the holder held on and nobody else did. (A standby that is cut off or
    frozen may call itself alone: it does not know.)"""
    for node in lab.nodes:
        for event in node.events("standing"):
            acting = event["standing"] in ("holder", "forced")
            expect(event["effective_boottime_ms"] < since or acting == (node is holder),
                   f"{what}: {node.name} became {event['standing']}")
    status = holder.status()
    expect(status and status["standing"] == "holder", f"{what}: {holder.name} holds no more")
