#!/usr/bin/python3
"""tidy — the project's limits, enforced: ARCHITECTURE.md, "Numbers".

Usage: tests/tidy.py [BUILD_DIR]
Prints "file:line: what is wrong" for each fault and ends in "N passed, N failed", counted in
files and in whole-project checks. With a build directory it also looks at what libproto.a needs
from outside. Exit 1 when something failed.
"""
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ROOMS = ("proto", "agent", "witness", "tests")
FILE_MAX, HEADER_MAX, FUNCTION_MAX, PARAMETER_MAX, COLUMN_MAX, NESTING_MAX = 500, 200, 70, 5, 100, 3
BANNED = {"strcpy", "sprintf", "strcat", "gettimeofday", "time", "rand", "sleep",
          "usleep", "nanosleep"}
CLOCKS = {"clock_gettime", "uv_now", "uv_hrtime", "uv_clock_gettime", "uv_gettimeofday",
          "timespec_get", "clock"}
PROTO_HEADERS = re.compile(r'#\s*include\s*[<"](uv\.h|time\.h|stdio\.h|unistd\.h|pthread\.h|sys/|'
                           r'.*agent/)')
NM_ALLOWED = re.compile(r"^(mem\w+|__mem\w+_chk|__assert_fail|__stack_chk_fail|"
                        r"_GLOBAL_OFFSET_TABLE_|crypto_sign_\w+|"
                        r"crypto_aead_xchacha20poly1305_ietf_\w+|crypto_scalarmult\w*|"
                        r"crypto_generichash\w*|sodium_\w+|msgpack_\w+)$")
TOKEN = re.compile(r'[A-Za-z_]\w*|\d[\w.]*|->|\+\+|--|&&|\|\||[<>=!]=|<<|>>|\.\.\.|\S')


class Source:
    """One C file: its lines, its comments, and its tokens without comments and directives."""

    def __init__(self, path):
        self.path = path
        with open(os.path.join(ROOT, path), encoding="utf-8", errors="replace") as file:
            self.text = file.read()
        self.lines = self.text.split("\n")
        if self.lines and self.lines[-1] == "":
            self.lines.pop()
        self.product = not path.startswith("tests/")
        self.comment_lines = set()
        self.tokens = []  # (text, line)
        self.strip()

    def strip(self):
        """Blanks comments, literals and preprocessor lines, then cuts the rest into tokens."""
        pattern = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'',
                             re.DOTALL)

        def blank(match):
            found = match.group(0)
            if found.startswith("/"):
                first = self.text.count("\n", 0, match.start()) + 1
                self.comment_lines.update(range(first, first + found.count("\n") + 1))
                return re.sub(r"[^\n]", " ", found)
            return found[0] + found[0] if found[0] == "'" else '""'

        bare = pattern.sub(blank, self.text)
        self.code_lines = []
        continued = False
        for number, line in enumerate(bare.split("\n"), 1):
            directive = continued or line.lstrip().startswith("#")
            continued = directive and line.rstrip().endswith("\\")
            self.code_lines.append("" if directive else line)
            if not directive:
                self.tokens.extend((token, number) for token in TOKEN.findall(line))


def find_close(tokens, at):
    """Index of the bracket that closes the one at `at`."""
    pairs = {"(": ")", "{": "}", "[": "]"}
    stack = []
    for index in range(at, len(tokens)):
        text = tokens[index][0]
        if text in pairs:
            stack.append(pairs[text])
        elif stack and text == stack[-1]:
            stack.pop()
            if not stack:
                return index
    return len(tokens) - 1


def declarations(tokens):
    """Yields (head tokens, body or None) of every declaration at file scope. The body is the
    (first, last) token index of a function's braces; braces of types stay in the head."""
    at, head = 0, []
    while at < len(tokens):
        text = tokens[at][0]
        if text == ";":
            if head:
                yield head, None
            head = []
        elif text == "{":
            close = find_close(tokens, at)
            if head and is_function(head):
                yield head, (at, close)
                head = []
            else:
                head.append(("{", tokens[at][1]))
                head.append(("}", tokens[close][1]))
            at = close
        else:
            head.append(tokens[at])
        at += 1
    if head:
        yield head, None


def is_function(head):
    texts = [text for text, _ in head]
    return "(" in texts and "=" not in texts and texts[-1] in (")", "const") \
        and "typedef" not in texts


def name_and_parameters(head):
    """Name of a function and how many parameters it has; ("", 0) when it is none."""
    for index in range(len(head) - 1):
        name = head[index][0]
        if head[index + 1][0] == "(" and re.match(r"[A-Za-z_]\w*$", name) \
                and name not in ("__attribute__", "static_assert", "_Static_assert", "_Alignas"):
            close = find_close(head, index + 1)
            inside = [text for text, _ in head[index + 2:close]]
            if not inside or inside == ["void"]:
                return name, 0
            depth = commas = 0
            for text in inside:
                depth += (text in "([{") - (text in ")]}")
                commas += text == "," and depth == 0
            return name, commas + 1
    return "", 0


