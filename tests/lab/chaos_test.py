"""chaos_test — shows that chaos can fail: made-up facts first, then a real world sabotaged."""
import json
import os
import signal
import subprocess

from . import chaos_facts, chaos_judge
from .chaos_plan import PEERS, Plan
from .chaos_world import Broken, ChaosWorld
from .dns import FENCE
from .judge import Interval
from .net import address
from .world import now_ms

LEASE = 1000


def held(node, start, end, epoch=2):
    one = Interval(node, start, epoch, "holder")
    one.end = end
    return one


class Dead:
    """What extend_dead needs of a node."""

    def __init__(self, name, *deaths):
        self.name, self.deaths = name, list(deaths)


def reason(prepare, stalls=()):
    """Why server1 stopped holding at 20000, after `prepare` noted something."""
    facts = chaos_facts.Facts(LEASE)
    prepare(facts)
    return facts.why_ended("server1", 20000, PEERS, stalls)


def killed(name, start, end):
    def prepare(facts):
        facts.went_down(start, name, "killed")
        facts.came_up(end, name)
    return prepare


def lossy(*links):
    def prepare(facts):
        for pair, percent in links:
            facts.links.add(15000, 25000, pair, percent)
    return prepare


TO_S2, TO_W = ("server1", "server2"), ("server1", "witness")
FROM_S2, FROM_W = ("server2", "server1"), ("witness", "server1")


def both_facts(facts):
    """Server2 dead all the time, and the link to the witness loses a little."""
    facts.went_down(1000, "server2", "killed")
    facts.links.add(15000, 25000, FROM_W, 12)


def quick():
    """Names of what does not work; made-up facts only, no time is spent."""
    gap = (10000, 20000)
    quiet = chaos_facts.Facts(LEASE)
    alone = chaos_facts.Facts(LEASE)
    alone.links.add(0, 30000, TO_S2, 100)
    alone.links.add(0, 30000, FROM_W, 100)
    alone.went_down(0, "witness", "killed")
    seen = [(0, ("b",)), (11000, ("a",))]
    serve = {"server1": "a", "server2": "b"}
    lags = chaos_facts.record_lags(quiet, [held("server1", 10000, 20000)], seen, serve, 20000)
    dirty = chaos_facts.Facts(LEASE)
    dirty.dns.add(9000, 10500, "dns")
    longer = chaos_judge.extend_dead([held("server1", 0, 100), held("server2", 150, 300)],
                                     [Dead("server1", 100.0), Dead("server2")], 250)
    checks = [
        ("nothing explains it", reason(lambda facts: None) is None),
        ("killed", reason(killed("server1", 19000, 19100))),
        ("killed long ago", reason(killed("server1", 1000, 1100)) is None),
        ("standby killed", reason(killed("server2", 19000, 19100)) is None),
        ("frozen", reason(lambda facts: facts.frozen.add(19500, 19600, "server1"))),
        ("ordered", reason(lambda facts: facts.orders.add(18500, 18600, "order", "pause"))),
        ("ordered long ago", reason(lambda facts: facts.orders.add(1, 2, "order", "x")) is None),
        ("isolated", reason(lossy((TO_S2, 100), (FROM_W, 100)))),
        ("one link left", reason(lossy((TO_S2, 100))) is None),
        ("little loss", reason(lossy((TO_S2, 30), (TO_W, 30))) is None),
        ("much loss", reason(lossy((TO_S2, 50), (TO_W, 31)))),
        ("loss on the last link", reason(both_facts)),
        ("DNS explains nothing", reason(lambda facts: facts.dns.add(1, 30000, "dns")) is None),
        ("stall", (reason(lambda facts: None, [("server1", 19000, 19800)]) or "").startswith(
            "the machine")),
        ("stall elsewhere", reason(lambda facts: None, [("server1", 900, 980)]) is None),
        ("gap", chaos_facts.gaps([held("server1", 0, 5), held("server2", 9, 20)], 0, 20)
         == [(5, 9)]),
        ("gap at the end", chaos_facts.gaps([held("server1", 0, 5)], 0, 20) == [(5, 20)]),
        ("able", chaos_facts.longest_able(quiet, gap, PEERS)[0] > 9000),
        ("not able", chaos_facts.longest_able(alone, gap, PEERS)[0] == 0),
        ("lag", lags and lags[0][0] == 1000 and lags[0][1]),
        ("lag in trouble", not chaos_facts.record_lags(
            dirty, [held("server1", 10000, 20000)], seen, serve, 20000)[0][1]),
        ("outlived", longer[0].end == 350 and longer[1].end == 300),
        ("foreign call", chaos_judge.find_foreign_calls(
            [(200, 2, "server1")], [held("server2", 150, 300)])),
        ("same plan", list(Plan(7, 1000, "fast").lines()) == list(Plan(7, 1000, "fast").lines())),
        ("other plan", list(Plan(7, 1000, "fast").lines()) != list(Plan(8, 1000, "fast").lines())),
    ]
    return [name for name, fine in checks if not fine]


