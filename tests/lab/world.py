"""world — one run's place on this machine: a directory, namespaces, processes, and their end.

Everything that a run makes hangs on a World and is gone when it closes: at the end, on an
exception, on Ctrl-C and SIGTERM. A run that was killed outright leaves namespaces named after
its process id; the next run sweeps those away.
"""
import atexit
import ctypes
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

PR_SET_CHILD_SUBREAPER = 36
PR_SET_PDEATHSIG = 1
CLONE_NEWNET = 0x40000000
LIBC = ctypes.CDLL(None, use_errno=True)


def now_ms():
    """CLOCK_BOOTTIME in ms: the clock that all daemons of one machine share."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) / 1e6


class Timeout(Exception):
    """What was waited for did not come within its limit."""


def wait_until(question, limit_s, what, step_s=0.02):
    """Asks until the answer is true, and returns it. Timeout after limit_s."""
    end = time.monotonic() + limit_s
    while True:
        answer = question()
        if answer:
            return answer
        if time.monotonic() > end:
            raise Timeout(f"waited {limit_s:.1f} s for: {what() if callable(what) else what}")
        time.sleep(step_s)


def stands(pid):
    """Do all threads of this process stand still?"""
    for task in os.listdir(f"/proc/{pid}/task"):
        try:
            with open(f"/proc/{pid}/task/{task}/stat", encoding="ascii", errors="replace") as file:
                if file.read().rsplit(")", 1)[1].split()[0] not in "TZ":
                    return False
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has ended
    return True


def freeze(process):
    """SIGSTOP, which takes a moment on another processor: until it stands. Returns the instant
    before it."""
    at = now_ms()
    process.send_signal(signal.SIGSTOP)
    wait_until(lambda: process.poll() is not None or stands(process.pid), 10,
               "a process to stand still", 0.0005)
    return at


def run(*command, input_text=None, check=True):
    """Runs a command to its end and returns its output."""
    done = subprocess.run(command, input=input_text, capture_output=True, text=True)
    if check and done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: exit {done.returncode}: {done.stderr.strip()}")
    return done.stdout


def enter_namespace(name):
    """Moves the calling thread into a network namespace."""
    descriptor = os.open(f"/run/netns/{name}", os.O_RDONLY | os.O_CLOEXEC)
    try:
        if LIBC.setns(descriptor, CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), f"setns {name}")
    finally:
        os.close(descriptor)


def socket_in(namespace, kind=socket.SOCK_DGRAM, family=socket.AF_INET):
    """A socket that lives in another namespace; the calling thread stays where it is."""
    made = []

    def make():
        enter_namespace(namespace)
        made.append(socket.socket(family, kind))

    thread = threading.Thread(target=make)
    thread.start()
    thread.join()
    return made[0]


def sweep_stale(prefix="hf"):
    """Removes namespaces of runs whose process is gone."""
    if not os.path.isdir("/run/netns"):
        return
    for name in os.listdir("/run/netns"):
        match = re.match(prefix + r"(\d+)-\w+$", name)
        if match and not os.path.exists(f"/proc/{match.group(1)}"):
            subprocess.run(["ip", "netns", "del", name], capture_output=True)


class World:
    """Owner of a temporary directory, of namespaces and of processes."""

    serial = 0
    open_worlds = []

    def __init__(self, keep=False):
        World.serial += 1
        self.prefix = f"hf{os.getpid()}-{World.serial}" if World.serial > 1 else f"hf{os.getpid()}-"
        self.folder = tempfile.mkdtemp(prefix="holdfast-lab-")
        os.chmod(self.folder, 0o755)
        self.keep = keep
        self.processes = []
        self.namespaces = []
        self.mounts = []
        self.closed = False
        World.open_worlds.append(self)

    def namespace(self, role):
        name = self.prefix + role
        run("ip", "netns", "add", name)
        self.namespaces.append(name)
        run("ip", "-n", name, "link", "set", "lo", "up")
        return name

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def write(self, name, text):
        """A file that only its owner reads."""
        with open(self.path(name), "w", encoding="ascii") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(text)

    def tmpfs(self, folder, size):
        """A file system of its own, so that a disk can fill up."""
        os.makedirs(folder, exist_ok=True)
        run("mount", "-t", "tmpfs", "-o", f"size={size},mode=0700", "tmpfs", folder)
        self.mounts.append(folder)

    def spawn(self, namespace, command, log, env=None, cwd=None):
        """Starts a program inside a namespace; the pid is the program's own. Its output goes
        to the file `log`. It dies with this process."""
        netns = os.open(f"/run/netns/{namespace}", os.O_RDONLY | os.O_CLOEXEC) if namespace else -1

        def prepare():
            if netns >= 0 and LIBC.setns(netns, CLONE_NEWNET) != 0:
                os._exit(126)
            LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)

        environment = dict(os.environ, **(env or {}))
        with open(log, "ab") as output:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output,
                                       stderr=output, env=environment, cwd=cwd,
                                       preexec_fn=prepare, start_new_session=True)
        if netns >= 0:
            os.close(netns)
        self.processes.append(process)
        return process

    def end(self, process, limit_s=3):
        """Ends one of this world's processes: politely, then for good."""
        if process.poll() is None:
            try:
                process.send_signal(signal.SIGCONT)
                process.terminate()
                process.wait(limit_s)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if process in self.processes:
            self.processes.remove(process)

    def close(self):
        if self.closed:
            return
        self.closed = True
        World.open_worlds.remove(self)
        stops = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        before = [signal.signal(number, signal.SIG_IGN) for number in stops]  # not half-way
        self.end_all()
        for number, handler in zip(stops, before):
            signal.signal(number, handler)

    def end_all(self):
        for process in self.processes:
            if process.poll() is None:
                process.kill()
        for process in self.processes:
            process.wait()
        for folder in self.mounts:
            subprocess.run(["umount", "-l", folder], capture_output=True)
        for name in self.namespaces:
            subprocess.run(["ip", "netns", "del", name], capture_output=True)
        if not self.keep:
            shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def on_signal(number, _frame):
    raise KeyboardInterrupt(f"signal {number}")


def prepare_process():
    """Once per program: adopt orphans, turn SIGTERM into an orderly end, clean up at exit."""
    LIBC.prctl(PR_SET_CHILD_SUBREAPER, 1)
    signal.signal(signal.SIGINT, on_signal)
    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGHUP, on_signal)
    atexit.register(lambda: [world.close() for world in list(World.open_worlds)])
    sweep_stale()
