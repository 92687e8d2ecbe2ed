"""chaos_world — plays one seed: storm, calm, verdict, and again; then counts what happened."""
import heapq
import json
import subprocess
import time
import traceback

from . import chaos_facts, judge, run
from .chaos_act import Actor, stalls_of
from .chaos_judge import Told, Verdict, alarms, impossible_events
from .chaos_plan import PEERS, Plan
from .dns import Watcher
from .lab import LEASE_MS, SERVE, Lab
from .relay import Relay
from .world import Timeout, now_ms

RELAY_PORT = 5353
PROGRESS_S = 10
STEP_S = 0.005
ASK_STEP_S = 0.02
# The bounds of a calm, in leases and ms. See the README of the tests for why.
HOLD_LEASES, HOLD_MS = 3, 1000
RECORD_LEASES, RECORD_MS = 1, 5000
WHOLE_LEASES, WHOLE_MS = 12, 15000
REST_LEASES = 1.5
TIDY_MS = 45000
STUCK_LEASES, STUCK_MS = 4, 2000   # nobody holds although two could, with nothing changing


class Broken(Exception):
    """Something that must not be. The world ends here."""


class ChaosWorld:
    def __init__(self, seed, profile, dns, keep):
        self.seed, self.profile, self.dns = seed, profile, dns
        self.plan = Plan(seed, LEASE_MS[profile], profile)
        self.begin = time.monotonic()
        self.told_at = self.begin
        self.what = "starting"
        self.fences = []
        self.calms = []       # {"held": ms, "record": ms, "whole": ms} of each calm
        self.recorded_from = None
        self.lab = Lab(profile, dns, seed, keep, dns_port=RELAY_PORT)
        try:
            if dns == "knot":
                remember_updates(self.lab.dns.folder + "/conf")
            self.relay = Relay(self.lab.net, RELAY_PORT)
            self.actor = Actor(self.lab, self.relay)
            self.watcher = None
        except BaseException:
            self.lab.close()
            raise

    # --- saying something ---

    def say(self, text):
        print(f"    seed {self.seed} ({self.profile}, {self.dns}, {self.plan.mood}) "
              f"{time.monotonic() - self.begin:5.0f} s: {text}", flush=True)

    def progress(self):
        if time.monotonic() - self.told_at < PROGRESS_S:
            return
        self.told_at = time.monotonic()
        holder = self.actor.holder()
        moves = chaos_facts.count_moves(self.intervals())
        self.say(f"{self.what}; {sum(self.actor.count.values())} faults, {moves} moves, "
                 f"{holder.name if holder else 'nobody'} holds")

    def intervals(self):
        return [one for node in self.lab.nodes for one in judge.intervals_of(node)]

    # --- one turn, and waiting ---

    def turn(self, step_s=STEP_S):
        self.actor.tick()
        self.progress()
        if self.actor.faults:
            raise Broken(self.actor.faults[-1])
        time.sleep(step_s)

    def wait(self, question, limit_ms, what):
        """Turns until the answer is true; the ms that it took. Broken after the limit."""
        start = now_ms()
        while not question():
            if now_ms() - start > limit_ms:
                raise Broken(f"not within {limit_ms:.0f} ms: {what() if callable(what) else what}")
            self.turn(ASK_STEP_S)
        return now_ms() - start

    # --- storm ---

    def storm(self, phase, deadline):
        start = now_ms()
        waiting = list(phase.faults)
        ends = []
        self.actor.tell(f"--- phase {phase.number}: storm of {phase.length} ms")
        while now_ms() < start + phase.length and time.monotonic() < deadline:
            now = now_ms() - start
            self.what = f"phase {phase.number}/{len(self.plan.phases)}, storm " \
                        f"{now / 1000:.0f}/{phase.length / 1000:.0f} s"
            if ends and ends[0][0] <= now:
                self.actor.end(heapq.heappop(ends)[2])
            elif waiting and waiting[0].at <= now:
                fault = waiting.pop(0)
                if self.actor.begin(fault):
                    heapq.heappush(ends, (now + fault.length, id(fault), fault))
            self.turn()

    # --- calm ---

    def calm(self, phase):
        """No fault any more: somebody must hold, the record must say so, all must be whole."""
        self.what = f"phase {phase.number}/{len(self.plan.phases)}, calm"
        self.actor.tell(f"--- phase {phase.number}: calm")
        self.actor.lift()
        self.wait(self.actor.all_run, TIDY_MS, "all daemons running")
        running = now_ms()
        self.wait(self.tidy, TIDY_MS, "no pause and no maintenance any more")
        self.wait(self.actor.dns_answers, 10000, "the DNS server to answer")
        tidy = now_ms()
        lease = self.lab.lease_ms
        took = {"tidy": tidy - running}
        hindered = self.actor.facts.orders.within(running - 2 * lease, tidy) \
            or self.actor.facts.paused.within(running, tidy) \
            or self.actor.facts.upkeep.within(running, tidy)
        # A holder that has just been thawed may say so for an instant after its lease's end, and
        # then tell that it ended before.
        for _ in range(len(PEERS) + 1):
            self.wait(lambda: self.actor.holder() and self.held_from(tidy) is not None,
                      HOLD_LEASES * lease + HOLD_MS, self.nobody_holds)
            held, elected = self.held_from(tidy), self.held_from(running)
            if held is not None and elected is not None:
                break
        else:
            raise Broken(self.nobody_holds())
        took["held"], took["elected"] = held - tidy, elected - running
        if took["elected"] > HOLD_LEASES * lease + HOLD_MS and not hindered:
            raise Broken(f"somebody held only after {took['elected']:.0f} ms: "
                         f"{self.nobody_holds()}")
        self.wait(self.record_is_right, RECORD_LEASES * lease + RECORD_MS, self.record_is_wrong)
        took["record"] = now_ms() - tidy
        self.wait(self.is_whole, WHOLE_LEASES * lease + WHOLE_MS,
                  lambda: f"a whole cluster: {self.lab.trouble()}")
        took["whole"] = now_ms() - tidy
        self.calms.append({key: round(value) for key, value in took.items()})
        self.actor.tell("whole: " + ", ".join(f"{key} {value:.0f} ms"
                                              for key, value in took.items()))
        self.rest()

    def held_from(self, instant):
        """The first instant from this one on at which somebody held; None: nobody did yet."""
        return min((max(one.start, instant) for one in self.intervals() if one.end > instant),
                   default=None)

    def tidy(self):
        """Ends what operators left behind. True when nothing is left."""
        left = 0
        for peer in self.lab.peers.values():
            status = peer.status(1) if peer.alive() else None
            left += status is None or status["maintenance"] or status["paused"]
            if status and not self.actor.orders and not peer.witness and status["maintenance"]:
                self.actor.order(peer, "maintenance", "off")
            elif status and not self.actor.orders and status["paused"]:
                self.actor.order(peer, "resume")
        if left or self.actor.orders:
            return False
        for name in PEERS:
            self.actor.facts.upkeep.close(now_ms(), name)
        self.actor.facts.paused.close(now_ms(), "pause")
        return True

    def nobody_holds(self):
        parts = ["nobody holds"]
        for peer in self.lab.peers.values():
            parts.append(f"{peer.name} why: {json.dumps(peer.request('why'))}")
        return "\n".join(parts)

    def record_is_right(self):
        holder = self.actor.holder()
        return holder and self.lab.address_now() == [SERVE[holder.name]]

    def record_is_wrong(self):
        holder = self.actor.holder()
        records = (holder.status() or {}).get("records") if holder else None
        return f"the record of {holder and holder.name}: {self.lab.address_now()}; {records}"

    def is_whole(self):
        return self.lab.trouble() is None

    def rest(self):
        """Nothing is wrong: so nothing may happen."""
        at, holder = now_ms(), self.lab.holder()
        while now_ms() < at + REST_LEASES * self.lab.lease_ms:
            self.turn()
        for node in self.lab.nodes:
            for event in node.events("standing"):
                acting = event["standing"] == "holder"
                if event["effective_boottime_ms"] >= at and acting != (node is holder):
                    raise Broken(f"in the calm {node.name} became {event['standing']}")

    def judge(self):
        """Asks all sources. Broken when one of them says no."""
        verdict = Verdict(self.lab, self.fences)
        self.fences = verdict.fences
        faults = verdict.faults + impossible_events(self.lab.peers.values())
        for peer in self.lab.peers.values():
            faults += [f"{peer.name}: {word} in its log" for word in run.SANITIZER_WORDS
                       if word in peer.log_text()]
        if faults:
            raise Broken("; ".join(faults[:5]))
        return verdict

    # --- the whole of it ---

    def play(self, deadline, result):
        self.lab.up()
        self.watcher = Watcher(self.lab.net.names["dns"], 0.02)
        self.recorded_from = now_ms()
        self.actor.zero = self.recorded_from
        for phase in self.plan.phases:
            if time.monotonic() >= deadline:
                break
            self.storm(phase, deadline)
            self.calm(phase)
            self.judge()
            result["phases"] += 1
        ended = now_ms()
        self.stop_all()
        self.count(result, self.judge(), ended)

    def stop_all(self):
        """Stops the daemons in order, the holder last."""
        holder = self.actor.holder()
        for peer in sorted(self.lab.peers.values(), key=lambda peer: peer is holder):
            try:
                code = peer.term()
            except AssertionError as problem:
                raise Broken(str(problem)) from problem
            peer.deaths.append(now_ms())
            if code != 0:
                raise Broken(f"{peer.name} ended with {code} after SIGTERM")

    def count(self, result, verdict, ended):
        """Fills in the figures; an end that nothing explains is told, and is a fault."""
        facts, zero = self.actor.facts, self.recorded_from
        stalls = [(peer.name, *span) for peer in self.lab.peers.values()
                  for span in stalls_of(peer)]
        inside = [one for one in verdict.intervals if one.start < ended]
        moves = chaos_facts.find_moves(facts, inside, PEERS, stalls)
        empty = chaos_facts.gaps(inside, zero, ended)
        able = max([chaos_facts.longest_able(facts, gap, PEERS) for gap in empty],
                   default=(0, ""))
        watched = [one for one in inside if one.start >= zero]  # the watcher was there
        lags = chaos_facts.record_lags(facts, watched, self.watcher.changes, SERVE, ended)
        clean = sorted(lag for lag, fine, _ in lags if fine)
        result.update({
            "moves": sum(move.moved for move in moves),
            "lapses": sum(not move.moved for move in moves),
            "unwanted_moves": [self.around(move) for move in moves
                               if move.moved and move.reason is None],
            "unwanted_lapses": [self.around(move) for move in moves
                                if not move.moved and move.reason is None],
            "machine_moves": [f"{move.text(zero)}: {move.reason}" for move in moves
                              if (move.reason or "").startswith("the machine")],
            "longest_without_holder_ms": round(max([two - one for one, two in empty], default=0)),
            "longest_though_possible_ms": round(able[0]), "though_possible": able[1],
            "held_share": round(verdict.held_share(zero, ended), 5),
            "record_lag_ms": {"count": len(clean), "median": middle(clean),
                              "max": round(clean[-1]) if clean else None,
                              "max_in_trouble": round(max([lag for lag, _, _ in lags],
                                                          default=0))},
            "calms": self.calms, "alarms": alarms(self.lab.peers.values()),
            "only_in_log": verdict.only_log, "skipped": self.actor.skipped,
            "judged": {"intervals": len(verdict.intervals), "fences": len(verdict.fences),
                       "calls": len(verdict.calls)}})
        if able[0] > STUCK_LEASES * self.lab.lease_ms + STUCK_MS:
            raise Broken(f"nobody held for {able[0]:.0f} ms although {able[1]} could")

    def around(self, move):
        """A move that nothing explains, and what was done and said around it."""
        start = move.before.end - 4 * self.lab.lease_ms
        end = move.after.start + self.lab.lease_ms
        lines = [(at, "DONE " + text) for at, text in self.actor.story]
        for peer in self.lab.peers.values():
            lines += [(event.get("boottime_ms", 0), f"{peer.name}: {event['event']} "
                       f"{event.get('standing', '')} {event.get('text', '')}")
                      for event in peer.events()]
        return {"move": move.text(self.recorded_from), "around": [
            f"{(at - self.recorded_from) / 1000:.3f} s  {text}"
            for at, text in sorted(lines) if start <= at <= end]}

    def tell(self):
        """What happened, for whoever has to find out."""
        lines = [f"--- seed {self.seed}, commit {run.commit_name()}, intensity "
                 f"{self.plan.intensity:.2f} ({self.plan.mood}); the faults so far:"]
        lines += [f"{(at - self.actor.zero) / 1000:8.2f} s (boottime {at:.0f})  {text}"
                  for at, text in self.actor.story]
        lines.append("--- holdings: ")
        told = [Told(node) for node in self.lab.nodes]
        held = sorted((one for peer in told for one in judge.intervals_of(peer)),
                      key=lambda one: one.start)
        lines += [f"    {one}" for one in held[-20:]]
        return "\n".join(lines) + "\n" + run.tell_story(self.lab)

    def close(self):
        if self.watcher is not None:
            self.watcher.close()
        self.lab.close()
        self.relay.close()


