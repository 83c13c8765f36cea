// The official SDK with tracking sets of both kinds, and the error codes that reach it.
"use strict";
const assert = require("assert");

const STORAGE = { StorageType: "cos", StorageRegion: "ap-guangzhou", StorageName: "audit-cos", StoragePrefix: "test" };
// The input example in Tencent's documentation of CreateAuditTrack.
const SINGLE = {
  Name: "audit", ActionType: "Read", ResourceType: "audit", Status: 1, TrackForAllMembers: 1,
  EventNames: ["LookUpEvents", "DeleteAudit"], Storage: STORAGE,
};
// As the service shows it, with Compress filled in.
const SHOWN_STORAGE = Object.assign({ Compress: 1 }, STORAGE);
const SHOWN = Object.assign({}, SINGLE, { Storage: SHOWN_STORAGE });
const FILTERS = {
  ResourceFields: [
    { ResourceType: "cam", ActionType: "*", EventNames: ["*"] },
    { ResourceType: "cvm", ActionType: "Write", EventNames: ["RunInstances", "TerminateInstances"] },
  ],
};
const MULTI = { Name: "audit-events", Status: 0, Storage: STORAGE, Filters: FILTERS };

async function refused(code, promise) {
  let value;
  try {
    value = await promise;
  } catch (error) {
    assert.strictEqual(error.code, code, error.message);
    assert.match(error.requestId, /^[0-9a-f]{8}-/);
    return;
  }
  assert.fail(`${code} expected, got ${JSON.stringify(value)}`);
}

function without(object, ...names) {
  const copy = Object.assign({}, object);
  for (const name of names) delete copy[name];
  return copy;
}

