// The statements of doc/export.md in DuckDB, on a folder that cloudaudit export has written, against the list of what
// was exported. usage: check.js FOLDER: archive/ and expected.json are in it; the statements write there.
"use strict";
const assert = require("assert");
const fs = require("fs");
const path = require("path");
const { DuckDBInstance } = require("@duckdb/node-api");

const chapter = fs.readFileSync(path.join(__dirname, "../../../doc/export.md"), "utf8");
const blocks = [...chapter.matchAll(/```sql duckdb\n([^]*?)```/g)].map((match) => match[1]);
const statements = blocks.flatMap((block) => block.split(/;\s*\n/)).map((text) => text.trim()).filter(Boolean);

// Counts by a key, as an object with sorted keys.
function counted(list, key) {
  const counts = {};
  for (const item of list) counts[key(item)] = (counts[key(item)] || 0) + 1;
  return Object.fromEntries(Object.entries(counts).sort());
}

async function main() {
  process.chdir(process.argv[2]);
  const expected = JSON.parse(fs.readFileSync("expected.json", "utf8"));
  const connection = await (await DuckDBInstance.create(":memory:")).connect();
  const rows = async (sql) => (await connection.runAndReadAll(sql)).getRowObjectsJson();
  await connection.run("SET autoinstall_known_extensions = false; SET autoload_known_extensions = false; SET TimeZone = 'UTC'");

  assert(statements.length >= 5, "doc/export.md has statements for DuckDB");
  for (const statement of statements) await rows(statement);

  for (const source of ["events", "'events.parquet'"]) {
    const found = await rows(`SELECT id, time, "user", account_id, dt, strlen(raw) AS bytes, raw FROM ${source}`);
    assert.strictEqual(found.length, expected.length, source);
    assert.deepStrictEqual(found.map((row) => row.id).sort(), expected.map((row) => row.id).sort());
    assert.deepStrictEqual(counted(found, (row) => row.dt), counted(expected, (row) => row.day));
    const by_id = Object.fromEntries(expected.map((row) => [row.id, row]));
    for (const row of found) {
      const right = by_id[row.id];
      assert.deepStrictEqual([row.time, row.user, row.account_id, row.raw],
        [String(right.time), right.user, right.account_id, right.raw], row.id);
      assert.strictEqual(Number(row.bytes), Buffer.byteLength(right.raw), row.id);
    }
    const types = await rows(`SELECT column_name AS name, column_type AS type FROM (DESCRIBE SELECT * FROM ${source})`);
    for (const { name, type } of types) {
      const right = { time: "BIGINT", sensitive: "BOOLEAN", mfa: "BOOLEAN", dt: "DATE" }[name] || "VARCHAR";
      assert.strictEqual(type, right, name);
    }
    assert.strictEqual(types.length, 26);
  }
  const exact = await rows("SELECT json_extract_string(raw, '$.requestParameters') AS text FROM events WHERE id = 'exact'");
  assert.strictEqual(exact[0].text, '{"n":9007199254740993}');
  console.log(`${statements.length + 3} passed, 0 failed`);
}

main().catch((problem) => {
  console.error(problem);
  process.exit(1);
});