def middle(values):
    return round(values[len(values) // 2]) if values else None


def remember_updates(conf):
    """Knot as the laboratory starts it forgets updates when it is restarted: with
    difference-no-serial it goes back to the zone file. Here it is killed and must not."""
    with open(conf, encoding="ascii") as file:
        text = file.read()
    for old, new in (("zonefile-load: difference-no-serial", "zonefile-load: whole"),
                     ("journal-content: all", "journal-content: changes")):
        assert old in text, old
        text = text.replace(old, new)
    with open(conf, "w", encoding="ascii") as file:
        file.write(text)


def replay(seed, profile, dns):
    return f"tests/lab/chaos --seed {seed} --seeds 1 --profile {profile} --dns {dns} " \
           "--minutes 60 --keep"


def play(seed, profile, dns, limit_s, keep):
    """Plays one seed for at most so long; the line for the results file."""
    begin = time.monotonic()
    result = {"scenario": "chaos", "seed": seed, "commit": run.commit_name(), "profile": profile,
              "dns": dns, "phases": 0, "wrong": [], "report": ""}
    world = None
    try:
        world = ChaosWorld(seed, profile, dns, keep)
        result.update(intensity=round(world.plan.intensity, 3), mood=world.plan.mood)
        reserve = 12 if profile == "fast" else 35
        world.play(begin + limit_s - reserve, result)
    except (Broken, Timeout, AssertionError) as problem:
        result["wrong"].append(str(problem))
    except (Exception, KeyboardInterrupt) as problem:  # everything belongs into the report
        result["wrong"].append(f"{type(problem).__name__}: {problem}")
        result["report"] += traceback.format_exc()
    if world is not None:
        result["faults"] = dict(sorted(world.actor.count.items()))
        if result["wrong"]:
            result["report"] += safely(world.tell)
        world.close()
    result["minutes"] = round((time.monotonic() - begin) / 60, 3)
    result["verdict"] = "failed" if result["wrong"] else "passed"
    return result


def safely(tell):
    try:
        return tell()
    except (OSError, ValueError, KeyError, subprocess.SubprocessError, RuntimeError) as problem:
        return f"(the story cannot be told: {problem})\n"
