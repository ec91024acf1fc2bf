"""An additional schemathesis check: input that matches the schema is rejected only for a documented reason.

A schema cannot express every rule, for example that one time is before another. An operation's 400 response lists the messages
of such rejections as `x-also-refused`.
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
