"""table — every run of the models: what is compiled in, and what it has to show."""
import dataclasses


@dataclasses.dataclass(frozen=True)
class Run:
    """kind: proof (no error in any state), twin (a fault put in, that spin must find), limit
    (found, too: it is outside what holdfast promises), witness (a state that must be reachable)."""
    name: str
    kind: str
    model: str
    options: list
    shows: str
    weight: int = 0          # seconds, roughly: the longest start first
    depth: int = 3_000_000   # bound of the search; reaching it fails the run
    hash_bits: int = 22


def _run(kind, name, options, shows, **more):
    model = name.split("/")[0]
    return Run(name, kind, model, options.split(), shows, **more)


def proof(name, options, shows, **more):
    return _run("proof", name, options, shows, **{"weight": 2, **more})


def twin(name, options, shows, **more):
    return _run("twin", name, options, shows, **more)


def limit(name, options, shows, **more):
    return _run("limit", name, options, shows, **more)


def witness(name, options, shows, **more):
    return _run("witness", name, options, shows, **more)


# Clock rates 1:2 unless named. -DL0=n alone is the lease of all three peers.
LEASE = [
    proof("lease/restart", "-DL0=4 -DRELEASE -DRESTART",
          "one holder: drift, loss, delay, copies, releases, any number of restarts",
          weight=35, depth=12_000_000, hash_bits=24),
    proof("lease/lost", "-DL0=2 -DRELEASE -DRESTART -DAMNESIA",
          "the same, and files lost any number of times",
          weight=12, depth=4_000_000, hash_bits=23),
    proof("lease/unequal", "-DL0=2 -DL1=4 -DL2=2 -DRESTART -DAMNESIA",
          "peers with leases 2, 4, 2; restarts, lost files", weight=9, hash_bits=23),
    proof("lease/unequal-release", "-DL0=4 -DL1=2 -DL2=2 -DRELEASE",
          "leases 4, 2, 2; releases", weight=4),
    proof("lease/finer", "-DL0=6 -DSLOW=2 -DFAST=3 -DRESTART",
          "clock rates 2:3, lease 6; restarts", weight=14, depth=6_000_000, hash_bits=23),
    proof("lease/5-percent", "-DL0=84 -DSLOW=19 -DFAST=21 -DONE -DRESTART -DAMNESIA",
          "clocks 5 % off either way, lease 84, one statement; restarts, lost files",
          weight=20, depth=4_000_000, hash_bits=23),
    proof("lease/old-file", "-DL0=4 -DROLLBACK -DNO_RESUME -DONE",
          "any old file, if a restarted node resumes nothing; one statement",
          weight=12, depth=4_000_000),
    # Two guards that cover each other: each alone is enough, both off are twins below.
    proof("lease/no-order", "-DL0=2 -DRELEASE -DBAD_ORDER",
          "order off: the floor (V3) and the bound of the release (V6) are enough"),
    proof("lease/no-floor", "-DL0=2 -DRELEASE -DBAD_LOWER",
          "V3 off: order is enough, within one boot"),
    proof("lease/any-release", "-DL0=2 -DRELEASE -DBAD_RELEASE",
          "bound of the release off: order is enough, within one boot"),
    twin("lease/margin-0", "-DL0=4 -DBAD_MARGIN=2", "N3: no margin for drift"),
    twin("lease/margin-tight", "-DL0=4 -DBAD_MARGIN=1", "N3: half of the margin"),
    twin("lease/margin-5-percent", "-DL0=84 -DSLOW=19 -DFAST=21 -DONE -DBAD_MARGIN=1",
         "N3: clocks 5 % off, margin 7 in place of 8 of 84: the margin is tight"),
    twin("lease/arrival", "-DL0=2 -DBAD_ARRIVAL", "N3: counted from when the grant came"),
    twin("lease/answers", "-DL0=4 -DBAD_ANSWERS", "V1: `answers` moved without the promise"),
    twin("lease/own-length", "-DL0=2 -DL1=4 -DL2=2 -DBAD_OWN_LENGTH",
         "V1: the voter's lease alone, the claimant's is longer"),
    twin("lease/self", "-DL0=2 -DBAD_SELF", "N4: holds without its own promise"),
    twin("lease/revived", "-DL0=2 -DBAD_REVIVED",
         "N4: a lapsed lease is revived by a grant that waited"),
    twin("lease/second", "-DL0=2 -DBAD_SECOND", "V2: a second promise while one is in force"),
    twin("lease/forgets", "-DL0=2 -DRESTART -DBAD_FORGETS", "V5: promise forgotten at restart"),
    twin("lease/stored-length", "-DL0=2 -DL1=4 -DL2=2 -DRESTART -DBAD_STORED",
         "V5: bound for the own lease, not for the stored length"),
    twin("lease/at-once", "-DL0=2 -DAMNESIA -DBAD_AT_ONCE", "V5: file lost, and votes at once"),
    twin("lease/own-silence", "-DL0=2 -DL1=4 -DL2=2 -DAMNESIA -DBAD_OWN_SILENCE",
         "V5: file lost, silent for the own lease only"),
    twin("lease/old-file-moves", "-DL0=2 -DROLLBACK -DNO_RESUME -DONE -DBAD_SILENCE",
         "V5: old file, and no silence"),
    twin("lease/release-first", "-DL0=2 -DRELEASE -DBAD_RELEASE_FIRST",
         "N7: released before it has stopped"),
    twin("lease/floor+order", "-DL0=2 -DRELEASE -DBAD_ORDER -DBAD_LOWER",
         "order and V3 off: a late claim takes the promise back"),
    twin("lease/release+order", "-DL0=2 -DRELEASE -DBAD_ORDER -DBAD_RELEASE",
         "order off, release not bound to the epoch: a late one frees"),
    twin("lease/floor+boot", "-DL0=2 -DRELEASE -DRESTART -DBAD_LOWER",
         "V3 off, and a late statement of an earlier boot", weight=3),
    twin("lease/release+boot", "-DL0=2 -DRELEASE -DRESTART -DBAD_RELEASE",
         "release not bound, and a late one of an earlier boot", weight=3),
    limit("lease/clock-stops", "-DL0=2 -DBAD_CLOCK",
          "a clock that stops (frozen guest): outside the promise"),
    twin("lease/old-file-waits", "-DL0=2 -DROLLBACK -DNO_RESUME -DONE -DBAD_RENEWS",
         "V5: a claim that only waits is renewed in the silence"),
    limit("lease/old-file-resumes", "-DL0=2 -DROLLBACK -DONE",
          "an old file, and a restarted node claims at once: N1 asks for more"),
    witness("lease/holds", "-DL0=2 -DREACH=1", "a node holds"),
    witness("lease/takeover", "-DL0=2 -DREACH=2", "the other node holds after the first"),
    witness("lease/holds-again", "-DL0=2 -DRESTART -DREACH=3", "a restarted holder holds again"),
    witness("lease/older-answer", "-DL0=4 -DREACH=4",
            "renewed by the answer to the older of two statements under way"),
    witness("lease/two-claims", "-DL0=2 -DREACH=5", "both nodes claim, one wins"),
]

