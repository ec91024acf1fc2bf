"""Prints a SAM template as plain CloudFormation, expanded offline, because linters check more of that."""

import json
import sys

from samcli.yamlhelper import yaml_parse
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

with open(sys.argv[1], encoding="utf-8") as file:
    template = yaml_parse(file.read())
# A code location as `sam deploy` would set it.
for resource in template["Resources"].values():
    if resource["Type"] == "AWS::Serverless::Function":
        resource["Properties"]["CodeUri"] = "s3://bucket/key"
# The template defines its own roles, so no managed policies are needed.
expanded = Translator({}, Parser()).translate(template, {})
json.dump(expanded, sys.stdout, indent=1)
