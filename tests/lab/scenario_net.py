"""Cuts, one-way cuts, losses."""
from .judge import Verdict
from .net import both
from .scenario_crash import take_over
from .story import expect, expect_no_move, let_pass, scenario
from .world import now_ms, wait_until

S1, S2, W = "server1", "server2", "witness"
MASKS = {  # the eight named masks: which of the three links are cut
    "none": (), "s1-s2": ((S1, S2),), "s1-w": ((S1, W),), "s2-w": ((S2, W),),
    "s1-alone": ((S1, S2), (S1, W)), "s2-alone": ((S1, S2), (S2, W)),
    "w-alone": ((S1, W), (S2, W)), "all": ((S1, S2), (S1, W), (S2, W)),
}


@scenario("isolate-holder", "net", quick=True)
def isolate_holder(lab, figures):
    """The holder is cut off from everything: it stops before the other starts."""
    holder, standby, _ = lab.settle()
    at = now_ms()
    lab.net.isolate(holder.name)
    take_over(lab, at, standby, figures)
    ended = holder.wait_standing("alone", at, lab.limit_s())["effective_boottime_ms"]
    started = standby.wait_standing("holder", at)["effective_boottime_ms"]
    figures["gap_ms"] = round(started - ended)
    expect(ended <= started, f"overlap of {ended - started} ms")
    lab.net.heal()
    holding, _, _ = lab.settle()
    expect(holding is standby, "the move went back by itself")


@scenario("link-cut", "net", quick=True)
def link_cut(lab, figures):
    """Only the link between the two servers is cut: the witness relays, nothing moves."""
    holder, standby, _ = lab.settle()
    at = now_ms()
    lab.net.cut(*both(S1, S2))
    let_pass(lab, 5)
    expect_no_move(lab, holder, at, "s1-s2 cut")
    def relayed():
        seen = [peer for peer in holder.status()["peers"] if peer["name"] == standby.name][0]
        return seen["state"] == "fresh" and seen["via"] == W
    wait_until(relayed, 5, "the standby to be fresh by way of the witness")
    lab.net.heal()
    lab.settle()
    expect_no_move(lab, holder, at, "healed")


@scenario("deaf-holder", "net")
def deaf_holder(lab, figures):
    """The holder hears nothing but is heard: its voters are free within 1.7 leases."""
    holder, standby, _ = lab.settle()
    at = now_ms()
    lab.net.cut((standby.name, holder.name), (W, holder.name))
    take_over(lab, at, standby, figures, 0.7 * lab.lease_ms + 1000)
    lab.net.heal()
    lab.settle()


@scenario("mute-holder", "net")
def mute_holder(lab, figures):
    """The holder hears all but is heard by nobody: the other node takes over."""
    holder, standby, _ = lab.settle()
    at = now_ms()
    lab.net.cut((holder.name, standby.name), (holder.name, W))
    take_over(lab, at, standby, figures)
    lab.net.heal()
    lab.settle()


@scenario("mute-standby", "net")
def mute_standby(lab, figures):
    """One-way cuts around the standby and the witness, one after the other: nothing moves."""
    holder, standby, witness = lab.settle()
    at = now_ms()
    for pair in ((standby, holder), (holder, standby), (witness, standby), (standby, witness)):
        lab.net.cut((pair[0].name, pair[1].name))
        let_pass(lab, 2)
        expect_no_move(lab, holder, at, f"{pair[0].name} to {pair[1].name} cut")
        lab.net.heal()
    lab.settle()


def may_hold(name, links):
    """Can this node reach another peer with these links cut?"""
    reach = {frozenset(pair) for pair in ((S1, S2), (S1, W), (S2, W))} \
        - {frozenset(pair) for pair in links}
    return any(name in pair for pair in reach)


