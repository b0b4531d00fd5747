"""What schemathesis is told of this server: how its scalars look, what is in the shop, and what to keep of answers.

Loaded by schemathesis (SCHEMATHESIS_HOOKS). FUZZ_URL is the endpoint, FUZZ_ANSWERS the file that each answer becomes
a line of.
"""

import base64
import json
import os
import threading
import urllib.request
import zlib
from pathlib import Path

import graphql
import schemathesis
from hypothesis import strategies as st
from schemathesis.graphql import nodes

import judge

LIST = "edges { cursor node { id } } nodes"
SHOP = f"""{{
  users(first: 20) {{ {LIST} {{ name email }} }}
  products(first: 20) {{ {LIST} {{ name sku }} }}
  orders(first: 20) {{ {LIST} {{ paymentReference }} }}
  events(first: 20) {{ edges {{ cursor }} nodes {{ commandId }} }}
  search(text: "a", first: 5) {{ edges {{ cursor }} }}
  log {{ head }}
}}"""


def ask(query):
    body = json.dumps({"query": query}).encode()
    request = urllib.request.Request(os.environ["FUZZ_URL"], body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as response:
        answer = json.load(response)
    if "errors" in answer:
        raise SystemExit(f"fuzz: the shop cannot be read: {answer['errors']}")
    return answer["data"]


shop = ask(SHOP)
head = int(shop["log"]["head"])
lists = [shop[name] for name in ("users", "products", "orders", "events", "search")]
cursors = [edge["cursor"] for each in lists for edge in each["edges"]]
ids = [edge["node"]["id"] for each in lists[:3] for edge in each["edges"]]
ids += [event["commandId"] for event in shop["events"]["nodes"]]
words = [text for each in lists[:3] for node in each["nodes"] for text in node.values() if text]


@st.composite
def mostly(draw, usual, *rest):
    """As it should be, but for one in sixteen: a query has many arguments, and one that is wrong ends it."""
    return draw(usual if draw(st.integers(0, 15)) != 7 else st.one_of(*rest))


texts = st.text(max_size=40) | st.text(min_size=190, max_size=220)
strings = texts.map(nodes.String)
numbers = st.integers().map(nodes.Int) | st.floats(allow_nan=False, allow_infinity=False).map(nodes.Float)
oddities = strings | numbers | st.booleans().map(nodes.Boolean) | st.just(nodes.List([])) | st.just(nodes.Object([]))
anything = st.recursive(
    oddities | st.just(nodes.Null),
    lambda inner: st.lists(inner, max_size=3).map(nodes.List)
    | st.dictionaries(st.sampled_from("abc"), inner, max_size=3).map(
        lambda fields: nodes.Object(
            [graphql.ObjectFieldNode(name=graphql.NameNode(value=name), value=value) for name, value in fields.items()]
        )
    ),
    max_leaves=6,
)
instants = st.datetimes(timezones=st.just(None)).map(lambda at: f"{at.isoformat()}Z")
recent = st.integers(0, 100 * 86_400).map(lambda seconds: f"-PT{seconds}S")
durations = recent | st.from_regex(r"\A-P([0-9]{1,3}[YMWD]){1,2}(T[0-9]{1,4}[HMS])?\Z")
positions = st.integers(0, head).map(str)
scalars = {
    "Moment": mostly(
        st.one_of(positions, recent, durations, instants).map(nodes.String) | st.integers(0, head).map(nodes.Int),
        oddities,
        st.dates().map(nodes.String),
    ),
    "Position": mostly(positions.map(nodes.String) | st.integers(0, head).map(nodes.Int), oddities),
    "DateTime": mostly(instants.map(nodes.String), oddities),
    "Date": mostly(st.dates().map(nodes.String), oddities),
    "Decimal": mostly(
        st.decimals(0, 10_000, places=2).map(nodes.String) | st.integers(0, 100).map(nodes.Int),
        st.decimals(allow_nan=False, allow_infinity=False).map(nodes.String),
        st.from_regex(r"\A-?[0-9]{1,40}(\.[0-9]{1,30})?(e-?[0-9]{1,3})?\Z").map(nodes.String),
        oddities,
    ),
    "CountryCode": mostly(
        st.sampled_from(["DE", "GB", "US", "FR"]).map(nodes.String), st.just("XX").map(nodes.String), oddities
    ),
    "CurrencyCode": mostly(
        st.sampled_from(["EUR", "USD", "JPY", "KWD"]).map(nodes.String), st.just("eur").map(nodes.String), oddities
    ),
    "JSON": anything,
    # The built-in ones too, so that most numbers of a page are ones, and most texts and ids are in the shop.
    "ID": mostly(st.sampled_from(ids).map(nodes.String), st.uuids().map(nodes.String), strings),
    "Int": mostly(st.integers(0, 5).map(nodes.Int), st.integers(-(2**31), 2**31 - 1).map(nodes.Int)),
    "String": mostly(st.sampled_from(words).map(nodes.String), strings),
}
for name, strategy in scalars.items():
    schemathesis.graphql.scalar(name, strategy)


class Pages(graphql.Visitor):
    """Makes most pages ones that can be: a number and a cursor of one direction. All four at once are refused."""

    def leave_field(self, node, *_):
        by_name = {argument.name.value: argument for argument in node.arguments}
        if "first" not in by_name:
            return None
        # The same query has to come out the same, so what is drawn is the query itself.
        drawn = zlib.crc32(graphql.print_ast(node).encode())
        kept = [name for name in by_name if name not in ("first", "after", "last", "before")]
        way = drawn % 4
        if way == 0:
            return None
        number, beside = ("last", "before") if way == 1 and "last" in by_name else ("first", "after")
        if way == 2:
            # Cursors were taken from lists as they are without arguments, and from the search for "a".
            kept = [name for name in kept if name == "text"] + [beside]
            by_name["text"] = argument("text", "a")
            by_name[beside] = argument(beside, broken(cursors[drawn // 4 % len(cursors)], drawn))
        arguments = tuple(by_name[name] for name in [*kept, number] if name in by_name)
        return graphql.FieldNode(
            alias=node.alias,
            name=node.name,
            arguments=arguments,
            directives=node.directives,
            selection_set=node.selection_set,
        )


def argument(name, text):
    return graphql.ArgumentNode(name=graphql.NameNode(value=name), value=nodes.String(text))


def broken(cursor, drawn):
    """A cursor as it was given out, or with one character changed: of its text, or of what is in it."""
    if drawn % 3 == 0:
        return cursor
    inside = drawn % 3 == 1
    plain = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)) if inside else cursor.encode()
    place = drawn // 16 % len(plain)
    changed = plain[:place] + bytes([32 + drawn // 4096 % 95]) + plain[place + 1 :]
    return base64.urlsafe_b64encode(changed).decode().rstrip("=") if inside else changed.decode()


@schemathesis.hook
def map_body(context, body):
    # What does not fit the schema is to be refused as it is.
    if graphql.validate(context.operation.schema.client_schema, body, max_errors=1):
        return body
    return graphql.visit(body, Pages())


answers = Path(os.environ["FUZZ_ANSWERS"]).open("a", encoding="utf-8")
one_at_a_time = threading.Lock()


@schemathesis.hook
def after_call(context, case, response):
    body, seconds = response.content, response.elapsed
    answer = {
        "operation": case.operation.label,
        "status": response.status_code,
        "codes": judge.codes(body),
        "seconds": seconds,
        "fault": judge.fault(response.status_code, body, seconds),
    }
    if answer["fault"]:
        answer.update(query=case.body, answer=body.decode(errors="replace"))
    with one_at_a_time:
        answers.write(f"{json.dumps(answer)}\n")
        answers.flush()


@schemathesis.check
def no_fault_of_ours(context, response, case):
    fault = judge.fault(response.status_code, response.content, response.elapsed)
    if fault:
        raise AssertionError(fault)
