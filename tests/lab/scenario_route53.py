"""The record is kept at Route 53 (a stand-in): crashes, moves, roles, a write that comes late."""
from .lab import SERVE
from .moves import both_ways, crash, planned
from .scenario_crash import take_over
from .story import expect, scenario
from .world import now_ms, wait_until

REFUSED = 400
ROLE_KEYS_MS = 5000  # so long do the keys of the role live
LIVES = 3            # of the keys, that are played
OPTIONS = {"provider": "route53", "exec_log": False}


@scenario("route53-kill", "route53", quick=True, **OPTIONS)
def route53_kill(lab, figures):
    """SIGKILL of the holder: the record at Route 53 moves within a lease and 1 s."""
    holder, standby, _ = lab.settle()
    take_over(lab, holder.kill(), standby, figures, 1000)
    holder.start()
    lab.settle()


@scenario("route53-switchover", "route53", **OPTIONS)
def route53_switchover(lab, figures):
    """A planned move, both ways; and all name servers have it some time later."""
    at = now_ms()
    both_ways(lab, figures)
    lab.holder().wait_event("record-everywhere", at, 20)


@scenario("route53-role", "route53", role=True, **OPTIONS)
def route53_role(lab, figures):
    """Keys come from the instances' role and live 5 s: both nodes write again and again through
    more than three lives of them, then one is killed; no write ever fails."""
    begin = now_ms()
    while now_ms() - begin < LIVES * ROLE_KEYS_MS:
        lab.settle()
        code, text = planned(lab, figures, "last")
        expect(code == 0, f"switchover: exit {code}: {text}")
    _, dead = crash(lab, figures)
    for node in lab.nodes:
        outcomes = [event["outcome"] for event in node.events("dns-write")]
        keys = lab.dns.keys_of(node.name)
        figures[node.name] = f"{len(outcomes)} writes with {len(keys)} keys"
        expect(set(outcomes) == {"won"}, f"{node.name} wrote {outcomes}")
        expect(len(keys) >= LIVES, f"{node.name} wrote with {keys}")
        expect(set(lab.dns.told(node.name)) == {200}, f"answered {lab.dns.told(node.name)}")
        for kind in ("record-refused", "record-unreadable"):
            expect(not node.events(kind), f"{node.name}: {node.events(kind)}")
    dead.start()
    lab.settle()

@scenario("route53-late-write", "route53", **OPTIONS)
def route53_late_write(lab, figures):
    """A frozen holder's write arrives after the takeover: Route 53 refuses the batch."""
    holder, standby, _ = lab.settle()
    lab.dns.hold(standby.name)
    ordered = now_ms()
    holder.cli("switchover", "--to", standby.name, "--anyway", limit_s=60)
    standby.wait_standing("holder", ordered)
    wait_until(lab.dns.held, 10, "the new holder's write to be on its way", 0.002)
    at = standby.freeze()
    holder.wait_standing("holder", at, lab.limit_s())
    holder.wait_event("record-written", at, lab.limit_s())  # the address was its own all the time
    before, held, told = lab.dns.fences(), lab.dns.held(), len(lab.dns.told(standby.name))
    lab.dns.deliver()
    wait_until(lambda: len(lab.dns.told(standby.name)) >= told + held, 10,
               "the answers to the late writes")
    figures["late_statuses"] = lab.dns.told(standby.name)[told:]
    expect(set(figures["late_statuses"]) == {REFUSED}, f"answered {figures['late_statuses']}")
    expect(lab.address_now() == [SERVE[holder.name]], "the late write changed the address")
    expect(lab.dns.fences() == before, "the late write changed the fence")
    standby.thaw()
    lab.settle()


@scenario("route53-drift", "route53", **OPTIONS)
def route53_drift(lab, figures):
    """Somebody edits the address in the console: the holder sets it right again."""
    holder, _, _ = lab.settle()
    lab.dns.change_by_hand(["192.0.2.66"])
    at = now_ms()
    holder.wait_event("record-repaired", at, 20)
    lab.wait_address(holder, 20)
    figures["repaired_ms"] = round(now_ms() - at)
    lab.settle()
