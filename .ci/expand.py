"""Prints a SAM template as the plain CloudFormation that AWS makes of it, without asking AWS: linters know more of that."""

import json
import sys

from samcli.yamlhelper import yaml_parse
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

with open(sys.argv[1], encoding="utf-8") as file:
    template = yaml_parse(file.read())
# Code is where `sam deploy` would have put it.
for resource in template["Resources"].values():
    if resource["Type"] == "AWS::Serverless::Function":
        resource["Properties"]["CodeUri"] = "s3://bucket/key"
# Roles are the template's own: no managed policy is looked up.
expanded = Translator({}, Parser()).translate(template, {})
json.dump(expanded, sys.stdout, indent=1)
