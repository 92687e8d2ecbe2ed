"""The DNS server dead, frozen, slow, and a letter that arrives too late."""
import signal
import subprocess

from .dns import NAME
from .lab import SERVE
from .net import address
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
    holder, standby, _ = lab.settle()
    lab.dns.signal(signal.SIGSTOP)
    died = holder.kill()
    standby.wait_standing("holder", died, lab.limit_s())
    let_pass(lab, 2)
    lab.dns.signal(signal.SIGCONT)
    thawed = now_ms()
    figures["written_after_ms"] = round(lab.wait_address(standby, 30) - thawed)
    holder.start()
    lab.settle()


def change_by_hand(lab, addresses):
    """Somebody edits the record without looking at the fence."""
    lines = [f"key hmac-sha256:{lab.dns.key} {lab.dns.secret}", f"server {address('dns')} 53",
             "zone example.com", f"update delete {NAME} A"]
    lines += [f"update add {NAME} 60 A {one}" for one in addresses] + ["send"]
    subprocess.run(["ip", "netns", "exec", lab.net.names["dns"], "nsupdate"], check=True,
                   input="\n".join(lines) + "\n", text=True, capture_output=True)


@scenario("dns-drift", "dns")
def dns_drift(lab, figures):
    """Somebody edits the address by hand: the holder sets it right again."""
    holder, _, _ = lab.settle()
    change_by_hand(lab, ["192.0.2.66"])
    expect(lab.address_now() == ["192.0.2.66"], "the edit did not reach the server")
    at = now_ms()
    lab.wait_address(holder, 20)
    figures["repaired_ms"] = round(now_ms() - at)
    lab.settle()


@scenario("late-write", "dns", start=False, dns_port=RELAY_PORT)
def late_write(lab, figures):
    """A frozen holder's write arrives after the takeover: the DNS server refuses it."""
    relay = Relay(lab.net, RELAY_PORT)
    try:
        lab.up()
        holder, standby, _ = lab.settle()
        relay.hold(address(standby.name))
        code, text = holder.cli("switchover", "--to", standby.name, "--anyway", limit_s=60)
        expect(code == 1 and "is not seen to be written" in text,
               f"switchover without a write: exit {code}: {text}")
        wait_until(lambda: relay.held, 10, "the new holder's write to be on its way", 0.002)
        at = standby.freeze()
        holder.wait_standing("holder", at, lab.limit_s())
        lab.wait_address(holder)
        before = lab.dns.fences()
        answers = len(relay.answers)
        figures["delivered"] = relay.deliver()
        wait_until(lambda: len(relay.answers) >= answers + figures["delivered"], 10,
                   "the server's answers to the late writes")
        codes = [code for _, client, code in relay.answers if client == address(standby.name)]
        figures["late_rcodes"] = codes
        expect(codes and set(codes) == {NXRRSET}, f"the server answered {codes}")
        expect(lab.address_now() == [SERVE[holder.name]], "the late write changed the address")
        expect(lab.dns.fences() == before, "the late write changed the fence")
        standby.thaw()
        lab.settle()
    finally:
        relay.close()


@scenario("dns-slow", "dns", start=False, dns_port=RELAY_PORT)
def dns_slow(lab, figures):
    """Each datagram to the DNS server takes 0.9 s: slower, but written once and right."""
    relay = Relay(lab.net, RELAY_PORT)
    try:
        lab.up()
        holder, standby, _ = lab.settle()
        relay.delay_ms = 900
        died = holder.kill()
        standby.wait_standing("holder", died, lab.limit_s())
        figures["moved_ms"] = round(lab.wait_address(standby, 30) - died)
        relay.delay_ms = 0
        holder.start()
        lab.settle()
    finally:
        relay.close()


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