class Nesting:
    """Depth of control flow in a function: if, for, while, do, switch and loop macros."""

    def __init__(self, tokens, first, last):
        self.tokens, self.last = tokens, last
        self.deepest, self.line = 0, tokens[first][1]
        self.block(first, 0)

    def text(self, at):
        return self.tokens[at][0] if at <= self.last else ""

    def enter(self, at, depth):
        if depth > self.deepest:
            self.deepest, self.line = depth, self.tokens[min(at, self.last)][1]
        return self.statement(at, depth)

    def block(self, at, depth):
        at += 1
        while at < self.last and self.text(at) != "}":
            at = self.statement(at, depth)
        return at + 1

    def statement(self, at, depth):
        text = self.text(at)
        if text == "{":
            return self.block(at, depth)
        if text in ("for", "while", "switch"):
            return self.enter(find_close(self.tokens, at + 1) + 1, depth + 1)
        if text == "if":
            at = self.enter(find_close(self.tokens, at + 1) + 1, depth + 1)
            if self.text(at) != "else":
                return at
            if self.text(at + 1) == "if":
                return self.statement(at + 1, depth)
            return self.enter(at + 1, depth + 1)
        if text == "do":
            at = self.enter(at + 1, depth + 1)
            return find_close(self.tokens, at + 1) + 2
        if text in ("case", "default"):
            while at <= self.last and self.text(at) != ":":
                at += 1
            return at + 1
        if self.text(at + 1) == ":" and re.match(r"[A-Za-z_]", text):
            return at + 2
        if self.text(at + 1) == "(" and re.match(r"[A-Za-z_]", text):
            close = find_close(self.tokens, at + 1)
            if self.text(close + 1) == "{":  # a loop macro such as json_array_foreach
                return self.enter(close + 1, depth + 1)
        while at <= self.last and self.text(at) != ";":
            at = find_close(self.tokens, at) if self.text(at) in "({[" else at
            at += 1
        return at + 1


def check_sizes(source, fault):
    header = source.path.endswith(".h")
    limit = HEADER_MAX if header else FILE_MAX
    if len(source.lines) > limit:
        fault(limit + 1, f"{len(source.lines)} lines, at most {limit}")
    for number, line in enumerate(source.lines, 1):
        if len(line) > COLUMN_MAX:
            fault(number, f"{len(line)} columns, at most {COLUMN_MAX}")
        if "\t" in line:
            fault(number, "a tab; indent with four blanks")


def check_functions(source, fault):
    for head, body in declarations(source.tokens):
        name, parameters = name_and_parameters(head)
        line = head[0][1]
        if name and parameters > PARAMETER_MAX and (body or source.path.endswith(".h")):
            fault(line, f"{name} has {parameters} parameters, at most {PARAMETER_MAX}")
        if not body:
            continue
        length = source.tokens[body[1]][1] - line + 1
        if length > FUNCTION_MAX:
            fault(line, f"{name} has {length} lines, at most {FUNCTION_MAX}")
        nesting = Nesting(source.tokens, *body)
        if nesting.deepest > NESTING_MAX:
            fault(nesting.line, f"{name} nests {nesting.deepest} deep, at most {NESTING_MAX}")


def is_mutable(head):
    texts = [text for text, _ in head]
    if not texts or texts[0] in ("typedef", "extern", "static_assert", "_Static_assert"):
        return False
    if "=" in texts:
        texts = texts[:texts.index("=")]
    elif "(" in texts:  # a prototype, unless it is a pointer to a function
        return "*" in texts[texts.index("("):texts.index("(") + 2] and "const" not in texts
    if texts[-1] == "}" or (texts[0] in ("struct", "enum", "union") and len(texts) == 2):
        return False  # a type only
    if len(texts) < 2:
        return False  # a macro such as CHECK_MAIN
    if "*" in texts:
        last = len(texts) - 1 - texts[::-1].index("*")
        return "const" not in texts[last:]
    return "const" not in texts


def check_state(source, fault):
    if not source.product or os.path.basename(source.path) in ("main.c", "log.c"):
        return
    for head, body in declarations(source.tokens):
        if body:
            inside = source.tokens[body[0]:body[1]]
            for index, (text, line) in enumerate(inside):
                statement = []
                for token in inside[index:] if text == "static" else []:
                    if token[0] == ";":
                        break
                    statement.append(token)
                if statement and is_mutable(statement):
                    fault(line, "a mutable static variable; state belongs into a struct")
        elif is_mutable(head):
            fault(head[0][1], "a mutable variable at file scope; only main.c and log.c may")


def check_comments(source, fault):
    """A public declaration has a comment above it, on its own lines, or above the unbroken run
    of declarations that it stands in."""
    if not source.path.endswith(".h") or not source.product:
        return
    covered_to = 0
    for head, body in declarations(source.tokens):
        texts = [text for text, _ in head]
        first, last = head[0][1], head[-1][1]
        if texts[0] in ("struct", "enum", "union") and len(texts) == 2:
            continue  # an opaque name
        if texts[0] in ("static_assert", "_Static_assert"):
            continue
        while last < len(source.code_lines) and ";" not in source.code_lines[last - 1]:
            last += 1
        above = first - 1
        while above > 0 and source.lines[above - 1].startswith("#define"):
            above -= 1
        own = any(line in source.comment_lines for line in range(above, last + 1))
        if own or covered_to == first - 1:
            covered_to = last
        else:
            what = name_and_parameters(head)[0] or " ".join(texts[:2])
            fault(first, f"{what} has no comment")


