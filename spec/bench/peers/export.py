# What `cloudaudit export` does, as a Python loop with Debian's python3 alone (http.client, json, gzip, hmac): COUNT
# events of a served emulator, page by page with signed requests over one connection, into a gzip file of JSON lines a
# day. It does less: nothing is sorted, resumed or remembered, and with "plain" nothing is redacted. Prints wall and CPU
# time.
# usage: python3 export.py redacted|plain COUNT
import datetime
import gzip
import hashlib
import hmac
import http.client
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

REDACTED, COUNT = sys.argv[1] == "redacted", int(sys.argv[2])
SERVICE, DAY = "cloudaudit", 86400


class Emulator:
    def __init__(self):
        command = ["lua5.4", "bin/cloudaudit", "emulate", "--events", str(COUNT), "--rate", "0", "--print-env",
                   "--until-stdin-closes"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True)
        self.values = {}
        for line in self.process.stdout:
            if line.startswith("export "):
                name, value = line[len("export "):].strip().split("=", 1)
                self.values[name] = value.strip("'")
            if "CLOUDAUDIT_EMULATOR_PID" in self.values:
                break
        self.host = self.values["CLOUDAUDIT_ENDPOINT"].split("://")[1]

    def stop(self):
        self.process.stdin.close()
        self.process.wait()


def mac(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def headers_of(emulator, body):
    now = int(time.time())
    date = datetime.datetime.fromtimestamp(now, datetime.timezone.utc).strftime("%Y-%m-%d")
    signed = "content-type;host"
    canonical = "\n".join(["POST", "/", "", "content-type:application/json", "host:" + emulator.host, "", signed,
                           hashlib.sha256(body).hexdigest()])
    scope = f"{date}/{SERVICE}/tc3_request"
    text = "\n".join(["TC3-HMAC-SHA256", str(now), scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = ("TC3" + emulator.values["TENCENTCLOUD_SECRET_KEY"]).encode()
    for part in (date, SERVICE, "tc3_request"):
        key = mac(key, part)
    signature = mac(key, text).hex()
    identity = emulator.values["TENCENTCLOUD_SECRET_ID"]
    return {"Content-Type": "application/json", "Host": emulator.host, "X-TC-Action": "DescribeEvents",
            "X-TC-Version": "2019-03-19", "X-TC-Region": "ap-guangzhou", "X-TC-Timestamp": str(now),
            "Authorization": f"TC3-HMAC-SHA256 Credential={identity}/{scope}, SignedHeaders={signed}, "
                             f"Signature={signature}"}


def pages(emulator, connection, since, until):
    token = None
    while True:
        params = {"StartTime": since, "EndTime": until, "MaxResults": 50}
        if token is not None:
            params["NextToken"] = token
        body = json.dumps(params).encode()
        connection.request("POST", "/", body, headers_of(emulator, body))
        response = json.loads(connection.getresponse().read())["Response"]
        if "Error" in response:
            raise SystemExit(response["Error"])
        yield response["Events"]
        if response["ListOver"]:
            return
        token = response["NextToken"]


def text(value):
    return None if value in (None, "") else str(value)


SECRET = re.compile("password|passwd|secret_?key|token|signature|private_?key|credential", re.IGNORECASE)
IN_TEXT = re.compile("((?:password|token|signature|secretkey)=)[^&\\s\"]+", re.IGNORECASE)


# A value without its secrets; JSON in texts is opened, as records nest it. `found` gets the secrets.
def redact(value, found):
    if isinstance(value, dict):
        out = {}
        for name, item in value.items():
            if SECRET.search(name) and item not in (None, ""):
                found.append(str(item))
                item = "***"
            out[name] = redact(item, found)
        return out
    if isinstance(value, list):
        return [redact(item, found) for item in value]
    if isinstance(value, str):
        if value[:1] in ("{", "["):
            try:
                return json.dumps(redact(json.loads(value), found), ensure_ascii=False, separators=(",", ":"))
            except ValueError:
                pass
        return IN_TEXT.sub(r"\1***", value)
    return value


def line_of(row):
    if REDACTED:
        found = []
        row = redact(row, found)
        for secret in found: # where it stands in another text
            row["raw"] = row["raw"].replace(secret, "***")
    return json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


VIA = {"consolecall": "console", "apicall": "api", "miniprogramcall": "miniprogram"}
USERS = {"root": "root", "user": "user", "camuser": "user", "assumedrole": "role"}


def row_of(event):
    record = json.loads(event["CloudAuditEvent"])
    identity = record.get("userIdentity") or {}
    session = identity.get("sessionContext") or {}
    resources = event.get("Resources") or {}
    seconds = int(event["EventTime"])
    codes = [record.get(name) for name in ("camErrorCode", "apiErrorCode", "errorCode")] + [event.get("ErrorCode")]
    code = next((str(found) for found in codes if found not in (None, 0, "0", "")), None)
    denied = code and (record.get("camErrorCode") or code.startswith(("UnauthorizedOperation", "AuthFailure")))
    return seconds, {
        "id": event["EventId"], "time": seconds,
        "time_iso": datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "name": text(event.get("EventName")), "product": text(resources.get("ResourceType")),
        "action": (text(record.get("actionType")) or "").lower() or None, "user": text(event.get("Username")),
        "user_type": USERS.get(str(identity.get("type")).lower(), "unknown"),
        "principal_id": text(identity.get("principalId")), "account_id": text(event.get("AccountID")),
        "access_key_id": text(event.get("SecretId")), "source_ip": text(event.get("SourceIPAddress")),
        "location": text(event.get("Location")), "region": text(event.get("EventRegion")),
        "resource": text(resources.get("ResourceName")), "resource_region": text(event.get("ResourceRegion")),
        "via": VIA.get(str(record.get("eventType")).lower()), "sensitive": bool(record.get("sensitiveAction")),
        "mfa": bool(session.get("mfa")) if isinstance(session, dict) else None,
        "result": "denied" if denied else "failed" if code else "ok", "error_code": code,
        "error_message": text(record.get("apiErrorMessage")), "user_agent": text(record.get("userAgent")),
        "request_id": text(event.get("RequestID")), "raw": event["CloudAuditEvent"]}


def export(emulator, place):
    connection = http.client.HTTPConnection(emulator.host)
    count, day, out, until = 0, None, None, int(time.time())
    for first, last in ((until - 29 * DAY, until), (until - 31 * DAY, until - 29 * DAY - 1)):
        for page in pages(emulator, connection, first, last):
            for event in page:
                seconds, row = row_of(event)
                if seconds // DAY != day:
                    if out:
                        out.close()
                    day = seconds // DAY
                    out = gzip.open(os.path.join(place, f"{day}.jsonl.gz"), "ab", 6)
                out.write(line_of(row))
                count += 1
    out.close()
    connection.close()
    return count


emulator, place = Emulator(), tempfile.mkdtemp()
try:
    wall, cpu = time.perf_counter(), time.process_time()
    count = export(emulator, place)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    assert count >= COUNT, count
    print(f"{wall * 1e9:.0f} {cpu * 1e9:.0f}")
finally:
    emulator.stop()
    shutil.rmtree(place)
