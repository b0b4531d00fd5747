"""What an answer of the server means: the client's error, or a fault of the server's. Plain functions, no I/O.

Codes that are not listed as the client's are faults, so a code of tomorrow is one until somebody lists it.
"""

import json

# A request that takes longer hangs: the server itself ends a query after 10 s and a mutation after 15.
HANGS_AFTER = 10.0

CLIENT_ERRORS = frozenset(
    {
        "BAD_REQUEST",
        "BAD_USER_INPUT",
        "COST_LIMIT",
        "GRAPHQL_PARSE_FAILED",
        "GRAPHQL_VALIDATION_FAILED",
        "LOG_DIVERGED",
        "MOMENT_OUT_OF_RANGE",
        "OPERATION_RESOLUTION_FAILURE",
        "PERSISTED_QUERY_NOT_FOUND",
    }
)


def codes(body):
    """What an answer's body says went wrong: the code of each error, "(none)" for one without."""
    try:
        answer = json.loads(body)
    except ValueError:
        return []
    errors = answer.get("errors") if isinstance(answer, dict) else None
    return [code(error) for error in errors] if isinstance(errors, list) else []


def code(error):
    extensions = error.get("extensions") if isinstance(error, dict) else None
    found = extensions.get("code") if isinstance(extensions, dict) else None
    return found if isinstance(found, str) else "(none)"


def fault(status, body, seconds):
    """Why an answer is a fault of the server's, or None."""
    if status >= 500:
        return f"status {status}"
    if seconds > HANGS_AFTER:
        return f"it took {seconds:.1f} s"
    try:
        answer = json.loads(body)
    except ValueError:
        return "the answer is not JSON"
    if not isinstance(answer, dict) or not (answer.get("errors") or isinstance(answer.get("data"), dict)):
        return "the answer has neither data nor errors"
    ours = [found for found in codes(body) if found not in CLIENT_ERRORS]
    return f"an error with the code {ours[0]}" if ours else None


def faults_in_log(text):
    """The lines of the server's log that tell of a panic or an error."""
    return [line for line in text.splitlines() if "panicked" in line or " ERROR " in line]


def verdict(answers, log, ended, tool):
    """Everything wrong with a whole run, for people; empty when there is nothing.

    `answers` are dicts with `operation`, `status`, `codes`, `seconds` and `fault`; `ended` is how the server's
    process ended when told to, `tool` how schemathesis did: 0 is well.
    """
    wrong = [f"{answer['operation']}: {answer['fault']}" for answer in answers if answer["fault"]]
    wrong += [f"in the server's log: {line}" for line in faults_in_log(log)]
    if not any(answer["status"] == 200 and not answer["codes"] for answer in answers):
        wrong.append("no request was answered without an error, so nothing was looked at")
    if not any(answer["codes"] for answer in answers):
        wrong.append("no request was refused, so the questions were not bad enough")
    if ended != 0:
        wrong.append(f"the server ended with {ended}")
    if tool != 0:
        wrong.append(f"schemathesis ended with {tool}; what it found is above")
    return wrong


def figures(answers, slowest=5):
    """How many requests there were, by what they were answered with, and the slowest of them."""
    counts = {}
    for answer in answers:
        for kind in dict.fromkeys(answer["codes"]) or ["no error"]:
            counts[kind] = counts.get(kind, 0) + 1
    lines = [f"{len(answers):>9,}  requests to {len({answer['operation'] for answer in answers})} root fields"]
    lines += [f"{count:>9,}  {kind}" for kind, count in sorted(counts.items(), key=lambda pair: -pair[1])]
    worst = sorted(answers, key=lambda answer: -answer["seconds"])[:slowest]
    lines += [f"{answer['seconds'] * 1000:>6,.0f} ms  {answer['operation']}" for answer in worst]
    return "\n".join(lines)