EPOCH = [
    proof("epoch/numbers", "-DTOP=10",
          "numbers of holders rise: yield, re-numbering, restarts, late claims"),
    proof("epoch/lost", "-DTOP=6 -DAMNESIA", "the same, and files lost, one at a time",
          weight=9, hash_bits=23),
    twin("epoch/again", "-DTOP=5 -DBAD_AGAIN", "N5: a number given up is claimed again"),
    twin("epoch/second", "-DTOP=5 -DBAD_SECOND", "V2: a second promise while one is in force"),
    twin("epoch/lower", "-DTOP=5 -DBAD_LOWER", "V3: a number below the floor is accepted"),
    twin("epoch/old-grant", "-DTOP=5 -DBAD_OLD_GRANT",
         "N3: a claimant nobody backs counts the grant of an older number"),
    twin("epoch/release", "-DTOP=5 -DBAD_RELEASE", "V6: release not bound to the epoch"),
    twin("epoch/forgets", "-DTOP=5 -DBAD_FORGETS", "V5: promise forgotten at restart"),
    twin("epoch/floor", "-DTOP=5 -DBAD_FLOOR", "V4: the floor is not on disk"),
    twin("epoch/learn", "-DTOP=4 -DAMNESIA -DBAD_LEARN", "V5: file lost, nothing learned"),
    twin("epoch/one-heard", "-DTOP=4 -DAMNESIA -DBAD_ONE_HEARD",
         "V5: file lost, learned from one peer only", weight=1),
    twin("epoch/boot", "-DTOP=4 -DAMNESIA -DBAD_BOOT",
         "N3: a promise that answers an earlier boot is counted", weight=2),
    limit("epoch/two-lost", "-DTOP=3 -DAMNESIA -DBAD_TWO_LOST",
          "two files lost at once: outside the promise", weight=3),
    witness("epoch/holds", "-DTOP=4 -DREACH=1", "a node holds"),
    witness("epoch/renumbers", "-DTOP=4 -DREACH=2", "a holder takes a new number, and holds on"),
    witness("epoch/takeover", "-DTOP=4 -DREACH=3", "the other node holds under a higher number"),
    witness("epoch/returns", "-DTOP=4 -DAMNESIA -DREACH=4",
            "an election after a lost file was learned anew", weight=2),
]

