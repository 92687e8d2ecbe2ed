"""chaos_plan — from a seed to a schedule of faults, and nothing else: no clock, no processes.

A world plays phases; a phase is a storm (faults begin and end) and a calm (none in force). How
wild the storms are is drawn once per seed, from quiet to hell. The same seed and profile always
give the same plan; only which node a role ("holder") means is found out while playing.
"""
import random

PEERS = ("server1", "server2", "witness")
PAIRS = tuple((one, other) for one in PEERS for other in PEERS if one != other)
LINKS = (("server1", "server2"), ("server1", "witness"), ("server2", "witness"))

# name, up to which intensity
MOODS = (("quiet", 0.25), ("breezy", 0.5), ("rough", 0.75), ("hell", 1.01))
WAIT_QUIET, WAIT_HELL = 2.5, 0.25   # mean wait between two faults, in leases
AT_ONCE_HELL = 6                    # faults in force at once; quiet: 1

# kind: (weight, shortest, longest) in leases
KINDS = {
    "kill": (12, 0.02, 3.0), "freeze": (12, 0.1, 3.0), "isolate": (9, 0.2, 4.0),
    "oneway": (8, 0.2, 4.0), "link": (8, 0.2, 4.0), "loss": (5, 1.0, 5.0),
    "loss-link": (5, 1.0, 5.0), "restart": (6, 0.0, 0.0), "stop": (6, 0.02, 2.0),
    "forget": (5, 0.05, 2.0), "freeze-kill": (3, 0.1, 2.0), "freeze-all": (1, 0.1, 2.5),
    "kill-all": (1, 0.02, 1.5), "switchover": (6, 0.0, 0.0), "maintenance": (3, 0.5, 4.0),
    "pause": (2, 0.5, 3.0), "dns-freeze": (4, 0.2, 3.0), "dns-late": (4, 0.3, 4.0),
    "dns-slow": (3, 1.0, 4.0), "dns-kill": (4, 0.1, 2.0), "dns-cut": (3, 0.3, 3.0),
}
ROLES = ("holder", "standby") + PEERS
ROLE_WEIGHTS = (35, 15, 15, 15, 20)
NODE_ROLES = ("holder", "standby", "server1", "server2")


class Fault:
    """One fault of the plan: begins at `at` ms after the storm's start, lasts `length` ms."""

    def __init__(self, kind, at, length, target, extra):
        self.kind, self.at, self.length = kind, at, length
        self.target, self.extra = target, extra

    def __str__(self):
        extra = f" {self.extra}" if self.extra is not None else ""
        target = "-".join(self.target) if isinstance(self.target, tuple) else self.target or ""
        return f"{self.at / 1000:7.2f} s  {self.kind} {target}{extra}, for {self.length} ms"


class Phase:
    def __init__(self, number, length, faults):
        self.number, self.length, self.faults = number, length, faults


class Plan:
    """Everything that a seed decides."""

    def __init__(self, seed, lease_ms, profile):
        self.dice = random.Random(f"holdfast chaos {seed}")
        self.lease_ms = lease_ms
        self.intensity = self.dice.random()
        self.mood = next(name for name, limit in MOODS if self.intensity < limit)
        self.wait = WAIT_QUIET * (WAIT_HELL / WAIT_QUIET) ** self.intensity
        self.at_once = 1 + round(self.intensity * (AT_ONCE_HELL - 1))
        count = self.dice.randint(5, 8) if profile == "fast" else self.dice.randint(2, 4)
        self.phases = [self.phase(number + 1) for number in range(count)]

    def phase(self, number):
        length = self.dice.uniform(8, 20 if self.lease_ms <= 1000 else 12) * self.lease_ms
        faults, at = [], 0.0
        while True:
            at += self.dice.expovariate(1 / (self.wait * self.lease_ms))
            if at >= length:
                return Phase(number, round(length), faults + self.finale(length))
            fault = self.draw(round(at))
            running = [one for one in faults if one.at + one.length > fault.at]
            if len(running) < self.at_once:
                faults.append(fault)

    def finale(self, length):
        """Every other storm ends with all three struck at once, so that the calm begins with the
        worst there is: all dead, all frozen for longer than a lease, or all cut off."""
        kind = self.dice.choice((None, None, None, "kill-all", "freeze-all", "dark"))
        lead = 20 if kind == "kill-all" else 1.3 * self.lease_ms
        return [Fault(kind, round(length - lead), round(lead), None, (0, 0, 0))] if kind else []

    def draw(self, at):
        dice = self.dice
        kind = dice.choices(list(KINDS), [weight for weight, _, _ in KINDS.values()])[0]
        _, shortest, longest = KINDS[kind]
        # short ones are as likely as long ones: the logarithm is even
        length = 0 if longest == 0 else \
            round(self.lease_ms * shortest * (longest / shortest) ** dice.random())
        target, extra = self.aim(kind, dice)
        return Fault(kind, at, length, target, extra)

    @staticmethod
    def aim(kind, dice):
        """(target, extra) of a fault. A role is resolved only when the fault begins."""
        if kind in ("kill", "freeze", "isolate", "restart", "stop", "forget", "freeze-kill"):
            return dice.choices(ROLES, ROLE_WEIGHTS)[0], None
        if kind == "oneway":
            return dice.choice(PAIRS), None
        if kind == "link":
            return dice.choice(LINKS), None
        if kind == "loss":
            return None, dice.randint(5, 50)
        if kind == "loss-link":
            return dice.choice(LINKS), dice.randint(5, 50)
        if kind == "switchover":
            return "holder", dice.choice(("", "--anyway"))
        if kind in ("maintenance", "dns-late", "dns-cut"):
            return dice.choices(NODE_ROLES, (40, 20, 20, 20))[0], None
        if kind == "pause":
            return dice.choice(PEERS), None
        if kind == "dns-slow":
            return None, dice.randint(50, 1200)
        if kind == "kill-all":
            return None, tuple(round(dice.random(), 3) for _ in PEERS)
        return None, None

    def lines(self):
        """The plan as text, for people and for comparing."""
        yield (f"intensity {self.intensity:.2f} ({self.mood}): a fault every {self.wait:.2f} "
               f"leases on average, at most {self.at_once} at once")
        for phase in self.phases:
            yield f"phase {phase.number}: storm of {phase.length / 1000:.1f} s"
            for fault in phase.faults:
                yield f"  {fault}"
