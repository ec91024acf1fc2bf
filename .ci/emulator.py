"""Deploys the output of `sam build` to an AWS emulator, and runs a command against the deployment.

    emulator.py SAM TEMPLATE COMMAND...

SAM is the SAM CLI, TEMPLATE the built template. Functions are the built binaries, running as child processes under their roles
in the template: actions that a role does not allow are denied. The command gets these environment variables:

    FRONTROW_URL        the API
    FRONTROW_MAILS      base URL of `/_local/mails`, as in the local stack
    FRONTROW_FUNCTION_URLS
                        where function URLs are served, by their host
    FRONTROW_OUTPUTS    the stack's outputs, as JSON
    AWS_ENDPOINT_URL    the emulator, with its root credentials

Differences between the emulator and AWS are bridged here, see `bridge_*`, and never in the template.
"""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import boto3
from mailbox_of_ses import Mailbox
from samtranslator.yaml_helper import yaml_parse

LOG = "emulator.log"
STACK = "frontrow"
REGION = "ap-northeast-2"
DOMAIN = "example.com"
PARAMETERS = {
    "Architecture": "x86_64",
    "OrganizerEmails": "organizer@example.com",
    "MailFrom": f"tickets@{DOMAIN}",
    "MailIdentity": DOMAIN,
    "DeletionProtection": "false",
    "PollUrl": "function-url",
}
START_SECONDS = 60
# Key of the payment provider that `cargo run` simulates.
PROVIDER_KEY = "local-provider-secret-key"


def say(text):
    print(f"emulator: {text}", flush=True)


def free_port():
    with contextlib.closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


# Processes that run beside this one.


@contextlib.contextmanager
def process(command, log, ready, **options):
    """Runs the command as a process group leader, waits until `ready` responds, and finally kills the whole group."""
    with log.open("w") as output:
        leader = subprocess.Popen(command, stdout=output, stderr=output, start_new_session=True, **options)
    try:
        deadline = time.monotonic() + START_SECONDS
        while not answers(ready):
            if leader.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"{command[0]} did not start: {log}")
            time.sleep(0.1)
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(leader.pid, signal.SIGKILL)
        leader.wait()


def answers(url):
    with contextlib.suppress(urllib.error.HTTPError, OSError):
        urllib.request.urlopen(url, timeout=5).close()
        return True


@contextlib.contextmanager
def payment_provider(directory):
    """The simulated payment provider of the local stack."""
    url = f"http://127.0.0.1:{free_port()}"
    command = ["cargo", "run", "--locked", "--quiet", "--", "--services-only", "--port", url.rpartition(":")[2]]
    with process(command, directory / "provider.log", f"{url}/_local/mails"):
        yield url


@contextlib.contextmanager
def emulator(directory, smtp_port):
    """Runs the emulator on a free port, without our environment, because its functions inherit that."""
    port = free_port()
    environment = {
        "PATH": os.environ["PATH"],
        "TMPDIR": str(directory),
        "AUTH": "true",
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "MINISTACK_REGION": REGION,
        "SMTP_HOST": f"127.0.0.1:{smtp_port}",
    }
    url = f"http://127.0.0.1:{port}"
    program = Path(sys.executable).with_name("ministack")
    with process([program], directory / LOG, f"{url}/_ministack/ready", env=environment):
        yield url


# Deploying, and checking the deployment.


