"""Validates JSON lines on standard input against an OCSF schema: prints "N valid", or each problem with its line."""
import json
import sys
from jsonschema import Draft202012Validator

validator = Draft202012Validator(json.load(open(sys.argv[1])))
valid = 0
for number, line in enumerate(sys.stdin, 1):
    problems = list(validator.iter_errors(json.loads(line)))
    for problem in problems:
        print(number, "/".join(map(str, problem.absolute_path)), problem.message[:200])
    valid += not problems
print(valid, "valid")
