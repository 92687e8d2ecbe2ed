"""Automatic mutants of one C file: a small tokenizer and the changes made to its tokens.

Knows just enough C for proto/: comments, strings and preprocessor lines are one token each; a
function is a brace block at depth 0 after `name(...)`. Asserts, the arguments of notes and of
obstacles, and everything outside functions (but numbers of #define) are left alone; so is what a
maximum or minimum does with two equal values.
"""

import bisect
import dataclasses
import re

TOKEN = re.compile(r"""
    (?P<comment>/\*.*?\*/|//[^\n]*)
  | (?P<pre>^[ \t]*\#(?:[^\n\\]|\\\n|\\.)*)
  | (?P<text>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')
  | (?P<name>[A-Za-z_]\w*)
  | (?P<number>0[xX][0-9a-fA-F]+[uUlL]*|\d+[uUlL]*)
  | (?P<op><<=|>>=|\.\.\.|->|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=
       |[-+*/%<>=!&|^~?:;,.(){}\[\]])
""", re.VERBOSE | re.DOTALL | re.MULTILINE)

FLIPS = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "==",
         "&&": "||", "||": "&&"}
SIGNS = {"+": "-", "-": "+"}
CONTROL = {"if", "for", "while", "do", "switch", "case", "default", "else", "return", "break",
           "continue", "goto"}
TYPES = {"const", "static", "struct", "enum", "union", "unsigned", "int", "char", "bool", "void",
         "size_t", "mono_ms", "span_ms", "int64_t", "int32_t", "uint8_t", "uint16_t", "uint32_t",
         "uint64_t", "ssize_t", "msgpack_object", "msgpack_packer", "crypto_generichash_state"}
LEFT_ALONE = {"assert", "static_assert", "outcome_note", "add", "obstacles_add"}


@dataclasses.dataclass
class Token:
    kind: str
    text: str
    start: int

    @property
    def end(self):
        return self.start + len(self.text)


@dataclasses.dataclass
class Mutant:
    file: str
    function: str
    line: int
    kind: str
    old: str   # the whole line (or lines) before, stripped
    new: str
    text: str  # of the whole changed file

    @property
    def key(self):
        return (self.file, self.function, self.old, self.new)


def tokens_of(source):
    found = []
    for match in TOKEN.finditer(source):
        if match.lastgroup != "comment":
            found.append(Token(match.lastgroup, match.group(), match.start()))
    return found


def matching(tokens, at):
    """Index of the bracket that closes the one at `at`."""
    pairs = {"(": ")", "{": "}", "[": "]"}
    depth = 0
    opening, closing = tokens[at].text, pairs[tokens[at].text]
    for i in range(at, len(tokens)):
        if tokens[i].kind == "op":
            depth += (tokens[i].text == opening) - (tokens[i].text == closing)
            if depth == 0:
                return i
    raise ValueError("unbalanced")


def functions_of(tokens):
    """(name, first, last) of each function: the indices of its braces."""
    found = []
    i = 0
    while i < len(tokens):
        if tokens[i].text != "{" or tokens[i].kind != "op":
            i += 1
            continue
        end = matching(tokens, i)
        if i > 0 and tokens[i - 1].text == ")":
            depth, j = 0, i - 1
            while True:
                depth += (tokens[j].text == ")") - (tokens[j].text == "(")
                if depth == 0:
                    break
                j -= 1
            found.append((tokens[j - 1].text, i, end))
        i = end + 1
    return found


