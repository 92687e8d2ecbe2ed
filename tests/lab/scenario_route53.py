"""The record is kept at Route 53 (a stand-in): the stories of every provider, and roles."""
from .moves import crash, planned
from .provider_table import add, options
from .story import expect, scenario
from .world import now_ms

ROLE_KEYS_MS = 5000  # so long do the keys of the role live
LIVES = 3            # of the keys, that are played

add("route53", "kill", "switchover")


@scenario("route53-role", "route53", role=True, **options("route53"))
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


add("route53", "late-write", "drift")
