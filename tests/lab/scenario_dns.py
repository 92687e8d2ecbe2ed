"""The DNS server dead, frozen, slow, and a letter that arrives too late."""
import contextlib

from .provider_table import drift, frozen, late_write
from .relay import Relay
from .story import expect, expect_no_move, let_pass, scenario
from .world import now_ms, wait_until

NXRRSET = 8
RELAY_PORT = 5353


@scenario("dns-dead", "dns", start=False)
def dns_dead(lab, figures):
    """The DNS server dies: nothing moves. The holder dies too: held, and written later."""
    lab.up()
    holder, standby, _ = lab.settle()
    at = now_ms()
    lab.dns.process.kill()
    lab.dns.process.wait()
    let_pass(lab, 3)
    expect_no_move(lab, holder, at, "DNS dead")
    died = holder.kill()
    standby.wait_standing("holder", died, lab.limit_s())
    back = now_ms()
    lab.dns.start()
    figures["written_after_ms"] = round(lab.wait_address(standby, 30) - back)
    holder.start()
    lab.settle()


@scenario("dns-frozen", "dns")
def dns_frozen(lab, figures):
    """The DNS server is frozen over a takeover and applies late what it was sent: all is right."""
    frozen(lab, figures)


@scenario("dns-drift", "dns")
def dns_drift(lab, figures):
    """Somebody edits the address by hand: the holder sets it right again."""
    drift(lab, figures)


@contextlib.contextmanager
def relayed(lab):
    """A cluster that has just come up behind a relay, which is the DNS server on RELAY_PORT."""
    relay = Relay(lab.net, RELAY_PORT)
    try:
        lab.up()
        yield relay
    finally:
        relay.close()


@scenario("late-write", "dns", start=False, dns_port=RELAY_PORT)
def late_update(lab, figures):
    """A frozen holder's write arrives after the takeover: the DNS server refuses it."""
    with relayed(lab) as relay:
        late_write(lab, figures, relay, NXRRSET)


@scenario("dns-slow", "dns", start=False, dns_port=RELAY_PORT)
def dns_slow(lab, figures):
    """Each datagram to the DNS server takes 0.9 s: slower, but written once and right."""
    with relayed(lab) as relay:
        holder, standby, _ = lab.settle()
        relay.delay_ms = 900
        died = holder.kill()
        standby.wait_standing("holder", died, lab.limit_s())
        figures["moved_ms"] = round(lab.wait_address(standby, 30) - died)
        relay.delay_ms = 0
        holder.start()
        lab.settle()


@scenario("dns-refuses", "dns", start=False)
def dns_refuses(lab, figures):
    """The DNS server does not know our key: held all the same, and `why` says what is wrong."""
    with open(lab.world.path("tsig.key"), "w", encoding="ascii") as file:
        file.write("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n")
    lab.options["no_holder"] = True  # no fence can be in the journal
    lab.dns.start()
    for peer in lab.peers.values():
        peer.start()
    holder = lab.wait_holder()
    wait_until(lambda: holder.status()["records"][0]["state"] == "refused", 20,
               "the record to be shown as refused")
    code, text = holder.cli("why")
    expect("TSIG" in text or "key" in text, f"why does not name the key: {text}")