class File:
    """One source file and the making of its mutants."""

    def __init__(self, name, source):
        self.name = name
        self.source = source
        self.tokens = tokens_of(source)
        self.breaks = [0] + [m.end() for m in re.finditer("\n", source)] + [len(source)]
        self.found = []

    def change(self, function, kind, edits):
        """edits: (start, end, new text), in order and apart from each other."""
        text, at, shift = "", 0, 0
        for start, end, new in edits:
            text += self.source[at:start] + new
            at = end
            shift += len(new) - (end - start)
        text += self.source[at:]
        first = bisect.bisect_right(self.breaks, edits[0][0]) - 1
        last = bisect.bisect_left(self.breaks, max(edits[-1][1], edits[0][0] + 1))
        begin, stop = self.breaks[first], self.breaks[last]
        old, new = (re.sub(r"\s+", " ", part).strip() for part in
                    (self.source[begin:stop], text[begin:stop + shift]))
        self.found.append(Mutant(self.name, function, first + 1, kind, old, new, text))

    def left_alone(self, first, last):
        """Token indices inside asserts and notes."""
        skip = set()
        for i in range(first, last):
            if self.tokens[i].text in LEFT_ALONE and self.tokens[i + 1].text == "(":
                skip.update(range(i, matching(self.tokens, i + 1) + 1))
        return skip

    def statements(self, first, last):
        """(start index, index of `;`) of each simple statement between two braces."""
        tokens = self.tokens
        i = first + 1
        while i < last:
            text = tokens[i].text
            if text in ("{", "}", ";", "else", "do"):
                i += 1
            elif text in ("if", "for", "while", "switch"):
                i = matching(tokens, i + 1) + 1
            elif text in ("case", "default"):
                while tokens[i].text != ":":
                    i += 1
                i += 1
            else:
                end = i
                while tokens[end].text != ";":
                    end = (matching(tokens, end) if tokens[end].text in "({[" else end) + 1
                yield i, end
                i = end + 1

    def is_declaration(self, i):
        text = self.tokens[i].text
        return text in TYPES or (self.tokens[i].kind == "name" and
                                 self.tokens[i + 1].kind == "name" and text not in CONTROL)

    def is_extreme(self, i):
        """`a < b ? a : b` or `if (a < b) b = a;` around the comparison at `i`: equal is equal."""
        tokens = self.tokens
        before, after, stop = i - 1, i + 1, {"(", "=", "return", ";", "&&", "||", "?", ")", ":"}
        depth = 0
        while depth > 0 or tokens[before].text not in stop or tokens[before].text == ")":
            depth += (tokens[before].text == ")") - (tokens[before].text == "(")
            before -= 1
        depth = 0
        while depth > 0 or tokens[after].text not in stop or tokens[after].text == "(":
            depth += (tokens[after].text == "(") - (tokens[after].text == ")")
            after += 1
        sides = [self.words(before + 1, i), self.words(i + 1, after)]
        if tokens[after].text == "?":
            rest = self.words(after + 1, after + 2 + len(sides[0]) + len(sides[1]))
            return rest in (sides[0] + [":"] + sides[1], sides[1] + [":"] + sides[0])
        if tokens[before].text == "(" and tokens[before - 1].text == "if":
            rest = self.words(after + 1, after + 3 + len(sides[0]) + len(sides[1]))
            return rest[-1:] == [";"] and rest[:-1] in (sides[0] + ["="] + sides[1],
                                                        sides[1] + ["="] + sides[0])
        return False

    def words(self, first, last):
        return [token.text for token in self.tokens[first:last]]

    def operators(self, function, first, last, skip):
        tokens = self.tokens
        for i in range(first, last):
            token = tokens[i]
            if i in skip:
                continue
            if token.text in ("<", "<=", ">", ">=") and self.is_extreme(i):
                continue
            if token.kind == "op" and token.text in FLIPS:
                self.change(function, "flip", [(token.start, token.end, FLIPS[token.text])])
            elif token.kind == "op" and token.text in SIGNS and self.is_binary(i):
                self.change(function, "sign", [(token.start, token.end, SIGNS[token.text])])
            elif token.text == "!" and token.kind == "op":
                self.change(function, "not", [(token.start, token.end, "")])
            elif token.kind == "number" and tokens[i - 1].text != "[":
                self.numbers(function, token)

    def is_binary(self, i):
        before = self.tokens[i - 1]
        return before.kind in ("name", "number") and before.text != "return" or \
            before.text in (")", "]")

    def numbers(self, function, token):
        digits = token.text.rstrip("uUlL")
        suffix = token.text[len(digits):]
        value = int(digits, 0)
        for new in sorted({value + 1, value * 2, 0} - {value}):
            self.change(function, "number", [(token.start, token.end, f"{new}{suffix}")])

    def conditions(self, function, first, last):
        tokens = self.tokens
        for i in range(first, last):
            if tokens[i].text != "if" or tokens[i].kind != "name":
                continue
            end = matching(tokens, i + 1)
            start, stop = tokens[i + 1].end, tokens[end].start
            inside = self.source[start:stop]
            self.change(function, "negate", [(start, stop, f"!({inside})")])
            self.change(function, "never", [(start, stop, f"0 && ({inside})")])
            self.change(function, "always", [(start, stop, f"1 || ({inside})")])

    def drops(self, function, first, last):
        tokens = self.tokens
        for i, end in self.statements(first, last):
            head = tokens[i].text
            span = (tokens[i].start, tokens[end].end)
            if head == "return":
                self.returns(function, i, end, last)
            elif head == "continue":
                self.change(function, "drop", [(*span, ";")])
            elif head not in CONTROL and head not in ("assert", "static_assert") and \
                    not self.is_declaration(i) and not self.is_void_cast(i):
                self.change(function, "drop", [(*span, ";")])

    def is_void_cast(self, i):
        return [t.text for t in self.tokens[i:i + 3]] == ["(", "void", ")"]

    def returns(self, function, i, end, last):
        tokens = self.tokens
        swap = {"true": "false", "false": "true"}
        value = tokens[i + 1]
        if end == i + 2 and value.text in swap:
            self.change(function, "return", [(value.start, value.end, swap[value.text])])
        if end + 1 != last:
            self.change(function, "drop", [(tokens[i].start, tokens[end].end, ";")])

    def defines(self):
        for token in self.tokens:
            match = token.kind == "pre" and re.match(r"\s*#define (\w+) \(?(\d+)\)?\s*$",
                                                     token.text)
            if match:
                number = Token("number", match.group(2), token.start + match.start(2))
                self.numbers(match.group(1), number)

    def mutants(self):
        self.defines()
        for function, first, last in functions_of(self.tokens):
            skip = self.left_alone(first, last)
            self.operators(function, first, last, skip)
            self.conditions(function, first, last)
            self.drops(function, first, last)
        return self.found
