"""fields — what programs may read: the fields of JSON and the names of events. Each that the
sources make is in holdfast-json(5), and the other way round."""
import re

from pages import items, read, sources

PAGE = "deploy/man/holdfast-json.5"
# Section of the page: files that make it, and names that these files make for something else.
OBJECTS = {
    "STATUS": (("agent/peer/status.c", "agent/node/record_show.c", "agent/node/record_view.c",
                "agent/node/tail_show.c", "agent/node/agree.c", "agent/node/health.c",
                "agent/node/record.c", "agent/peer/pump.c", "agent/peer/station.c",
                "agent/peer/refusals.c"), {"cut"}),
    "WHY": (("agent/peer/why.c",), set()),
    "DNS": (("agent/cli/dns.c", "agent/node/record_adopt.c"), {"label", "move"}),
    "DOCTOR": (("agent/cli/doctor_list.c",), set()),
    "CHECK": (("agent/cli/check.c",), set()),
    "PROOF": (("agent/peer/certificate.c",), set()),
}
# Files with events: their fields.
TELLERS = ("agent/node", "agent/peer")
# Where the words of CONDITIONS stand, and the order that its text names.
FIELDS = {"reason", "not_ready_because", "not_claiming_because", "release"}
# What .Cm marks besides: words of commands and settings.
COMMANDS = {"dns", "show", "verify", "adopt", "yes", "takeover", "recover", "manual"}
PACK = re.compile(r"json_pack\(\s*((?:\"[^\"]*\"\s*)+),(.*?)\);", re.DOTALL)
SET = re.compile(r"(?:json_object_set(?:_new)?\(\s*[\w>()-]+|\bput\(\s*\w+),\s*\"([a-z]\w*)\"")


def arguments(text):
    """The arguments of a call, split at the commas of its own level."""
    parts, depth, current, quoted = [], 0, "", False
    for at, char in enumerate(text):
        quoted ^= char == '"' and text[at - 1] != "\\"
        if not quoted:
            depth += (char in "([{") - (char in ")]}")
        if char == "," and depth == 0 and not quoted:
            parts.append(current.strip())
            current = ""
        else:
            current += char
    return parts + [current.strip()]


def packed(format_text, given):
    """The keys among the arguments of json_pack."""
    keys, at = set(), 0
    for match in re.finditer(r"([siIbfoO])([?*#%+]*)(\s*:)?", format_text):
        if match.group(3) and at < len(given):
            keys |= set(re.findall(r'"([a-z]\w*)"', given[at]))
        at += 1 + ("#" in match.group(2) or "%" in match.group(2))
    return keys


def made(path):
    """The names of JSON fields that a source file makes."""
    text = re.sub(r"/\*.*?\*/", " ", read(path), flags=re.DOTALL)
    keys = set(SET.findall(text))
    for match in re.finditer(r"json_pack\(", text):
        end, depth = match.end(), 1
        while depth > 0:
            depth += (text[end] == "(") - (text[end] == ")")
            end += 1
        first, *rest = arguments(text[match.end():end - 1])
        format_text = "".join(re.findall(r'"([^"]*)"', first))
        keys |= packed(format_text, rest)
    return keys


def event_fields():
    """Fields of events: those of the line itself, and those that tellers add."""
    keys = made("agent/peer/events_line.c") | {"seq"} | made("agent/peer/happen.c")
    for path in sources(*TELLERS, ends=(".c",)):
        text = read(path)
        for match in re.finditer(r"\bfields\s*=[^;]*?json_pack\(", text):
            end, depth = match.end(), 1
            while depth > 0:
                depth += (text[end] == "(") - (text[end] == ")")
                end += 1
            first, *rest = arguments(text[match.end():end - 1])
            keys |= packed("".join(re.findall(r'"([^"]*)"', first)), rest)
    shown = read("agent/node/record_show.c")
    for name in ("record_show_try", "record_show_written"):
        body = shown[shown.index(f"json_t *{name}("):]
        keys |= {key for key in re.findall(r'"([a-z]\w*)"', body[:body.index("\n}")])
                 if key not in ("cancelled",)}
    tail = read("agent/node/tail_show.c")
    for name in ("tail_show_authoritative", "tail_show_settled"):
        body = tail[tail.index(f"void {name}("):]
        body = body[body.index("json_pack"):body.index("\n}")]
        keys |= set(re.findall(r'"([a-z][a-z_]*)"', body))
    return keys


def told(section):
    """The names that the page's section has in .It Cm and .Cm."""
    names, inside = set(), False
    for line in read(PAGE).splitlines():
        if line.startswith(".Sh "):
            inside = line[4:] == section
        match = re.match(r"\.(?:It |Pq )?Cm (.*)", line)
        if inside and match:
            names |= set(re.findall(r"(?<![\w-])[a-z][\w-]*", match.group(1)))
    return names - COMMANDS