# --- a real world, sabotaged ---

def breaks(what, action):
    """Does this end in Broken, in these words?"""
    try:
        action()
    except Broken as problem:
        return what in str(problem)
    return False


def calls_as_other(world):
    """The exec record's program runs on the node that does not hold."""
    lab = world.lab
    holder = world.actor.holder()
    epoch = holder.status()["epoch"] + 1
    subprocess.run([lab.exec_program, lab.exec_log], check=True, env={
        "HOLDFAST_NEW_FENCE": f"v=1;e={epoch};h={lab.other(holder).name};t=0123456789abcdef"})
    return breaks("exec log: call of", world.judge)


def writes_lower_fence(world):
    """A hand writes an older fence into the real DNS server."""
    lab = world.lab
    lines = [f"key hmac-sha256:{lab.dns.key} {lab.dns.secret}", f"server {address('dns')} 53",
             "zone example.com", f"update delete {FENCE} TXT",
             f'update add {FENCE} 60 TXT "v=1;e=2;h=server1;t=0123456789abcdef"', "send"]
    subprocess.run(["ip", "netns", "exec", lab.net.names["dns"], "nsupdate"], check=True,
                   input="\n".join(lines) + "\n", text=True, capture_output=True)
    return any("journal: fence" in fault for fault in chaos_judge.Verdict(lab).faults)


def stands_still(world):
    """Two of three are frozen behind the actor's back: the calm must not come."""
    world.lab.settle()
    holder = world.actor.holder()
    frozen = [peer for peer in world.lab.peers.values() if peer is not holder]
    for peer in frozen:
        peer.freeze()
    holder.wait_standing("alone", now_ms() - 1, 10)
    try:
        return breaks("nobody holds", lambda: world.wait(
            world.actor.holder, 4 * world.lab.lease_ms, world.nobody_holds))
    finally:
        for peer in frozen:
            peer.thaw()
        world.lab.settle()


def dies_by_itself(world):
    """The holder is killed behind the actor's back: noticed, and its move is an unwanted one."""
    holder = world.actor.holder()
    epoch = holder.status()["epoch"]
    holder.process.send_signal(signal.SIGKILL)
    noticed = breaks("ended by itself", lambda: world.wait(lambda: False, 5000, "the end"))
    world.actor.faults.clear()
    world.lab.wait_holder()
    holder.start()
    world.lab.settle()
    moves = chaos_facts.find_moves(world.actor.facts, chaos_judge.Verdict(world.lab).intervals,
                                   PEERS, [])
    return noticed and any(move.moved and move.reason is None and move.before.epoch == epoch
                           for move in moves)


def says_it_holds(world):
    """The standby's own events claim that it holds, too."""
    lab = world.lab
    standby = lab.other(world.actor.holder())
    line = {"event": "standing", "standing": "holder", "boottime_ms": round(now_ms()),
            "effective_boottime_ms": round(now_ms()), "epoch": 3, "node": standby.name}
    with open(os.path.join(standby.state_dir, "events.jsonl"), "a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")
    return any("two holders" in fault for fault in chaos_judge.Verdict(lab).faults)


SABOTAGE = (stands_still, dies_by_itself, calls_as_other, writes_lower_fence, says_it_holds)


def whole(dns, keep):
    """The self-test: exit code."""
    passed = failed = 0
    world = ChaosWorld(1, "fast", dns, keep)
    try:
        world.lab.up()
        checks = [("an honest world is judged as one", lambda _: bool(world.judge()))]
        checks += [(one.__doc__, one) for one in SABOTAGE]
        for text, action in checks:
            fine = action(world)
            print(f"{'ok    ' if fine else 'FAILED'} {text}", flush=True)
            passed, failed = passed + fine, failed + (not fine)
    finally:
        world.close()
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0
