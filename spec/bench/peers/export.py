"""The export by hand in Python, with nothing but its standard library: reads COUNT events of a served emulator page by
page over one connection, signs each request, removes the values of secret names from JSON and from text and wherever
else those values stand, and writes lines of JSON with the record's text into a gzip-compressed file a day. It does less
than the export: it does not resume, does not sort, and finds no late events. Prints wall and CPU time.
usage: python3 export.py COUNT"""
import gzip
import hashlib
import hmac
import http.client
import json
import os
import re
import subprocess
import sys
import tempfile
import time

DAY = 86400
NAMES = ("token|secret|secret_?key|access_?key|api_?key|private_?key|password|passwd|pwd|passphrase|authorization"
         "|signature|cookie|user_?data|credential")
SECRET = re.compile("(?:%s)s?$" % NAMES, re.IGNORECASE)
FIELD = re.compile("((?:%s)s?\\s*[=:]\\s*)([^&;,\\s\"'<>]+)" % NAMES, re.IGNORECASE)
SCHEME = re.compile("\\b((?:bearer|basic) +)([A-Za-z0-9._~+/=-]{8,})", re.IGNORECASE)
MARK = "[redacted]"


def start(count):
    """The emulator as a child process, and what it exports."""
    child = subprocess.Popen(["lua5.4", "bin/cloudaudit", "emulate", "--events", str(count), "--rate", "0",
                              "--print-env", "--until-stdin-closes"],
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    values = {}
    while "CLOUDAUDIT_EMULATOR_PID" not in values:
        match = re.match("export ([A-Z_]+)='(.*)'", child.stdout.readline())
        if match:
            values[match[1]] = match[2]
    return child, values


def keyed(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def headers(values, host, body):
    """TC3-HMAC-SHA256 over content-type, host and x-tc-action."""
    now = int(time.time())
    date = time.strftime("%Y-%m-%d", time.gmtime(now))
    signed = "content-type;host;x-tc-action"
    canonical = "POST\n/\n\ncontent-type:application/json\nhost:%s\nx-tc-action:describeevents\n\n%s\n%s" % (
        host, signed, hashlib.sha256(body).hexdigest())
    scope = date + "/cloudaudit/tc3_request"
    key = keyed(keyed(keyed(("TC3" + values["TENCENTCLOUD_SECRET_KEY"]).encode(), date), "cloudaudit"), "tc3_request")
    signature = keyed(key, "TC3-HMAC-SHA256\n%d\n%s\n%s" % (
        now, scope, hashlib.sha256(canonical.encode()).hexdigest())).hex()
    return {
        "Content-Type": "application/json", "X-TC-Action": "DescribeEvents", "X-TC-Version": "2019-03-19",
        "X-TC-Region": "ap-guangzhou", "X-TC-Timestamp": str(now),
        "Authorization": "TC3-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%s, Signature=%s" % (
            values["TENCENTCLOUD_SECRET_ID"], scope, signed, signature),
    }


def clean_text(text, found):
    """A text without secrets, which are added to found: JSON, or text with names before values."""
    if text[:1] in ("{", "["):
        try:
            return json.dumps(clean(json.loads(text), found), ensure_ascii=False, separators=(",", ":"))
        except ValueError:
            pass

    def hide(match):
        found.add(match[2])
        return match[1] + MARK
    return SCHEME.sub(hide, FIELD.sub(hide, text))


def clean(value, found):
    """A decoded value without secrets."""
    if isinstance(value, dict):
        out = {}
        pair = SECRET.search(str(value.get("Key") or value.get("Name") or ""))
        for name, item in value.items():
            if isinstance(item, str) and item and (SECRET.search(name) or pair and name == "Value"):
                if not item.startswith("AKID"):
                    found.add(item)
                    item = MARK
                out[name] = item
            else:
                out[name] = clean(item, found)
        return out
    if isinstance(value, list):
        return [clean(item, found) for item in value]
    return clean_text(value, found) if isinstance(value, str) else value


def outcome(event, record):
    """Whether the call succeeded, and the code of its error."""
    denied = record.get("camErrorCode")
    for code in (record.get("apiErrorCode"), denied, record.get("errorCode"), event.get("ErrorCode")):
        if code not in (None, "", 0, "0"):
            is_denied = denied or str(code).startswith(("UnauthorizedOperation", "AuthFailure"))
            return "denied" if is_denied else "failed", str(code)
    return "ok", None


def line_of(event):
    """The time, the id and the line of an event."""
    found = set()
    record = clean(json.loads(event["CloudAuditEvent"]), found)
    event = clean({name: value for name, value in event.items() if name != "CloudAuditEvent"}, found)
    who = record.get("userIdentity") or {}
    seconds = int(event["EventTime"])
    result, code = outcome(event, record)
    text = json.dumps({
        "id": event["EventId"], "time": seconds, "time_iso": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds)),
        "name": event["EventName"], "product": event["Resources"]["ResourceType"], "action": record.get("actionType"),
        "user": event["Username"], "user_type": who.get("type"), "principal_id": who.get("principalId"),
        "account_id": event.get("AccountID"), "access_key_id": event["SecretId"], "source_ip": event["SourceIPAddress"],
        "location": event.get("Location"), "region": event["EventRegion"],
        "resource": event["Resources"].get("ResourceName"), "resource_region": event.get("ResourceRegion"),
        "via": record.get("eventType"), "sensitive": record.get("sensitiveAction"), "result": result,
        "error_code": code, "error_message": record.get("apiErrorMessage") or record.get("errorMessage"),
        "user_agent": record.get("userAgent"), "request_id": event["RequestID"],
        "raw": json.dumps(record, ensure_ascii=False, separators=(",", ":")),
    }, ensure_ascii=False, separators=(",", ":"))
    for secret in found:
        if len(secret) >= 8:
            text = text.replace(secret, MARK)
    return seconds, event["EventId"], text


def copy(values, count, folder):
    host = values["CLOUDAUDIT_ENDPOINT"].split("//")[1]
    connection = http.client.HTTPConnection(host)
    files, seen = {}, set()
    end = int(time.time()) + 1
    for first in range(end - 31 * DAY, end, 29 * DAY):
        query = {"StartTime": first, "EndTime": min(first + 29 * DAY, end), "MaxResults": 50}
        while True:
            body = json.dumps(query).encode()
            connection.request("POST", "/", body, headers(values, host, body))
            page = json.loads(connection.getresponse().read())["Response"]
            for event in page["Events"]:
                seconds, identity, line = line_of(event)
                if identity in seen:
                    continue
                seen.add(identity)
                day = seconds // DAY
                if day not in files:
                    files[day] = gzip.open(os.path.join(folder, "%d.jsonl.gz" % day), "wt", 6, encoding="utf-8")
                files[day].write(line + "\n")
            if page["ListOver"]:
                break
            query["NextToken"] = page["NextToken"]
    for file in files.values():
        file.close()
    connection.close()
    assert len(seen) >= count, len(seen)


def main():
    count = int(sys.argv[1])
    child, values = start(count)
    with tempfile.TemporaryDirectory() as folder:
        wall, cpu = time.monotonic(), time.process_time()
        copy(values, count, folder)
        print("%d %d" % ((time.monotonic() - wall) * 1e9, (time.process_time() - cpu) * 1e9))
    child.stdin.close()
    child.wait()


main()