def deploy(sam, template, parameters):
    overrides = [f"{name}={value}" for name, value in parameters.items()]
    command = [sam, "deploy", "--template-file", template, "--stack-name", STACK, "--resolve-s3"]
    command += ["--capabilities", "CAPABILITY_IAM", "--no-confirm-changeset", "--no-progressbar"]
    started = time.monotonic()
    done = subprocess.run([*command, "--parameter-overrides", *overrides], capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"sam deploy failed:\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
    say(f"sam deploy took {time.monotonic() - started:.0f} s")


class Deployed:
    """The stack as the emulator reports it after the deployment."""

    def __init__(self):
        formation = boto3.client("cloudformation")
        self.template = formation.get_template(StackName=STACK, TemplateStage="Processed")["TemplateBody"]["Resources"]
        listed = formation.describe_stack_resources(StackName=STACK)["StackResources"]
        self.names = {resource["LogicalResourceId"]: resource["PhysicalResourceId"] for resource in listed}
        stack = formation.describe_stacks(StackName=STACK)["Stacks"][0]
        self.outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}

    def of_type(self, kind):
        return {name: it.get("Properties", {}) for name, it in self.template.items() if it["Type"] == kind}

    def policies(self):
        """Role, name and document of each policy."""
        roles = boto3.client("iam")
        for name in self.of_type("AWS::IAM::Role"):
            role = self.names[name]
            for policy in roles.list_role_policies(RoleName=role)["PolicyNames"]:
                yield role, policy, roles.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"]

    def check(self, url):
        functions = boto3.client("lambda")
        for name, declared in self.of_type("AWS::Lambda::Function").items():
            found = functions.get_function(FunctionName=self.names[name])["Configuration"]
            variables = found["Environment"]["Variables"]
            assert found["State"] == "Active" and found["CodeSize"] > 100_000, found
            assert found["Runtime"] == "provided.al2023" and found["Timeout"] == declared["Timeout"], found
            assert variables.keys() == declared["Environment"]["Variables"].keys(), (name, variables)
            assert variables["AWS_ENDPOINT_URL"] == url, (name, variables)
        mappings = {mapping["UUID"]: mapping for mapping in functions.list_event_source_mappings()["EventSourceMappings"]}
        for name, declared in self.of_type("AWS::Lambda::EventSourceMapping").items():
            found = mappings[self.names[name]]
            assert found["State"] == "Enabled" and found["FunctionResponseTypes"] == ["ReportBatchItemFailures"], found
            filters = declared.get("FilterCriteria", {}).get("Filters", [])
            assert len(found.get("FilterCriteria", {}).get("Filters", [])) == len(filters), found
        queues = boto3.client("sqs")
        for name, declared in self.of_type("AWS::SQS::Queue").items():
            found = queues.get_queue_attributes(QueueUrl=self.names[name], AttributeNames=["All"])["Attributes"]
            redrive = json.loads(found.get("RedrivePolicy", "{}")).get("maxReceiveCount")
            assert redrive == declared.get("RedrivePolicy", {}).get("maxReceiveCount"), found
        kinds = ["Lambda::Function", "Lambda::EventSourceMapping", "SQS::Queue", "IAM::Role", "CloudWatch::Alarm"]
        say(", ".join(f"{len(self.of_type(f'AWS::{kind}'))} {kind}" for kind in kinds) + " are there")


# Differences between the emulator and AWS.


def bridge_alarms(template):
    """The emulator rejects alarms on metric expressions, so they are removed from its template. It has no metrics that could
    trigger any alarm."""
    parsed = yaml_parse(Path(template).read_text())
    resources = parsed["Resources"]
    computed = [name for name, resource in resources.items() if "Metrics" in resource.get("Properties", {})]
    for name in computed:
        assert resources.pop(name)["Type"] == "AWS::CloudWatch::Alarm", name
    say(f"without {', '.join(computed)}")
    bridged = Path(template).with_name("emulated.json")
    bridged.write_text(json.dumps(parsed))
    return bridged


def bridge_routes(stack):
    """The emulator ignores the OpenAPI body in which SAM declares an HTTP API's routes, so they are created one by one."""
    gateway = boto3.client("apigatewayv2")
    functions = boto3.client("lambda")
    [(name, api)] = stack.of_type("AWS::ApiGatewayV2::Api").items()
    api_id = stack.names[name]
    routes = 0
    for path, methods in api["Body"]["paths"].items():
        for method, declared in methods.items():
            target = declared["x-amazon-apigateway-integration"]
            function = re.search(r"\$\{(\w+)\.Arn\}", json.dumps(target["uri"])).group(1)
            arn = functions.get_function(FunctionName=stack.names[function])["Configuration"]["FunctionArn"]
            made = gateway.create_integration(
                ApiId=api_id,
                IntegrationType="AWS_PROXY",
                IntegrationUri=arn,
                PayloadFormatVersion=target["payloadFormatVersion"],
            )
            key = "$default" if declared.get("isDefaultRoute") else f"{method.upper()} {path}"
            gateway.create_route(ApiId=api_id, RouteKey=key, Target=f"integrations/{made['IntegrationId']}")
            routes += 1
    say(f"{routes} routes")
    return f"{os.environ['AWS_ENDPOINT_URL']}/_aws/execute-api/{api_id}/$default"


