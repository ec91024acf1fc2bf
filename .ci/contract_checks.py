"""What schemathesis holds beyond its own checks: whoever keeps to the schema is refused for a documented reason alone.

A schema cannot state everything, e.g. that one time is before another. What it cannot, it lists as `x-also-refused`, in the
words of the refusal; the document repeats it at the operation's 400.
"""

import schemathesis


def reasons(schema):
    """The messages that are listed anywhere in the document."""
    if isinstance(schema, dict):
        for name, value in schema.items():
            yield from value if name == "x-also-refused" else reasons(value)
    elif isinstance(schema, list):
        for item in schema:
            yield from reasons(item)


@schemathesis.check
def refused_with_a_reason(ctx, response, case):
    if response.status_code != 400 or not case.meta or not case.meta.generation.mode.is_positive:
        return
    problem = response.json()
    if problem["code"] != "invalid_request":
        return
    documented = set(reasons(case.operation.schema.raw_schema))
    for error in problem["errors"]:
        if error["message"] not in documented:
            raise AssertionError(f"refused without a documented reason: {error['field']}: {error['message']}")