def one_mask(lab, mask, loss, figures):
    holder, standby, _ = lab.settle()
    links = MASKS[mask]
    lab.net.lose(loss)
    at = now_ms()
    lab.net.cut(*[pair for one, other in links for pair in both(one, other)])
    let_pass(lab, 3.5)
    if loss == 0 and may_hold(holder.name, links):
        expect_no_move(lab, holder, at, f"mask {mask}")
    elif loss == 0 and may_hold(standby.name, links):
        standby.wait_standing("holder", at, lab.limit_s())
    elif loss == 0:
        expect(lab.holder() is None, f"mask {mask}: somebody holds with nobody to back it")
    figures[mask] = Verdict(lab).moves()
    lab.net.heal()


def all_masks(lab, loss, figures):
    names = list(MASKS)
    lab.random.shuffle(names)
    for mask in names:
        one_mask(lab, mask, loss, figures)
    lab.settle()


@scenario("masks", "masks", long=10)
def masks(lab, figures):
    """All eight masks of cut links in random order: the holder keeps, moves or stops as it must."""
    all_masks(lab, 0, figures)


@scenario("masks-loss-10", "masks", long=10)
def masks_loss_10(lab, figures):
    """The eight masks with 10 % loss on what is left: never two holders."""
    all_masks(lab, 10, figures)


@scenario("masks-loss-30", "masks", long=10)
def masks_loss_30(lab, figures):
    """The eight masks with 30 % loss on what is left: never two holders."""
    all_masks(lab, 30, figures)


def half_lost(lab, figures, minutes, share):
    lab.settle()
    start = now_ms()
    lab.net.lose(50)
    let_pass(lab, minutes * 60000 / lab.lease_ms)
    end = now_ms()
    verdict = Verdict(lab)
    figures["held_share"] = round(verdict.held_share(start, end), 5)
    figures["moves"] = verdict.moves()
    figures["reasons"] = [f"{node.name}: {event.get('text') or event}" for node in lab.nodes
                          for event in node.events() if event["event"] != "standing"
                          and event.get("boottime_ms", 0) > start][-12:] \
        if figures["moves"] else []
    expect(figures["held_share"] >= share, f"held only {figures['held_share']:.2%} of the time")
    lab.net.heal()
    lab.settle()


@scenario("loss-50", "loss", profile="normal")
def loss_50(lab, figures):
    """50 % loss on all links for 40 s at normal: held on, but for one lapse at most."""
    half_lost(lab, figures, 2 / 3, 0.93)  # in some half an hour there is one, of 1 or 2 s


@scenario("loss-50-10min", "loss-long", profile="normal", long=3)
def loss_50_long(lab, figures):
    """50 % loss on all links for 10 min at normal: held at least 99 % of the time."""
    half_lost(lab, figures, 10, 0.99)


@scenario("flapping-link", "net")
def flapping_link(lab, figures):
    """The link between the servers comes and goes ten times: nothing moves."""
    holder, _, _ = lab.settle()
    at = now_ms()
    for _ in range(10):
        lab.net.cut(*both(S1, S2))
        let_pass(lab, lab.random.uniform(0.1, 0.8))
        lab.net.heal()
        let_pass(lab, lab.random.uniform(0.1, 0.5))
    expect_no_move(lab, holder, at, "flapping")


@scenario("isolate-standby", "net")
def isolate_standby(lab, figures):
    """A standby that was cut off comes back and disturbs nobody; it can still take over."""
    holder, standby, _ = lab.settle()
    at = now_ms()
    lab.net.isolate(standby.name)
    let_pass(lab, 4)
    lab.net.heal()
    lab.settle()
    for event in holder.events("standing"):
        expect(event["effective_boottime_ms"] < at, f"{holder.name} became {event['standing']}")
    take_over(lab, holder.kill(), standby, figures)


@scenario("ipv6", "net", v6=True)
def ipv6(lab, figures):
    """The peers talk IPv6 only: elected, and a crash is survived."""
    holder, standby, _ = lab.settle()
    take_over(lab, holder.kill(), standby, figures)
