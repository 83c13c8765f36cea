"""A Python program that signs as the official Python SDK does, with Debian's requests, against the emulator at the
address that `emulate --print-env` announces. The SDK's habits: the service's name is a constant, Host is the endpoint
with its port, JSON is written with blanks and escapes, a GET is encoded by urllib. Prints "N passed, N failed"."""

import base64
import hashlib
import hmac
import json
import os
import sys
import time
import urllib.parse
import uuid

import requests

ENDPOINT = os.environ["CLOUDAUDIT_ENDPOINT"]
CA_FILE = os.environ.get("CLOUDAUDIT_CA_FILE")
SECRET_ID = os.environ["TENCENTCLOUD_SECRET_ID"]
SECRET_KEY = os.environ["TENCENTCLOUD_SECRET_KEY"]
HOST = urllib.parse.urlsplit(ENDPOINT).netloc
VERSION, REGION = "2019-03-19", "ap-guangzhou"
FORM = "application/x-www-form-urlencoded"

session = requests.Session()
session.trust_env = False  # no proxy, and no CA of the environment
session.verify = CA_FILE or True


def flat(value, prefix=""):
    """The parameters as dotted names, for GET and for the older signatures."""
    items = enumerate(value) if isinstance(value, list) else value.items()
    out = {}
    for name, member in items:
        path = f"{prefix}.{name}" if prefix else str(name)
        if isinstance(member, (dict, list)):
            out.update(flat(member, path))
        else:
            out[path] = member
    return out


