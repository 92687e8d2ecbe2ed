"""chaos_facts — what was done to the cluster, when; and what that explains.

Pure: spans of time in, sentences out. A move is *unwanted* when nothing that was in force in the
last two leases before the old holder's end explains it. Explained is it when

- the old holder was killed, stopped, restarted or frozen;
- an order was given (switchover, maintenance, pause, stop, restart), by anybody;
- there was no other peer with which the holder could talk both ways all that time: one that was
  up, not frozen, settled (two leases after its start), over a link without cuts and with at most
  10 % loss in each direction, or at most 30 % when that is true of both other peers;
- a daemon concerned reports that the machine itself made it stand still.

Trouble of the DNS server explains no move.
"""
NEVER = float("inf")
LOSS_ALONE, LOSS_BOTH = 10, 30   # percent
LOOK_BACK = 2                    # leases
SETTLED = 2                      # leases after a start
CLOCKS_MS = 20                   # daemons tell whole ms, and a signal is noted after it was sent


class Spans:
    """Spans of time in which something was so; at most one is open per name."""

    def __init__(self):
        self.list = []   # [start, end, name, value]

    def open(self, at, name, value=None):
        self.list.append([at, NEVER, name, value])

    def close(self, at, name):
        for span in self.list:
            if span[2] == name and span[1] == NEVER:
                span[1] = at

    def add(self, start, end, name, value=None):
        self.list.append([start, end, name, value])

    def within(self, start, end, *names):
        """The spans of these names (of all without names) that touch [start, end]."""
        return [span for span in self.list if span[0] <= end and span[1] >= start
                and (not names or span[2] in names)]


class Facts:
    """Everything done to one world, in BOOTTIME ms."""

    def __init__(self, lease_ms):
        self.lease_ms = lease_ms
        self.down = Spans()      # name of the peer; value: what happened to it
        self.frozen = Spans()    # name of the peer
        self.unsettled = Spans()  # name of the peer: from its end until two leases after a start
        self.links = Spans()     # (from, to); value: percent lost, 100 = cut
        self.orders = Spans()    # "order"; value: the words
        self.dns = Spans()       # "dns", or ("dns", node): not reachable, slow or late
        self.paused = Spans()    # "pause"
        self.upkeep = Spans()    # name of the node in maintenance
        self.amnesia = Spans()   # name of the peer

    def went_down(self, at, name, what):
        self.down.open(at, name, what)
        self.unsettled.open(at, name, what)

    def came_up(self, at, name):
        self.down.close(at, name)
        self.unsettled.close(at + SETTLED * self.lease_ms, name)

    def links_are(self, at, before, now):
        """The network changed from {pair: percent} to another one."""
        for pair in set(before) | set(now):
            if before.get(pair) != now.get(pair):
                self.links.close(at, pair)
                if pair in now:
                    self.links.open(at, pair, now[pair])

    def worst_loss(self, one, other, start, end):
        return max([span[3] for span in self.links.within(start, end, (one, other), (other, one))],
                   default=0)

    def is_well(self, name, start, end):
        """Up, running and settled all that time."""
        return not (self.unsettled.within(start, end, name) or self.frozen.within(start, end, name)
                    or self.amnesia.within(start, end, name))

    def partners(self, name, start, end, peers):
        """The other peers with which this one could talk both ways all that time."""
        losses = {other: self.worst_loss(name, other, start, end) for other in peers
                  if other != name and self.is_well(other, start, end)}
        good = [other for other, loss in losses.items() if loss <= LOSS_ALONE]
        if len(losses) == 2 and all(loss <= LOSS_BOTH for loss in losses.values()):
            good = list(losses)
        return good

    def why_ended(self, name, ended, peers, stalls):
        """What explains that this node stopped holding at that instant; None: nothing does.
        stalls: [(peer, from, to)] that the daemons reported."""
        start = ended - LOOK_BACK * self.lease_ms
        ended += CLOCKS_MS
        for spans, verb in ((self.down, None), (self.frozen, "frozen")):
            for span in spans.within(start, ended, name):
                return f"{name} {verb or span[3]}"
        for span in self.orders.within(start, ended):
            return f"order: {span[3]}"
        partners = self.partners(name, start, ended, peers)
        if not partners:
            return f"{name} had no peer to talk with both ways"
        for who, since, until in stalls:
            if who in [name] + partners and since <= ended and until >= start:
                return f"the machine: {who} stood still for {until - since:.0f} ms"
        return None


