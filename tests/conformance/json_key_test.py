"""Keys and numbers are spelled as the distribution's Python and its prometheus_client spell them, and read back.

Python's json module and floatToGoString of /usr/bin/python3 say what is right; `format_probe` is Weir.
"""
import json
import math
import os
import pathlib
import random
import struct
import subprocess

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("WEIR_BUILD_DIR", ROOT / "build" / "release"))
DISTRIBUTION_PYTHON = "/usr/bin/python3"

# Answers, a line each, what the Python client would write.
PEER = """
import json, struct, sys
from prometheus_client.utils import floatToGoString
for line in sys.stdin:
    kind, question = json.loads(line)
    if kind == "key":
        print(json.dumps(question, sort_keys=True))
    else:
        value = struct.unpack(">d", bytes.fromhex(question))[0]
        print(repr(value), floatToGoString(value))
"""

# What is special somewhere: escapes, controls, DEL, line separators, ends of planes.
SPECIAL = list("\"\\/{}[]:, "
               "\x00\x01\b\t\n\f\r\x1f\x7f\x80\xa0\xffé€"
               "\u2028\u2029\ud7ff\ue000\ufeff\ufffd\uffff\U00010000😀\U0010ffff")
characters = st.one_of(st.sampled_from(SPECIAL), st.characters(blacklist_categories=("Cs",)))
texts = st.text(characters, max_size=12)
keys = st.tuples(texts, texts, st.dictionaries(texts, texts, max_size=5), texts)
# One probe serves all examples, on purpose.
property_test = settings(max_examples=500, deadline=None, database=None, suppress_health_check=list(HealthCheck))


def to_hex(text):
    return "x" + text.encode("utf-8").hex()


def from_hex(word):
    return bytes.fromhex(word[1:]).decode("utf-8")


class Probe:
    def __init__(self):
        self.process = subprocess.Popen([BUILD / "bin" / "format_probe"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, question):
        self.process.stdin.write(question.encode() + b"\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        assert answer.endswith(b"\n"), f"format_probe ended at: {question}"
        return answer[:-1].decode("utf-8")

    def write(self, metric, sample, labels, help):
        pairs = [f" {to_hex(name)}={to_hex(value)}" for name, value in labels.items()]
        return self.ask(f"key {to_hex(metric)} {to_hex(sample)} {to_hex(help)}" + "".join(pairs))

    def read(self, text):
        """[metric, sample, labels, help], or None where it refuses."""
        answer = self.ask("read x" + text.encode("utf-8", "surrogatepass").hex())
        if answer.startswith("refused "):
            return None
        metric, sample, help, *pairs = answer.split(" ")
        split = [pair.split("=") for pair in pairs]
        names = [from_hex(name) for name, _ in split]
        assert names == sorted(set(names)), "labels are sorted and unique"
        return [from_hex(metric), from_hex(sample), {from_hex(n): from_hex(v) for n, v in split}, from_hex(help)]


@pytest.fixture(scope="module")
def probe():
    instance = Probe()
    yield instance
    instance.process.stdin.close()
    assert instance.process.wait(timeout=60) == 0


def ask_distribution(questions):
    lines = "".join(json.dumps(question) + "\n" for question in questions)
    result = subprocess.run([DISTRIBUTION_PYTHON, "-c", PEER], input=lines, capture_output=True, timeout=300, text=True,
                            check=True)
    return result.stdout.splitlines()


def random_text(rng):
    def character():
        kind = rng.randrange(4)
        if kind == 0:
            return rng.choice(SPECIAL)
        if kind == 1:
            return chr(rng.randrange(0x20, 0x7F))
        code = rng.randrange(0x10000) if kind == 2 else rng.randrange(0x10000, 0x110000)
        return chr(code) if not 0xD800 <= code < 0xE000 else "x"

    return "".join(character() for _ in range(rng.randrange(10)))


def test_keys_are_the_bytes_of_the_distributions_python(probe):
    rng = random.Random(1)
    questions = []
    for _ in range(5000):
        labels = {random_text(rng): random_text(rng) for _ in range(rng.randrange(5))}
        questions.append([random_text(rng), random_text(rng), labels, random_text(rng)])
    for question, expected in zip(questions, ask_distribution([["key", q] for q in questions]), strict=True):
        assert probe.write(*question) == expected
        assert probe.read(expected) == question


@property_test
@given(keys)
def test_key_is_what_json_dumps_writes(probe, key):
    assert probe.write(*key) == json.dumps(list(key), sort_keys=True)


@property_test
@given(keys, st.booleans(), st.sampled_from([(", ", ": "), (",", ":"), (" ,\t", " :\n")]), st.integers(0, 70))
def test_any_spelling_is_read_back(probe, key, ascii_only, separators, spaces):
    text = json.dumps(list(key), ensure_ascii=ascii_only, separators=separators) + " " * spaces
    assert probe.read(text) == list(key)


@property_test
@given(st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False)))
def test_label_values_that_are_no_strings_read_as_python_spells_them(probe, value):
    assert probe.read(json.dumps(["m", "s", {"a": value}, "h"]))[2] == {"a": str(value)}