OTHER = [
    proof("window/bound", "", "V1: a deaf holder binds a voter for half a lease more at most"),
    twin("window/whole-lease", "-DBAD_WINDOW", "V1: a claim younger than a whole lease counts"),
    twin("window/none", "-DBAD_NO_WINDOW", "V1: a claim of any age counts"),
    witness("window/met", "-DREACH", "the bound of half a lease more is met"),
    proof("dns/fence", "-DTOP=7", "the fence only grows; what was written is never undone"),
    twin("dns/no-compare", "-DTOP=4 -DBAD_COMPARE", "writes without compare-and-set"),
    twin("dns/no-plan", "-DTOP=4 -DBAD_PLAN", "writes although the fence is higher"),
    witness("dns/refused", "-DTOP=4 -DREACH", "an overtaken write is refused"),
]

# With --long as well: up to 4 GB for each run.
LONG = [
    proof("lease/lost-finer", "-DL0=4 -DRESTART -DAMNESIA",
          "restarts and lost files with the longer lease",
          weight=17, depth=6_000_000, hash_bits=23),
    proof("lease/long-all", "-DL0=4 -DRELEASE -DRESTART -DAMNESIA",
          "lease 4, every kind of fault", weight=120, depth=25_000_000, hash_bits=26),
    proof("lease/long-restart", "-DL0=8 -DRESTART", "lease 8, restarts",
          weight=110, depth=25_000_000, hash_bits=26),
    proof("lease/long-release", "-DL0=8 -DRELEASE", "lease 8, releases",
          weight=80, depth=12_000_000, hash_bits=26),
    proof("lease/long-5-percent", "-DL0=84 -DSLOW=19 -DFAST=21",
          "clocks 5 % off, lease 84, two statements",
          weight=200, depth=25_000_000, hash_bits=26),
    proof("lease/long-finer", "-DL0=12 -DSLOW=2 -DFAST=3", "clock rates 2:3, lease 12",
          weight=70, depth=15_000_000, hash_bits=26),
    proof("lease/long-old-file", "-DL0=2 -DROLLBACK -DNO_RESUME",
          "any old file, two statements", weight=600, depth=30_000_000, hash_bits=26),
    proof("epoch/long-lost", "-DTOP=8 -DAMNESIA", "8 numbers, files lost",
          weight=60, hash_bits=26),
    proof("epoch/long-numbers", "-DTOP=14", "14 numbers", weight=12, hash_bits=25),
    proof("dns/long-fence", "-DTOP=9", "9 numbers", weight=17, hash_bits=25),
    proof("window/long-bound", "-DLEASE=16", "lease 16"),
]


def runs(is_long):
    """All runs, or those of every day."""
    return LEASE + EPOCH + OTHER + (LONG if is_long else [])