def hmac_sha256(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def tc3_headers(method, content_type, query, body, unsigned):
    timestamp = int(time.time())
    date = time.strftime("%Y-%m-%d", time.gmtime(timestamp))
    payload = b"UNSIGNED-PAYLOAD" if unsigned else body
    canonical = "\n".join(
        [method, "/", query, f"content-type:{content_type}\nhost:{HOST}\n", "content-type;host",
         hashlib.sha256(payload).hexdigest()])
    scope = f"{date}/cloudaudit/tc3_request"
    to_sign = "\n".join(["TC3-HMAC-SHA256", str(timestamp), scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = hmac_sha256(hmac_sha256(hmac_sha256(b"TC3" + SECRET_KEY.encode(), date), "cloudaudit"), "tc3_request")
    signature = hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()
    headers = {
        "Content-Type": content_type, "Host": HOST, "X-TC-Timestamp": str(timestamp),
        "Authorization": f"TC3-HMAC-SHA256 Credential={SECRET_ID}/{scope}, SignedHeaders=content-type;host, "
                         f"Signature={signature}"}
    if unsigned:
        headers["X-TC-Content-SHA256"] = "UNSIGNED-PAYLOAD"
    return headers


def call_tc3(action, params, method="POST", unsigned=False):
    query, body, content_type = "", b"", FORM
    if method == "GET":
        query = urllib.parse.urlencode(flat(params))
    else:
        body, content_type = json.dumps(params).encode(), "application/json"
    headers = tc3_headers(method, content_type, query, body, unsigned)
    headers.update({"X-TC-Action": action, "X-TC-Version": VERSION, "X-TC-Region": REGION,
                    "X-TC-RequestClient": "SDK_PYTHON_3.0.0", "X-TC-TraceId": str(uuid.uuid4())})
    url = ENDPOINT + "/" + ("?" + query if query else "")
    return session.request(method, url, headers=headers, data=body, timeout=10)


def call_v1(action, params, method, digest):
    values = flat(params)
    values.update({"Action": action, "Version": VERSION, "Region": REGION, "Timestamp": int(time.time()),
                   "Nonce": 11886, "SecretId": SECRET_ID, "SignatureMethod": digest, "RequestClient": "SDK_PYTHON_3.0.0"})
    text = method + HOST + "/?" + "&".join(f"{name}={values[name]}" for name in sorted(values))
    algorithm = hashlib.sha1 if digest == "HmacSHA1" else hashlib.sha256
    values["Signature"] = base64.b64encode(hmac.new(SECRET_KEY.encode(), text.encode(), algorithm).digest()).decode()
    encoded = urllib.parse.urlencode(values)
    if method == "GET":
        return session.get(f"{ENDPOINT}/?{encoded}", headers={"Content-Type": FORM}, timeout=10)
    return session.post(ENDPOINT + "/", data=encoded, headers={"Content-Type": FORM}, timeout=10)


def read(answer):
    assert answer.status_code == 200, answer.status_code
    # The SDK compares the whole value; with a charset it would take errors for successes.
    assert answer.headers["Content-Type"] == "application/json", answer.headers["Content-Type"]
    return answer.json()["Response"]


CALLS = {
    "TC3 by POST": lambda action, params: call_tc3(action, params),
    "TC3 by GET": lambda action, params: call_tc3(action, params, "GET"),
    "TC3 by POST, unsigned payload": lambda action, params: call_tc3(action, params, unsigned=True),
    "HmacSHA1 by GET": lambda action, params: call_v1(action, params, "GET", "HmacSHA1"),
    "HmacSHA256 by GET": lambda action, params: call_v1(action, params, "GET", "HmacSHA256"),
    "HmacSHA1 by POST": lambda action, params: call_v1(action, params, "POST", "HmacSHA1"),
    "HmacSHA256 by POST": lambda action, params: call_v1(action, params, "POST", "HmacSHA256"),
}

TRACK = {
    "Name": "by-python", "ActionType": "Write", "ResourceType": "cam", "Status": 1,
    "EventNames": ["CreateUser", "DeleteUser"], "TrackForAllMembers": 0,
    "Storage": {"StorageType": "cos", "StorageRegion": "ap-guangzhou", "StorageName": "audit", "StoragePrefix": "test"},
}


def check_tracks(call):
    created = read(call("CreateAuditTrack", TRACK))
    assert "Error" not in created, created
    shown = read(call("DescribeAuditTrack", {"TrackId": created["TrackId"]}))
    for name, value in TRACK.items():
        found = dict(shown[name], Compress=None) if name == "Storage" else shown[name]
        assert found == (dict(value, Compress=None) if name == "Storage" else value), (name, shown[name])
    refused = read(call("CreateAuditTrack", TRACK))
    assert refused["Error"]["Code"] == "InvalidParameterValue.AliasAlreadyExists", refused
    assert read(call("DeleteAuditTrack", {"TrackId": created["TrackId"]})).keys() == {"RequestId"}


def check_events(call):
    """Pages to the end, with conditions of blanks, signs and Chinese."""
    now, seen, token = int(time.time()), [], None
    odd = read(call("DescribeEvents", {"StartTime": now - 60, "EndTime": now + 60, "LookupAttributes": [
        {"AttributeKey": "ResourceName", "AttributeValue": "a b+c/=&%41 审计"}]}))
    assert odd["Events"] == [] and odd["ListOver"] is True, odd
    while True:
        query = {"StartTime": now - 600, "EndTime": now + 60, "MaxResults": 5, "LookupAttributes": [
            {"AttributeKey": "EventName", "AttributeValue": "CreateAuditTrack"}]}
        if token is not None:
            query["NextToken"] = token
        page = read(call("DescribeEvents", query))
        seen += [event["EventId"] for event in page["Events"]]
        token = page["NextToken"]
        if page["ListOver"]:
            break
    assert len(seen) == len(set(seen)) and len(seen) == page["TotalCount"] and seen, (len(seen), page["TotalCount"])


def main():
    passed = failed = 0
    for name, call in CALLS.items():
        for check in (check_tracks, check_events):
            try:
                check(call)
                passed += 1
            except Exception as problem:  # each check is reported, whatever stops it
                failed += 1
                print(f"failed: {name}, {check.__name__}: {problem!r}", file=sys.stderr)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


sys.exit(main())
