"""What schemathesis holds beyond its own checks: whoever keeps to the schema is refused for a documented reason alone.

A schema cannot state everything, e.g. that one time is before another. What it cannot, an operation's 400 lists as
`x-also-refused`, in the words of the refusal.
"""

import schemathesis


@schemathesis.check
def refused_with_a_reason(ctx, response, case):
    if response.status_code != 400 or not case.meta or not case.meta.generation.mode.is_positive:
        return
    problem = response.json()
    if problem["code"] != "invalid_request":
        return
    operation = case.operation.schema.raw_schema["paths"][case.operation.path][case.operation.method.lower()]
    documented = operation["responses"]["400"].get("x-also-refused", [])
    for error in problem["errors"]:
        if error["message"] not in documented:
            raise AssertionError(f"refused without a documented reason: {error['field']}: {error['message']}")