def check_words(source, fault):
    name = os.path.basename(source.path)
    tokens = source.tokens
    for index, (text, line) in enumerate(tokens[:-1]):
        before = tokens[index - 1][0] if index else ""
        if tokens[index + 1][0] != "(" or before in (".", "->"):
            continue
        if text in BANNED:
            fault(line, f"{text} is banned")
        if text in CLOCKS and source.product and name != "clock.c":
            fault(line, f"{text}: only clock.c reads a clock")
        if text == "core_step" and source.product and name not in ("pump.c", "core.c", "core.h"):
            fault(line, "core_step: only pump.c calls it")
    for number, line in enumerate(source.code_lines, 1):
        if not source.product or source.path == "proto/core.c":
            continue
        if re.search(r"permit(->|\.)(epoch|boot|given|until)\s*=[^=]", line) \
                or re.search(r"\(struct permit\)\s*\{|struct permit \w+ = \{[^}0]", line):
            fault(number, "only core.c fills a permit")


def check_proto(source, fault):
    if not source.path.startswith("proto/"):
        return
    for number, line in enumerate(source.lines, 1):
        if PROTO_HEADERS.match(line):
            fault(number, "proto/ decides: no clock, no I/O, nothing of agent/")
    stem = os.path.basename(source.path)[:-2]
    if source.path.endswith(".c") \
            and not os.path.exists(os.path.join(ROOT, "tests/unit", stem + "_test.c")):
        fault(1, f"has no tests/unit/{stem}_test.c")


def check_shell_opening(source, fault):
    """Shell files open with how they go right and how they fail."""
    if not source.path.endswith(".c") or not source.path.startswith(("agent/", "witness/")):
        return
    opening = source.text[:6000].lower()
    for words in ("happy path", "failure modes"):
        if words not in opening:
            fault(1, f'the opening comment says nothing about "{words}"')


def check_python(path, fault):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        lines = file.read().splitlines()
    if len(lines) > FILE_MAX:
        fault(FILE_MAX + 1, f"{len(lines)} lines, at most {FILE_MAX}")
    for number, line in enumerate(lines, 1):
        if len(line) > COLUMN_MAX:
            fault(number, f"{len(line)} columns, at most {COLUMN_MAX}")


def check_library(build, fault):
    """What libproto.a needs from outside: no malloc, no clock, no stdio."""
    archive = os.path.join(build, "libproto.a")
    if not os.path.exists(archive):
        fault(1, f"{archive}: not there; build first")
        return
    listing = subprocess.run(["nm", archive], capture_output=True, text=True).stdout
    needed, defined = set(), set()
    for line in listing.splitlines():
        parts = line.split()
        if len(parts) == 2 and parts[0] == "U":
            needed.add(parts[1])
        elif len(parts) == 3:
            defined.add(parts[2])
    if any(name.startswith(("__asan", "__ubsan")) for name in needed):
        return  # a sanitizer build needs more, by nature
    for name in sorted(needed - defined):
        if not NM_ALLOWED.match(name):
            fault(1, f"libproto.a needs {name}")


def find_files():
    """All C files of the rooms, and all Python files, relative to the root."""
    c_files, python_files = [], []
    for room in ROOMS + ("deploy", ".ci"):
        for folder, names, files in os.walk(os.path.join(ROOT, room)):
            names[:] = [name for name in names if not name.startswith(("build", "__pycache__"))]
            for file in sorted(files):
                path = os.path.relpath(os.path.join(folder, file), ROOT)
                if file.endswith((".c", ".h")) and room in ROOMS:
                    c_files.append(path)
                elif file.endswith(".py") or ("." not in file and is_python(path)):
                    python_files.append(path)
    return c_files, python_files


def is_python(path):
    with open(os.path.join(ROOT, path), "rb") as file:
        first = file.readline()
    return first.startswith(b"#!") and b"python" in first


def main():
    faults, passed, failed = [], 0, 0

    def judge(path, *checks):
        nonlocal passed, failed
        before = len(faults)
        for check in checks:
            check(lambda line, what: faults.append(f"{path}:{line}: {what}"))
        passed, failed = (passed + 1, failed) if len(faults) == before else (passed, failed + 1)

    c_files, python_files = find_files()
    rules = (check_sizes, check_functions, check_state, check_comments, check_words, check_proto,
             check_shell_opening)
    for path in c_files:
        source = Source(path)
        judge(path, *[lambda fault, rule=rule: rule(source, fault) for rule in rules])
    for path in python_files:
        judge(path, lambda fault: check_python(path, fault))
    if len(sys.argv) > 1:
        judge("libproto.a", lambda fault: check_library(sys.argv[1], fault))
    if not c_files:
        faults.append(f"{ROOT}:1: no C files found")
        failed += 1
    for text in faults:
        print(text)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
