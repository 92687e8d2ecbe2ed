#!/usr/bin/python3
"""demo — the story that deploy/demo tells: every figure is measured, every kdig is real."""
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from lab import judge, net, world  # noqa: E402
from lab.dns import FENCE, NAME, Watcher  # noqa: E402
from lab.lab import SERVE, Lab  # noqa: E402
from lab.net import address, both  # noqa: E402
from lab.relay import Relay  # noqa: E402
from lab.story import expect, expect_no_move, let_pass  # noqa: E402
from lab.world import now_ms, wait_until  # noqa: E402

RELAY_PORT = 5353
CHAPTERS = 8
RCODES = {0: "NOERROR", 5: "REFUSED", 8: "NXRRSET", 9: "NOTAUTH"}


class Demo:
    def __init__(self):
        self.chapter = 1
        self.begin = time.monotonic()
        self.bold, self.plain = ("\033[1m", "\033[0m") if sys.stdout.isatty() else ("", "")
        self.lab = Lab("normal", "knot", seed=os.getpid(), dns_port=RELAY_PORT, exec_log=False)
        self.relay = Relay(self.lab.net, RELAY_PORT)
        self.watcher = None

    def title(self, text):
        self.chapter += 1
        print(f"\n{self.bold}[{self.chapter}/{CHAPTERS}] {text}{self.plain}", flush=True)

    @staticmethod
    def say(text):
        print("      " + text, flush=True)

    def kdig(self):
        """Asks the authoritative server, as anybody could."""
        for name, kind in ((NAME, "A"), (FENCE, "TXT")):
            command = ["kdig", f"@{address('dns')}", name, kind, "+noall", "+answer"]
            print(f"      $ {' '.join(command)}")
            done = subprocess.run(["ip", "netns", "exec", self.lab.net.names["dns"], *command],
                                  capture_output=True, text=True)
            for line in done.stdout.splitlines():
                if line.strip():
                    print("        " + line.expandtabs(4), flush=True)

    def moved(self, at, node):
        found = wait_until(lambda: self.watcher.moved_after(at, SERVE[node.name]),
                           self.lab.limit_s(), f"the record to move to {node.name}", 0.005)
        return found - at

    def elect(self):
        lab = self.lab
        self.title("election: server1, server2 and a witness start; nobody holds yet")
        self.say(f"profile normal: a statement every {lab.interval_ms} ms, "
                 f"a lease of {lab.lease_ms} ms; name server: Knot")
        lab.dns.start()
        self.watcher = Watcher(lab.net.names["dns"])
        at = now_ms()
        for peer in lab.peers.values():
            peer.start()
        for peer in lab.peers.values():
            peer.wait_answering()
        holder, standby, _ = lab.settle()
        held = holder.wait_standing("holder", at)
        self.say(f"{holder.name} holds epoch {held['epoch']} after "
                 f"{held['effective_boottime_ms'] - at:.0f} ms, backed by two of three; "
                 f"record written after {self.moved(at, holder):.0f} ms")
        self.kdig()

    def kill(self):
        holder, standby, _ = self.lab.settle()
        self.title(f"kill -9 of the holder ({holder.name})")
        at = holder.kill()
        held = standby.wait_standing("holder", at, self.lab.limit_s())
        self.say(f"{standby.name} holds epoch {held['epoch']} after "
                 f"{held['effective_boottime_ms'] - at:.0f} ms")
        self.say(f"record moved after {self.moved(at, standby):.0f} ms")
        self.kdig()
        self.title(f"{holder.name} comes back")
        at = now_ms()
        holder.start()
        holder.wait_answering()
        holder.wait_standing("standby", at, self.lab.limit_s())
        self.lab.settle()
        self.say(f"it is standby, and able to take over again after {now_ms() - at:.0f} ms; "
                 "nothing moved back")

    def cut_link(self):
        holder, standby, witness = self.lab.settle()
        self.title("the link server1-server2 is cut, in both directions")
        at = now_ms()
        self.lab.net.cut(*both("server1", "server2"))
        let_pass(self.lab, 1.2)
        expect_no_move(self.lab, holder, at, "link cut")
        seen = [one for one in holder.status()["peers"] if one["name"] == standby.name][0]
        self.say(f"after {(now_ms() - at) / 1000:.1f} s, longer than a lease: nothing happened. "
                 f"{holder.name} hears {standby.name} through {seen['via']} ({seen['state']})")
        self.lab.net.heal()

    def isolate(self):
        holder, standby, _ = self.lab.settle()
        self.title(f"the holder ({holder.name}) is cut off from everybody")
        at = now_ms()
        self.lab.net.isolate(holder.name)
        held = standby.wait_standing("holder", at, self.lab.limit_s())["effective_boottime_ms"]
        ended = holder.wait_standing("alone", at, self.lab.limit_s())["effective_boottime_ms"]
        expect(ended <= held, "both held at once")
        self.say(f"{holder.name} stopped by itself after {ended - at:.0f} ms; {standby.name} "
                 f"holds after {held - at:.0f} ms: {held - ended:.0f} ms with no holder, none "
                 "with two")
        self.say(f"record moved after {self.moved(at, standby):.0f} ms")
        self.lab.net.heal()

    def late_write(self):
        lab = self.lab
        holder, standby, _ = lab.settle()
        self.title(f"a frozen holder wakes up with an old write in its hand ({standby.name})")
        self.relay.hold(standby.name)
        code, text = holder.cli("switchover", "--to", standby.name, "--anyway", limit_s=60)
        expect(code == 1 and "is not seen to be written" in text, f"switchover: {text}")
        wait_until(self.relay.held, 10, "the new holder's write", 0.002)
        at = standby.freeze()
        self.say(f"{standby.name} became holder by switchover, sent its write to the name "
                 "server, and froze; the write is stuck on the way")
        held = holder.wait_standing("holder", at, lab.limit_s())
        self.say(f"{holder.name} takes over after {held['effective_boottime_ms'] - at:.0f} ms "
                 f"under epoch {held['epoch']}")
        wait_until(lambda: any(fence[0] == held["epoch"] for fence in lab.dns.fences()),
                   lab.limit_s(), "the new fence")
        before, told = lab.dns.fences(), len(self.relay.told(standby.name))
        count = self.relay.deliver()
        thawed = int(now_ms())
        standby.thaw()
        wait_until(lambda: len(self.relay.told(standby.name)) >= told + count, 10,
                   "the name server's answers")
        codes = {RCODES.get(code, code) for code in self.relay.told(standby.name)[told:]}
        expect(codes == {"NXRRSET"} and lab.dns.fences() == before, f"answered {codes}")
        self.say(f"now the old write arrives: Knot answers {', '.join(codes)} - the fence it "
                 "was to replace is no longer there; nothing changed")
        woke = standby.wait_event("standing", thawed, lab.limit_s())
        self.say(f"{standby.name} woke up and knew it: {woke['standing']} since "
                 f"{held['effective_boottime_ms'] - woke['effective_boottime_ms']:.0f} ms "
                 f"before {holder.name} held")
        self.kdig()

    def conclude(self):
        holder, _, _ = self.lab.settle()
        self.title("what `holdfast status` says at the end, and the judge")
        for line in holder.cli("status")[1].splitlines():
            self.say(line)
        verdict = judge.Verdict(self.lab)
        expect(not verdict.faults, "; ".join(verdict.faults))
        self.say(f"{len(verdict.intervals)} holderships, never two at one instant; "
                 f"{len(verdict.fences)} fences in Knot's own journal, strictly rising")
        self.say(f"the story took {time.monotonic() - self.begin:.0f} s")

    def tell(self):
        self.elect()
        self.kill()
        self.cut_link()
        self.isolate()
        self.late_write()
        self.conclude()

    def keep(self):
        lab = self.lab
        print("\nEverything is still running. In another terminal:")
        for name, peer in lab.peers.items():
            print(f"  {lab.bin}/holdfast --socket {peer.socket} status     # {name}")
        print(f"  ip netns exec {lab.net.names['dns']} kdig @{address('dns')} {NAME}")
        print("Ctrl-C ends it.", flush=True)
        while all(peer.alive() for peer in lab.peers.values()):
            time.sleep(0.5)
        print("a daemon ended", flush=True)


def main():
    world.prepare_process()
    missing = [tool for tool in net.tool_missing() if tool in ("ip", "nft", "knotd", "kdig")]
    if missing:
        print(f"missing: {', '.join(missing)}")
        return 2
    demo = Demo()
    try:
        demo.tell()
        if "--keep" in sys.argv[1:]:
            demo.keep()
        return 0
    except (AssertionError, world.Timeout) as problem:
        print(f"\nthe story went wrong: {problem}")
        for peer in demo.lab.peers.values():
            print(f"--- {peer.name}:\n{peer.log_text()[-1500:]}")
        return 1
    finally:
        demo.lab.close()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        print("\nstopped; everything is cleaned up")
        sys.exit(130)
