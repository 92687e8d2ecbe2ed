"""chaos_act — does to a laboratory what a plan says, takes it back, and notes both.

Nothing here waits: a fault has a beginning and an end, and an order runs beside the rest. So one
loop drives everything, and what happens at the same time really does.
"""
import os
import signal

from .chaos_facts import NEVER, Facts
from .chaos_net import Outside
from .net import PEERS
from .world import now_ms

PROMISE = "promise"
ORDER_LIMIT_MS = 30000
STOP_LIMIT_MS = 10000


class Order:
    """An operator's command on its way."""

    def __init__(self, peer, words, begun, process, log):
        self.peer, self.words, self.begun = peer, words, begun
        self.process, self.log = process, log


class Actor(Outside):
    def __init__(self, lab, relay):
        super().__init__()
        self.lab, self.relay = lab, relay
        self.facts = Facts(lab.lease_ms)
        self.zero = now_ms()
        self.story = []        # [(instant, sentence)]
        self.count = {}        # kind -> how often it began
        self.skipped = 0
        self.faults = []       # what must not be, seen while acting
        self.busy = {}         # peer's name -> the fault that has it
        self.running = []      # faults that have begun
        self.stopping = {}     # peer -> instant of SIGTERM
        self.restart_at = {}   # peer -> instant at which it may start again
        self.orders = []

    # --- notes ---

    def tell(self, text):
        self.story.append((now_ms(), text))

    def wrong(self, text):
        self.faults.append(text)
        self.tell("WRONG: " + text)

    # --- who is who ---

    def holder(self):
        """The running node whose events say last that it holds, or None."""
        for node in self.lab.nodes:
            told = node.events("standing")
            if node.alive() and told and told[-1]["standing"] == "holder":
                return node
        return None

    def who(self, role):
        if role in PEERS:
            return self.lab.peers[role]
        holder = self.holder() or self.lab.nodes[0]
        return holder if role == "holder" else self.lab.other(holder)

    def named(self, peer):
        return peer.name + (" (holder)" if peer is self.holder() else "")

    # --- one turn of the loop ---

    def tick(self):
        """What goes on by itself: ends of orders and of stopping daemons; restarts; surprises."""
        now = now_ms()
        for order in list(self.orders):
            self.look_at_order(order, now)
        for peer in self.lab.peers.values():
            if peer in self.stopping:
                self.look_at_stopping(peer, now)
            elif peer.process is not None and peer.process.poll() is not None:
                self.wrong(f"{peer.name} ended by itself with {peer.process.returncode}")
                self.gone(peer)
            if peer.process is None and self.restart_at.get(peer, NEVER) <= now:
                self.start(peer)
        for name in PEERS:
            self.look_at_memory(self.lab.peers[name])

    def gone(self, peer):
        """The process ended without a kill."""
        peer.deaths.append(now_ms())
        self.lab.world.processes.remove(peer.process)
        peer.process = None

    def look_at_stopping(self, peer, now):
        code = peer.process.poll()
        if code is None:
            if now - self.stopping[peer] > STOP_LIMIT_MS:
                self.wrong(f"{peer.name} did not stop within {STOP_LIMIT_MS} ms of SIGTERM")
                self.stopping[peer] = NEVER
            return
        unborn = code == -signal.SIGTERM and not peer.has_begun()
        if code != 0 and not unborn:
            self.wrong(f"{peer.name} ended with {code} after SIGTERM")
        self.tell(f"{peer.name} stopped after {now - self.stopping[peer]:.0f} ms")
        del self.stopping[peer]
        self.gone(peer)

    def look_at_memory(self, peer):
        """A peer without memory is a voter again when it says so."""
        for span in self.facts.amnesia.within(now_ms(), NEVER, peer.name):
            if [event for event in peer.events("silence-over")
                    if event["boottime_ms"] > max(span[0], span[3][-1])]:
                self.facts.amnesia.close(now_ms(), peer.name)
                self.tell(f"{peer.name} is a voter again")

    def start(self, peer):
        self.restart_at.pop(peer, None)
        self.busy.pop(peer.name, None)
        for span in self.facts.amnesia.within(now_ms(), NEVER, peer.name):
            span[3].append(now_ms())
        peer.start()
        self.facts.came_up(now_ms(), peer.name)
        self.tell(f"{peer.name} starts")

    # --- beginning and ending ---

    def begin(self, fault):
        """False when it makes no sense now: its peer is down or frozen already, say."""
        if getattr(self, "begin_" + fault.kind.replace("-", "_"))(fault) is False:
            self.skipped += 1
            return False
        self.count[fault.kind] = self.count.get(fault.kind, 0) + 1
        self.running.append(fault)
        return True

    def end(self, fault):
        self.running.remove(fault)
        ending = getattr(self, "end_" + fault.kind.replace("-", "_"), None)
        if ending is not None:
            ending(fault)

    # --- processes ---

    def take(self, fault):
        """The peer of the fault, unless it is down or in another fault's hands."""
        peer = self.who(fault.target)
        if peer.name in self.busy or not peer.alive():
            return None
        self.busy[peer.name] = fault
        fault.peer = peer
        return peer

    def kill_now(self, peer, what):
        frozen = self.facts.frozen.within(now_ms(), NEVER, peer.name)
        at = peer.kill()
        self.facts.went_down(at, peer.name, what)
        if frozen:   # it has done nothing since
            peer.deaths[-1] = frozen[0][0]
            self.facts.frozen.close(now_ms(), peer.name)

    def begin_kill(self, fault):
        peer = self.take(fault)
        if peer is None:
            return False
        self.tell(f"SIGKILL {self.named(peer)}, back after {fault.length} ms")
        self.kill_now(peer, "killed")
        self.restart_at[peer] = now_ms() + fault.length
        return True

    def begin_forget(self, fault):
        """A crash with the promise file lost. Without memory is at most one, and it loses it only
        while both others are running voters: else it is a plain crash."""
        peer = self.take(fault)
        if peer is None:
            return False
        hindrance = self.memory_needed(peer)
        self.tell(f"SIGKILL {self.named(peer)}, back after {fault.length} ms, " + (
            f"keeping its memory: {hindrance}" if hindrance else "its promise file LOST"))
        self.kill_now(peer, "killed")
        path = os.path.join(peer.state_dir, PROMISE)
        if not hindrance and os.path.exists(path):
            os.unlink(path)
            self.facts.amnesia.open(now_ms(), peer.name, [NEVER])
        self.restart_at[peer] = now_ms() + fault.length
        return True

    def memory_needed(self, peer):
        for name in PEERS:
            other = self.lab.peers[name]
            if self.facts.amnesia.within(now_ms(), NEVER, name):
                return f"{name} is without memory"
            if other is peer:
                continue
            status = other.status(0.3) if other.alive() and name not in self.busy else None
            if status is None or status["silent"]:
                return f"{name} is no voter now"
        return None

    def begin_freeze(self, fault):
        peer = self.take(fault)
        if peer is None:
            return False
        self.tell(f"SIGSTOP {self.named(peer)} for {fault.length} ms")
        self.freeze(peer)
        return True

    def freeze(self, peer):
        self.facts.frozen.open(peer.freeze(), peer.name)

    def thaw(self, peer):
        self.facts.frozen.close(peer.thaw(), peer.name)
        self.busy.pop(peer.name, None)
        self.tell(f"SIGCONT {peer.name}")

    def end_freeze(self, fault):
        self.thaw(fault.peer)

    def begin_freeze_kill(self, fault):
        return self.begin_freeze(fault)

    def end_freeze_kill(self, fault):
        self.tell(f"SIGKILL {fault.peer.name}, still frozen")
        self.kill_now(fault.peer, "killed")
        self.start(fault.peer)

    def begin_freeze_all(self, fault):
        fault.peers = [peer for peer in self.lab.peers.values()
                       if peer.name not in self.busy and peer.alive()]
        if len(fault.peers) < 2:
            return False
        self.tell(f"SIGSTOP {', '.join(peer.name for peer in fault.peers)} for {fault.length} ms")
        for peer in fault.peers:
            self.busy[peer.name] = fault
            self.freeze(peer)
        return True

    def end_freeze_all(self, fault):
        for peer in fault.peers:
            self.thaw(peer)

    def begin_kill_all(self, fault):
        peers = [peer for peer in self.lab.peers.values()
                 if peer.name not in self.busy and peer.alive()]
        if len(peers) < 2:
            return False
        self.tell(f"SIGKILL {', '.join(peer.name for peer in peers)}, back within "
                  f"{fault.length} ms")
        for peer, part in zip(peers, fault.extra):
            self.busy[peer.name] = fault
            self.kill_now(peer, "killed")
            self.restart_at[peer] = now_ms() + part * fault.length
        return True

    def begin_stop(self, fault):
        peer = self.take(fault)
        if peer is None:
            return False
        self.tell(f"SIGTERM {self.named(peer)}, back after {fault.length} ms")
        at = now_ms()
        self.facts.went_down(at, peer.name, "stopped")
        self.facts.orders.add(at, at, "order", f"stop {peer.name}")
        self.stopping[peer] = at
        peer.process.terminate()
        self.restart_at[peer] = at + fault.length
        return True

    # --- operators ---

    def order(self, peer, *words):
        log = self.lab.world.path(f"order-{len(self.story)}-{len(self.orders)}")
        program = os.path.join(self.lab.bin, "holdfast")
        begun = now_ms()
        process = self.lab.world.spawn(None, [program, "--socket", peer.socket, "--config",
                                              self.lab.config, *words], log)
        order = Order(peer, words, begun, process, log)
        text = " ".join(words) + " at " + peer.name
        self.facts.orders.open(order.begun, order, text)
        if words[0] == "restart":
            self.facts.unsettled.open(order.begun, peer.name, "restarted")
        self.tell(f"order: {text}")
        self.orders.append(order)

    def look_at_order(self, order, now):
        code = order.process.poll()
        if code is None and now - order.begun < ORDER_LIMIT_MS:
            return
        self.orders.remove(order)
        if code is None:
            self.wrong(f"'holdfast {' '.join(order.words)}' at {order.peer.name} did not end")
            self.lab.world.end(order.process)
        else:
            self.lab.world.processes.remove(order.process)
        self.facts.orders.close(now, order)
        with open(order.log, encoding="utf-8", errors="replace") as file:
            said = file.read().strip().splitlines()
        os.unlink(order.log)
        self.tell(f"order ended: {' '.join(order.words)} at {order.peer.name}: exit {code}: "
                  f"{said[-1][:100] if said else ''}")
        if order.words[0] == "restart":
            self.facts.unsettled.close(now + 2 * self.lab.lease_ms, order.peer.name)
        if code is not None and code not in (0, 1, 3, 4):
            self.wrong(f"'holdfast {' '.join(order.words)}' ended with {code}: {said[-1:]}")

    def begin_restart(self, fault):
        peer = self.who(fault.target)
        if not peer.alive() or peer in self.stopping:
            return False
        self.order(peer, "restart")
        return True

    def begin_switchover(self, fault):
        peer = self.holder()
        if peer is None:
            return False
        self.order(peer, "switchover", *([fault.extra] if fault.extra else []))
        return True

    def begin_maintenance(self, fault):
        peer = self.who(fault.target)
        if not peer.alive():
            return False
        fault.peer = peer
        self.facts.upkeep.open(now_ms(), peer.name)
        self.order(peer, "maintenance", "on", "--for", "1h", "--reason", "chaos")
        return True

    def end_maintenance(self, fault):
        self.order(fault.peer, "maintenance", "off")

    def begin_pause(self, fault):
        fault.peer = self.lab.peers[fault.target]
        if not fault.peer.alive():
            return False
        self.facts.paused.open(now_ms(), "pause")
        self.order(fault.peer, "pause", "--for", "10m")
        return True

    def end_pause(self, fault):
        self.order(fault.peer, "resume")

    # --- the calm ---

    def lift(self):
        """Takes back every fault that is still in force. Waits for nothing."""
        for fault in list(self.running):
            self.end(fault)
        for peer in self.restart_at:
            self.restart_at[peer] = 0

    def all_run(self):
        return not self.stopping and not self.restart_at


def stalls_of(peer):
    """[(from, to)] in which this daemon says that it stood still."""
    return [(event["boottime_ms"] - event.get("number", 0), event["boottime_ms"])
            for event in peer.events("stall")]