def bridge_mappings(stack):
    """The emulator stores a mapping's concurrency as text if a parameter sets it, and cannot compare that with a number."""
    functions = boto3.client("lambda")
    for name in stack.of_type("AWS::Lambda::EventSourceMapping"):
        found = functions.get_event_source_mapping(UUID=stack.names[name])
        if scaling := found.get("ScalingConfig"):
            scaling = {"MaximumConcurrency": int(scaling["MaximumConcurrency"])}
            functions.update_event_source_mapping(UUID=stack.names[name], ScalingConfig=scaling)


def bridge_roles(stack):
    """The emulator evaluates policies differently. `Ref` of a secret is its name; on AWS it is the ARN that policies allow. The
    permission to send a message does not include sending a batch, which is a separate action. `ses:SendRawEmail` must be allowed
    on `*`, where AWS checks the identity and the configuration set: here, a role that may send mails may send any. Conditions on
    partition keys and on the sender are removed, because the emulator does not support their names."""
    secrets = boto3.client("secretsmanager")
    names = [stack.names[name] for name in stack.of_type("AWS::SecretsManager::Secret")]
    told = {name: secrets.describe_secret(SecretId=name)["ARN"] for name in names}
    for role, policy, document in stack.policies():
        for statement in document["Statement"]:
            statement.pop("Condition", None)
            match statement["Action"]:
                case "secretsmanager:GetSecretValue":
                    statement["Resource"] = [told[name] for name in listed(statement["Resource"])]
                case "sqs:SendMessage":
                    statement["Action"] = ["sqs:SendMessage", "sqs:SendMessageBatch"]
                case "ses:SendRawEmail":
                    statement["Resource"] = "*"
        boto3.client("iam").put_role_policy(RoleName=role, PolicyName=policy, PolicyDocument=json.dumps(document))


def listed(value):
    return value if isinstance(value, list) else [value]


def keep_logs(file):
    """Stores the functions' logs in `file`."""
    logs = boto3.client("logs")
    with file.open("w") as kept:
        for group in logs.get_paginator("describe_log_groups").paginate().search("logGroups[].logGroupName"):
            for event in logs.get_paginator("filter_log_events").paginate(logGroupName=group).search("events[]"):
                print(group, event["message"], file=kept)


def refusals(log):
    """The actions that roles denied."""
    return sorted(set(re.findall(r"User: \S+/(\S+) is not authorized to perform: (\S+)", log.read_text())))


def main(sam, template, command):
    directory = Path(template).resolve().parent / "emulator"
    directory.mkdir(parents=True, exist_ok=True)
    mailbox = Mailbox()
    with payment_provider(directory) as provider, emulator(directory, mailbox.smtp_port) as url:
        os.environ |= {
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_DEFAULT_REGION": REGION,
            "AWS_REGION": REGION,
            "AWS_ENDPOINT_URL": url,
            "SAM_CLI_TELEMETRY": "0",
        }
        boto3.client("sesv2").create_email_identity(EmailIdentity=DOMAIN)
        deploy(sam, bridge_alarms(template), PARAMETERS | {"AwsEndpointUrl": url, "ProviderUrl": provider})
        stack = Deployed()
        stack.check(url)
        key = stack.outputs["ProviderKeyArn"]
        boto3.client("secretsmanager").put_secret_value(SecretId=key, SecretString=PROVIDER_KEY)
        bridge_mappings(stack)
        bridge_roles(stack)
        os.environ |= {
            "FRONTROW_URL": bridge_routes(stack),
            "FRONTROW_MAILS": f"http://127.0.0.1:{mailbox.http_port}",
            "FRONTROW_FUNCTION_URLS": url,
            "FRONTROW_OUTPUTS": json.dumps(stack.outputs),
            "FRONTROW_CARDS": "yes",
        }
        code = subprocess.run(command).returncode
        keep_logs(directory / "functions.log")
    log = directory / LOG
    started = set(re.findall(r"environment spawned for (\S+) ", log.read_text()))
    say(f"{len(started)} functions ran; {len(mailbox.mails)} mails; logs are in {directory}")
    if refused := refusals(directory / "functions.log"):
        raise SystemExit(f"emulator: roles do not allow what functions did: {refused}")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], sys.argv[3:]))