def check_fields(fault):
    """Each field of an answer is on the page, and each on the page is made."""
    for section, (paths, others) in OBJECTS.items():
        keys = set().union(*[made(path) for path in paths])
        if section == "STATUS":
            keys -= event_only()
        listed = told(section)
        for name in sorted(keys - listed - others):
            fault(PAGE, f"{section}: {name} is made in {[p for p in paths if name in made(p)]}")
        for name in sorted(listed - keys):
            fault(PAGE, f"{section}: nothing makes {name}")


def event_only():
    """Fields that the files of STATUS make for events alone."""
    return {"record", "outcome", "duration_ms", "try", "negative_s", "probe"}


def check_event_fields(fault):
    keys, listed = event_fields(), told("EVENTS")
    for name in sorted(keys - listed):
        fault(PAGE, f"EVENTS: the field {name} is missing")
    for name in sorted(listed - keys):
        fault(PAGE, f"EVENTS: nothing makes the field {name}")


def reasons():
    """Names in the table of reasons: (those that are events, those that are conditions)."""
    text = read("proto/reason_table.h")
    notes, obstacles = text.split("/* obstacles: why not */")
    names = [re.findall(r'X\(\w+, \w+, "([a-z-]+)"', part) for part in (notes, obstacles)]
    return set(names[0]) - {"none"}, set(names[1])


def event_names():
    names = set(reasons()[0])
    patterns = (r'log_text\(\s*REASON_\w+,\s*"([a-z-]+)"', r"\.event = ([^,;}]*\"[^,;}]*)",
                r'record_inside_(?:tell|alarm)\(\s*\w+,\s*"([a-z-]+)"',
                r"tell_right\(\s*record,([^;]*?),\s*REASON", r'\btell\(\s*\w+,\s*"([a-z-]+)"',
                r"const char \*kind = [^;]*survivable \?([^;]*)")
    for path in sources("agent/peer", "agent/node", "agent/node/dns", "agent/node/http",
                        "agent/node/probe", ends=(".c",)):
        for pattern in patterns:
            for found in re.findall(pattern, read(path)):
                names |= set(re.findall(r'"([a-z][a-z-]+)"', f'"{found}"' if '"' not in found
                                        else found))
    return names


def condition_names():
    """The reasons that `why` gives: the obstacles, and what why.c adds."""
    text = read("agent/peer/why.c")
    names = reasons()[1] | {"none"}
    names |= set(re.findall(r'\*ret_reason = "([a-z-]+)"', text))
    names |= set(re.findall(r'"([a-z]+(?:-[a-z]+)*)",\s*(?:NULL|name|view|obstacle)', text))
    names |= set(re.findall(r'\? "([a-z-]+)" : "([a-z-]+)",\s*name', text)[0])
    return names | {f"record-{state}" for state in record_states()} - {"record-ok"}


def record_states():
    states = re.search(r"names\[\] = \{([^}]*)\}", read("agent/node/record_show.c")).group(1)
    return re.findall(r'"(\w+)"', states)


def check_states(fault):
    """Each state of a record is explained, on the page and for the operator."""
    for state in record_states():
        if f".It {state}\n" not in read(PAGE):
            fault(PAGE, f"the state {state} is missing")
        if f"| `{state}` |" not in read("deploy/guide/operating.md"):
            fault("deploy/guide/operating.md", f"the state {state} is missing")


def compare(fault, section, names):
    listed = told(section)
    for name in sorted(names - listed):
        fault(PAGE, f"{section}: {name} is missing")
    for name in sorted(listed - names - FIELDS):
        fault(PAGE, f"{section}: nothing makes {name}")


def check_events(fault):
    """Each kind of event and each condition of `why` is on the page, and no other."""
    compare(fault, "KINDS OF EVENTS", event_names())
    compare(fault, "CONDITIONS", condition_names())


def check_notify(fault):
    """The kinds of [notify] are the ones of holdfast.conf(5)."""
    text = re.search(r"kinds\[KIND_COUNT\] = \{([^}]*)\}", read("agent/peer/notify.c")).group(1)
    kinds = re.findall(r'"([a-z-]+)"', text)
    if ", ".join(kinds) + "." not in re.sub(r"\s+", " ", read("deploy/man/holdfast.conf.5")):
        fault("holdfast.conf.5", f"[notify]: the kinds are {', '.join(kinds)}")


CHECKS = (check_fields, check_event_fields, check_events, check_states, check_notify)