// `check(name, fn)` runs one check; client and getClient are SDK clients over POST and GET.
async function run(check, client, getClient) {
  await check("creates the documented example as tracking set 1", async () => {
    const created = await client.CreateAuditTrack(SINGLE);
    assert.strictEqual(created.TrackId, 1);
    assert.match(created.RequestId, /^[0-9a-f-]{36}$/);
  });
  await check("describes it as it was created", async () => {
    const track = await client.DescribeAuditTrack({ TrackId: 1 });
    assert.match(track.CreateTime, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
    assert.deepStrictEqual(without(track, "CreateTime", "RequestId"), SHOWN);
  });
  await check("lists it, without the members that a list does not have", async () => {
    const list = await client.DescribeAuditTracks({ PageNumber: 1, PageSize: 10 });
    assert.strictEqual(list.TotalCount, 1);
    assert.deepStrictEqual(
      without(list.Tracks[0], "CreateTime"),
      Object.assign({ TrackId: 1 }, without(SHOWN, "TrackForAllMembers"))
    );
  });
  await check("modifies the given members and leaves the rest", async () => {
    await client.ModifyAuditTrack({ TrackId: 1, Status: 0, EventNames: ["*"] });
    const track = await client.DescribeAuditTrack({ TrackId: 1 });
    const expected = Object.assign({}, SHOWN, { Status: 0, EventNames: ["*"] });
    assert.deepStrictEqual(without(track, "CreateTime", "RequestId"), expected);
  });
  await check("a second tracking set of the name is refused", () =>
    refused("InvalidParameterValue.AliasAlreadyExists", client.CreateAuditTrack(SINGLE)));
  await check("another name is refused", () =>
    refused("InvalidParameterValue.AuditTrackNameNotSupportModify",
      client.ModifyAuditTrack({ TrackId: 1, Name: "other" })));
  await check("creates, describes and lists a multi-product tracking set", async () => {
    assert.strictEqual((await client.CreateEventsAuditTrack(MULTI)).TrackId, 2);
    const track = await client.DescribeAuditTrack({ TrackId: 2 });
    assert.deepStrictEqual(
      without(track, "CreateTime", "RequestId"),
      Object.assign({ TrackForAllMembers: 0, ActionType: "", ResourceType: "", EventNames: [] }, MULTI,
        { Storage: SHOWN_STORAGE }));
    const list = await client.DescribeAuditTracks({ PageNumber: 2, PageSize: 1 });
    assert.strictEqual(list.TotalCount, 2);
    assert.deepStrictEqual(list.Tracks.map((item) => item.Name), ["audit-events"]);
    assert.ok(!("Filters" in list.Tracks[0]));
  });
  await check("modifies a multi-product tracking set", async () => {
    const filters = { ResourceFields: [{ ResourceType: "*", ActionType: "Write", EventNames: ["*"] }] };
    await client.ModifyEventsAuditTrack({ TrackId: 2, Status: 1, Filters: filters });
    const track = await client.DescribeAuditTrack({ TrackId: 2 });
    assert.strictEqual(track.Status, 1);
    assert.deepStrictEqual(track.Filters, filters);
  });
  await check("modifying with the action of the other kind is refused", () =>
    refused("InvalidParameter", client.ModifyAuditTrack({ TrackId: 2, Status: 0 })));
  await check("GET gives the same as POST", async () => {
    const byPost = await client.DescribeAuditTrack({ TrackId: 2 });
    const byGet = await getClient.DescribeAuditTrack({ TrackId: 2 });
    assert.deepStrictEqual(without(byGet, "RequestId"), without(byPost, "RequestId"));
    assert.strictEqual((await getClient.CreateAuditTrack(Object.assign({}, SINGLE, { Name: "by-get" }))).TrackId, 3);
    const track = await client.DescribeAuditTrack({ TrackId: 3 });
    assert.deepStrictEqual(track.EventNames, SINGLE.EventNames);
    assert.deepStrictEqual(track.Storage, SHOWN_STORAGE);
  });
  await check("the quota holds", async () => {
    await client.CreateAuditTrack(Object.assign({}, SINGLE, { Name: "audit-4" }));
    await client.CreateAuditTrack(Object.assign({}, SINGLE, { Name: "audit-5" }));
    await refused("LimitExceeded.OverAmount", client.CreateAuditTrack(Object.assign({}, SINGLE, { Name: "audit-6" })));
  });
  await check("deletes tracking sets of both kinds", async () => {
    for (const TrackId of [1, 2, 3, 4, 5]) await client.DeleteAuditTrack({ TrackId });
    assert.strictEqual((await client.DescribeAuditTracks({ PageNumber: 1, PageSize: 10 })).TotalCount, 0);
  });
  await check("a deleted tracking set is not found", async () => {
    await refused("ResourceNotFound.AuditNotExist", client.DeleteAuditTrack({ TrackId: 1 }));
    await refused("ResourceNotFound.AuditNotExist", client.DescribeAuditTrack({ TrackId: 2 }));
  });
}

// Parameters and actions that the service does not know or accept.
async function runRefusals(check, client) {
  const cases = [
    ["UnknownParameter", "CreateAuditTrack", Object.assign({ Colour: "red" }, SINGLE)],
    ["MissingParameter", "CreateAuditTrack", without(SINGLE, "Storage")],
    ["InvalidParameter", "DescribeAuditTracks", { PageNumber: "1", PageSize: 10 }],
    ["InvalidParameterValue", "CreateAuditTrack", Object.assign({}, SINGLE, { Name: "ab" })],
    ["InvalidParameterValue", "CreateAuditTrack", Object.assign({}, SINGLE, { ResourceType: "*" })],
    ["InvalidAction", "CreateAudit", {}],
  ];
  for (const [code, action, params] of cases) {
    await check(`${code} for ${action}`, () => refused(code, client.request(action, params)));
  }
  await check("the calls appear as events", async () => {
    const now = Math.floor(Date.now() / 1000);
    const page = await client.DescribeEvents({
      StartTime: now - 600, EndTime: now + 60, MaxResults: 50,
      LookupAttributes: [{ AttributeKey: "EventName", AttributeValue: "CreateAuditTrack" }],
    });
    assert.strictEqual(page.ListOver, true);
    const first = page.Events[page.Events.length - 1];
    assert.strictEqual(first.EventName, "CreateAuditTrack");
    assert.deepStrictEqual(JSON.parse(JSON.parse(first.CloudAuditEvent).requestParameters),
      Object.assign({ Version: "2019-03-19" }, SINGLE));
  });
}

// The SDK reads NextToken as a double: what it sends back may be a neighbour of what it got.
async function runPages(check, client) {
  await check("pages to the end, with each event once", async () => {
    const now = Math.floor(Date.now() / 1000);
    const query = { StartTime: now - 600, EndTime: now + 60, MaxResults: 4,
      LookupAttributes: [{ AttributeKey: "ActionType", AttributeValue: "Write" }] };
    const ids = [];
    let page = {};
    for (let pages = 0; !page.ListOver; pages++) {
      assert.ok(pages < 50);
      page = await client.DescribeEvents(Object.assign({}, query, page.NextToken ? { NextToken: page.NextToken } : {}));
      assert.ok(page.NextToken > Number.MAX_SAFE_INTEGER);
      ids.push(...page.Events.map((event) => event.EventId));
    }
    assert.ok(ids.length > 12);
    assert.strictEqual(new Set(ids).size, ids.length);
    assert.strictEqual(page.TotalCount, ids.length);
  });
}

// The older signatures, of which the SDK offers two.
async function runV1(check, name, client) {
  await check(`creates, reads and deletes a tracking set with ${name}`, async () => {
    const { TrackId } = await client.CreateAuditTrack(SINGLE);
    const track = await client.DescribeAuditTrack({ TrackId });
    assert.deepStrictEqual(without(track, "CreateTime", "RequestId"), SHOWN);
    await refused("InvalidParameterValue.AliasAlreadyExists", client.CreateAuditTrack(SINGLE));
    await client.DeleteAuditTrack({ TrackId });
  });
}

module.exports = { run, runRefusals, runPages, runV1 };