class Move:
    """A holdership that ended and the next one."""

    def __init__(self, before, after, reason):
        self.before, self.after, self.reason = before, after, reason
        self.moved = before.node != after.node

    def text(self, zero):
        return (f"{self.before.node} held epoch {self.before.epoch} until "
                f"{(self.before.end - zero) / 1000:.2f} s, {self.after.node} epoch "
                f"{self.after.epoch} from {(self.after.start - zero) / 1000:.2f} s")


def find_moves(facts, intervals, peers, stalls):
    """Every end of a holdership that another one followed, each with what explains it."""
    held = sorted(intervals, key=lambda one: one.start)
    moves = []
    for before, after in zip(held, held[1:]):
        moves.append(Move(before, after, facts.why_ended(before.node, before.end, peers, stalls)))
    return moves


def count_moves(intervals):
    """How often the holding node changed."""
    nodes = [one.node for one in sorted(intervals, key=lambda one: one.start)]
    return sum(before != after for before, after in zip(nodes, nodes[1:]))


def gaps(intervals, start, end):
    """[(from, to)] without a holder between two instants."""
    found, at = [], start
    for one in sorted(intervals, key=lambda one: one.start):
        if one.start > at:
            found.append((at, min(one.start, end)))
        at = max(at, one.end)
        if at >= end:
            return found
    return found + [(at, end)]


def longest_able(facts, gap, peers):
    """How long of this gap, in ms, one and the same node could have held with one and the same
    partner, without a change of the network or of any peer meanwhile; and who."""
    start, end = gap
    marks = {start, end}
    for spans in (facts.down, facts.frozen, facts.unsettled, facts.links, facts.orders,
                  facts.paused, facts.upkeep, facts.amnesia):
        for span in spans.within(start, end):
            marks.update(mark for mark in span[:2] if start < mark < end)
    marks = sorted(marks)
    best = (0.0, "")
    for one, two in zip(marks, marks[1:]):
        one, two = one + 0.001, two - 0.001   # between the changes, not on them
        if two - one <= best[0] or facts.paused.within(one, two) \
                or facts.orders.within(one - LOOK_BACK * facts.lease_ms, two):
            continue
        for node in peers[:2]:
            if facts.is_well(node, one, two) and not facts.upkeep.within(one, two, node) \
                    and facts.partners(node, one, two, peers):
                best = (two - one, f"{node} with {facts.partners(node, one, two, peers)}")
    return best


def record_lags(facts, intervals, changes, serve, end):
    """[(lag ms, clean, interval)]: from a node's first instant as holder to the authoritative
    answer with its address. Clean: nothing was wrong with the DNS server or the node meanwhile.
    changes: [(instant, addresses)] as seen at the DNS server."""
    found = []
    for one in intervals:
        wanted = (serve[one.node],)
        before = [seen for seen in changes if seen[0] <= one.start]
        seen = one.start if before and before[-1][1] == wanted else \
            next((at for at, addresses in changes if at > one.start and addresses == wanted), None)
        if seen is None or seen > min(one.end, end):
            continue
        start = one.start - 1500
        dirty = facts.dns.within(start - 4000, seen, "dns", ("dns", one.node)) \
            or facts.paused.within(start, seen) or facts.frozen.within(start, seen, one.node) \
            or facts.down.within(one.start, seen, one.node)
        found.append((seen - one.start, not dirty, one))
    return found