@property_test
@given(st.text(st.one_of(st.characters(whitelist_categories=("Cs",)), characters), max_size=8))
def test_lone_surrogates_read_as_replacements(probe, help):
    text = json.dumps(["m", "s", {}, help])
    joined = json.loads(text)[3]
    assert probe.read(text)[3] == "".join("\ufffd" if 0xD800 <= ord(c) < 0xE000 else c for c in joined)


def accepted_by_python(text):
    def refuse_constant(name):
        raise ValueError(name)  # NaN and Infinity are no JSON

    try:
        key = json.loads(text, parse_constant=refuse_constant)
    except ValueError:
        return False
    if not isinstance(key, list) or len(key) != 4 or not isinstance(key[2], dict):
        return False
    scalars = (str, int, float, type(None))
    in_range = all(not isinstance(v, float) or math.isfinite(v) for v in key[2].values())
    are_texts = all(isinstance(key[i], str) for i in (0, 1, 3))
    return are_texts and all(isinstance(v, scalars) for v in key[2].values()) and in_range


@property_test
@given(st.data())
def test_damaged_keys_are_accepted_exactly_where_python_accepts_them(probe, data):
    text = data.draw(st.sampled_from([
        '["m", "s", {"a": "1", "b": "2"}, "h"]', '["m", "s", {}, "\\u00e9\\n"]',
        '["m", "s", {"a": 1, "b": null, "c": true}, ""]']))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(text)))
        cut = data.draw(st.integers(0, 2))
        text = text[:at] + data.draw(st.sampled_from(['', '"', '\\', ',', ':', '{', '}', '[', ']', ' ', '1', '-', '.',
                                                      'e', 'x', 'é', 'u'])) + text[at + cut:]
    assert (probe.read(text) is not None) == accepted_by_python(text), text


def metric_doubles():
    rng = random.Random(2)
    values = [0.0, -0.0, math.inf, -math.inf, math.nan, 5e-324, 1.7976931348623157e308]
    values += [x for e in range(-30, 30)
               for x in (10.0**e, math.nextafter(10.0**e, 0), math.nextafter(10.0**e, math.inf))]
    for _ in range(8000):
        values.append(struct.unpack(">d", rng.randbytes(8))[0])
        values.append(float(rng.getrandbits(rng.randrange(1, 70))))
        values.append(rng.getrandbits(rng.randrange(1, 50)) / 10 ** rng.randrange(10))
    return values


def test_numbers_are_spelled_as_the_distributions_python_client_spells_them(probe):
    values = metric_doubles()
    bits = [struct.pack(">d", value).hex() for value in values]
    for value, word, expected in zip(values, bits, ask_distribution([["number", w] for w in bits]), strict=True):
        go, openmetrics, python, bound = probe.ask("number " + word).split(" ")
        assert [python, bound] == expected.split(" ")
        if not math.isnan(value):
            assert struct.pack(">d", float(go)) == struct.pack(">d", float(openmetrics)) == struct.pack(">d", value)
