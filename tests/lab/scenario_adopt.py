"""What stands at the name already, and an operator's word on it: `holdfast dns`."""
import re
import subprocess
import threading

from .dns import FENCE, NAME, Client
from .lab import SERVE
from .net import address
from .story import expect, expect_no_move, scenario
from .world import now_ms, wait_until

SERVE6 = {"server1": "2001:db8::10", "server2": "2001:db8::20"}
POLL_S = 0.05


class Poller(threading.Thread):
    """A caller that asks for the name's addresses every 50 ms, and remembers each answer."""

    def __init__(self, namespace):
        super().__init__(daemon=True)
        self.client, self.ending = Client(namespace), threading.Event()
        self.answers, self.asked, self.unanswered = set(), 0, 0
        self.start()

    def run(self):
        while not self.ending.is_set():
            answer = [self.client.ask(NAME, kind, 2) for kind in ("A", "AAAA")]
            if None in answer:
                self.unanswered += 1
            else:
                self.answers.add(tuple(sum(answer, [])))
            self.asked += 1
            self.ending.wait(POLL_S)

    def wait_asked(self, more):
        enough = self.asked + more
        wait_until(lambda: self.asked >= enough, 20, "the caller to have asked some more")

    def close(self):
        self.ending.set()
        self.join()
        self.client.close()


def prepare_zone(lab, *lines):
    """What the zone has at the name before holdfast comes."""
    path = lab.dns.folder + "/example.com.db"
    with open(path, encoding="ascii") as file:
        text = re.sub(r"(?m)^pbx .*\n", "", file.read())
    with open(path, "w", encoding="ascii") as file:
        file.write(text + "\n".join(lines) + "\n")


def change_fence(lab, text):
    """Somebody replaces the fence by hand."""
    lines = [f"key hmac-sha256:{lab.dns.key} {lab.dns.secret}", f"server {address('dns')} 53",
             "zone example.com", f"update delete {FENCE} TXT",
             f'update add {FENCE} 60 TXT "{text}"', "send"]
    subprocess.run(["ip", "netns", "exec", lab.net.names["dns"], "nsupdate"], check=True,
                   input="\n".join(lines) + "\n", text=True, capture_output=True)


def elect(lab):
    """All three, before there is a DNS server: (holder, standby)."""
    for peer in lab.peers.values():
        peer.start()
    holder = lab.wait_holder()
    return holder, lab.other(holder)


def dns(peer, code, *arguments):
    """`holdfast dns ARGUMENTS` ends with this code; its output on one line."""
    ended, text = peer.cli("dns", *arguments)
    text = " ".join(text.split())
    expect(ended == code, f"dns {arguments} at {peer.name}: exit {ended}, not {code}: {text}")
    return text


def expect_words(text, *words):
    for word in words:
        expect(word in text, f"'{word}' is not in: {text}")


@scenario("adopt-manual", "adopt", start=False, exec_log=False,
          record=["adopt = manual"] + [f"serve.{name} = {SERVE[name]}, {SERVE6[name]}"
                                       for name in SERVE])
def adopt_manual(lab, figures):
    """adopt = manual: a name that exists is left alone until a word; callers notice nothing."""
    holder, standby = elect(lab)
    there = (SERVE[holder.name], SERVE6[holder.name])
    prepare_zone(lab, f"pbx 300 A {there[0]}", f"pbx 300 AAAA {there[1]}")
    lab.dns.start()
    holder.wait_event("record-unadopted", limit_s=lab.limit_s())
    for peer in (holder, standby):
        wait_until(lambda: peer.status()["records"][0]["state"] == "unadopted", 20,
                   f"{peer.name} to show the record as unadopted")
        expect_words(dns(peer, 1, "show"), "no fence: holdfast has not written here yet",
                     "ttl is 300, wanted 60", f"{holder.name} holds")
    expect_words(dns(standby, 4, "adopt", "--yes"), f"{holder.name} does; run it there")
    expect_words(dns(holder, 0, "adopt"), "the addresses stay as they are", "was never holdfast's",
                 f"holdfast dns adopt {NAME} --yes")
    expect(lab.dns.fences() == [], f"something was written: {lab.dns.fences()}")
    poller = Poller(lab.net.names["dns"])
    try:
        poller.wait_asked(4)
        at = now_ms()
        expect_words(dns(holder, 0, "adopt", "--yes"), "adopted: record")
        figures["adopted_ms"] = round(now_ms() - at)
        poller.wait_asked(10)
    finally:
        poller.close()
    figures["asked"] = poller.asked
    expect(poller.answers == {there} and poller.unanswered == 0,
           f"callers saw {poller.answers}, {poller.unanswered} without an answer")
    for peer in (holder, standby):
        expect_words(dns(peer, 0, "verify"), "ok", "ttl 60")
    lab.settle()
    died = holder.kill()
    standby.wait_standing("holder", died, lab.limit_s())
    figures["moved_ms"] = round(lab.wait_address(standby) - died)  # without a further word
    holder.start()
    lab.settle()


@scenario("adopt-garbage", "adopt", start=False, exec_log=False)
def adopt_garbage(lab, figures):
    """A TXT of another hand at the fence's name stops the holder; adopt replaces just that."""
    holder, _ = elect(lab)
    prepare_zone(lab, "pbx A 192.0.2.99", '_holdfast.pbx TXT "v=spf1 a -all"')
    lab.dns.start()
    holder.wait_event("record-foreign", limit_s=lab.limit_s())
    expect_words(dns(holder, 0, "adopt"), '"v=spf1 a -all", which holdfast did not write',
                 f"CHANGES from 192.0.2.99 to those of {holder.name}")
    expect_words(dns(holder, 4, "adopt", "--yes"), "allow it with --move")
    expect(lab.address_now() == ["192.0.2.99"], "the address was changed without --move")
    dns(holder, 0, "adopt", "--yes", "--move")
    lab.wait_address(holder)
    lab.settle()
    figures["fences"] = len(lab.dns.fences())


@scenario("adopt-foreign", "adopt", exec_log=False)
def adopt_foreign(lab, figures):
    """A token of another hand under the holder's own epoch: alarm, and adopt after a look."""
    holder, _, _ = lab.settle()
    epoch, at = holder.status()["epoch"], now_ms()
    change_fence(lab, f"v=1;e={epoch};h={holder.name};t=0123456789abcdef")
    expect_words(dns(holder, 1, "verify", NAME), "a token that is not its own")
    holder.wait_event("record-contested", at)
    expect_words(dns(holder, 0, "adopt", NAME), "an older state file of this node",
                 "the addresses stay as they are")
    dns(holder, 0, "adopt", NAME, "--yes")
    expect_no_move(lab, holder, at, "a foreign fence")
    lab.settle()
    figures["fences"] = len(lab.dns.fences())
