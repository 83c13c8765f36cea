// The page of a report in Chromium. usage: node check.js FOLDER SCREENSHOTS
// FOLDER has page.html and cut.html (made with --max 300), and events.jsonl with the events of page.html.
"use strict";
const assert = require("node:assert");
const fs = require("node:fs");
const http = require("node:http");
const path = require("node:path");
const { Browser } = require("./browser.js");

const [folder, screenshots] = process.argv.slice(2);
const events = fs.readFileSync(path.join(folder, "events.jsonl"), "utf8").trim().split("\n")
  .map((line) => JSON.parse(line));
const HOUR = 3600;

let passed = 0;
let failed = 0;

async function test(name, body) {
  try {
    await body();
    passed += 1;
  } catch (error) {
    failed += 1;
    console.log(`[  FAILED  ] ${name}\n${error.stack}`);
  }
}

// Serves the folder, and notes every request.
function serve() {
  const asked = [];
  const server = http.createServer((request, response) => {
    asked.push(request.url);
    const file = path.join(folder, path.basename(request.url));
    if (!fs.existsSync(file)) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { "Content-Type": "text/html" }).end(fs.readFileSync(file));
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve({ asked, server,
    url: `http://127.0.0.1:${server.address().port}/` })));
}

// How often each value of a member occurs: [[value, count]…], the most frequent first.
function tally(member, list) {
  const counts = new Map();
  list.forEach((event) => counts.set(event[member], (counts.get(event[member]) || 0) + 1));
  return [...counts].sort((a, b) => b[1] - a[1]);
}

// The height of each class of rectangle in each bar of a chart.
function bars(page, id) {
  return page.evaluate(`[...document.querySelectorAll("#${id} .bar")].map((bar) => {
    const heights = {};
    for (const rect of bar.querySelectorAll("rect:not(.place)")) {
      heights[rect.getAttribute("class")] = rect.height.baseVal.value;
    }
    return { heights, title: bar.querySelector("title").textContent };
  })`);
}

// The heights that bars must have for lists of events, the top of the axis being so many events.
function expected(lists, top) {
  return lists.map((list) => {
    const heights = {};
    for (const [name, test] of [["denied", (e) => e.result === "denied"], ["failed", (e) => e.result === "failed"],
      ["other", (e) => e.result !== "denied" && e.result !== "failed"]]) {
      const count = list.filter(test).length;
      if (count > 0) heights[name] = 150 * count / top;
    }
    return heights;
  });
}

async function same_bars(page, id, lists) {
  const drawn = await bars(page, id);
  const top = await page.evaluate(`Number(document.querySelector("#${id}").previousElementSibling
    .querySelector("text:last-child").textContent.replace(/\\D/g, ""))`);
  const wanted = expected(lists, top);
  assert.strictEqual(drawn.length, wanted.length);
  drawn.forEach((bar, index) => {
    assert.deepStrictEqual(Object.keys(bar.heights).sort(), Object.keys(wanted[index]).sort(), bar.title);
    for (const name of Object.keys(wanted[index])) {
      assert.ok(Math.abs(bar.heights[name] - wanted[index][name]) < 0.01, `${bar.title}: ${name}`);
    }
    assert.ok(bar.title.includes(`: ${lists[index].length} event`), bar.title);
  });
}

async function numbers(page, site) {
  await test("bars are the events of each hour", async () => {
    const since = await page.evaluate("document.querySelector('.range span').textContent");
    const first = Math.floor(Date.parse(since.replace(" ", "T").replace(" ", "")) / 1000 / HOUR);
    const count = (await bars(page, "hours")).length;
    const lists = Array.from({ length: count }, (_, index) =>
      events.filter((event) => Math.floor(event.time / HOUR) === first + index));
    assert.strictEqual(lists.flat().length, events.length);
    await same_bars(page, "hours", lists);
  });

  await test("bars are the events of each hour of the day", () => same_bars(page, "day",
    Array.from({ length: 24 }, (_, hour) => events.filter((event) => Math.floor(event.time / HOUR) % 24 === hour))));

  for (const [id, member] of [["users", "user"], ["addresses", "source_ip"], ["products", "product"]]) {
    await test(`rows and their bars are the most frequent ${id}`, async () => {
      const rows = await page.evaluate(`[...document.querySelectorAll("#${id} tbody tr")].map((row) => ({
        value: row.cells[0].textContent, count: Number(row.cells[2].textContent),
        wide: row.querySelector("rect").getBoundingClientRect().width /
          row.querySelector("svg").getBoundingClientRect().width }))`);
      const counts = tally(member, events).slice(0, 10);
      assert.ok(rows.length > 3);
      assert.deepStrictEqual(rows.map((row) => row.count), counts.map((each) => each[1]));
      const all = new Map(tally(member, events));
      rows.forEach((row) => {
        assert.strictEqual(row.count, all.get(row.value), row.value);
        assert.ok(Math.abs(row.wide - row.count / counts[0][1]) < 0.01, row.value);
      });
    });
  }

  await test("totals and tables are those of the events", async () => {
    const totals = await page.evaluate(
      "[...document.querySelectorAll('.totals dd')].map((each) => Number(each.firstChild.data.replace(/\\D/g, '')))");
    const count = (key, value) => events.filter((event) => event[key] === value).length;
    assert.deepStrictEqual(totals, [events.length, count("action", "write"), count("result", "denied"),
      count("result", "failed"), tally("user", events).length, tally("product", events).length]);
    const denied = await page.evaluate(
      "[...document.querySelectorAll('#denied tbody tr')].map((row) => Number(row.cells[0].textContent))");
    assert.strictEqual(denied.reduce((sum, each) => sum + each, 0), totals[2]);
    const writes = await page.evaluate(
      "[...document.querySelectorAll('#writes tbody time')].map((each) => Date.parse(each.dateTime) / 1000)");
    assert.deepStrictEqual(writes, events.filter((event) => event.action === "write").slice(0, 500)
      .map((event) => event.time));
  });

  await test("a page that --max cut says so", async () => {
    const cut = await site.browser.page();
    await cut.open(`${site.url}cut.html`);
    const [warning, reach] = await cut.evaluate(
      "[document.querySelector('.warning').textContent, document.querySelector('.unread').width.baseVal.value]");
    await cut.close();
    assert.match(warning, /--max 300/);
    assert.ok(reach > 0);
  });
}

async function safety(page, site) {
  await test("nothing else is requested, and there is no error", async () => {
    for (const url of [`file://${path.resolve(folder)}/page.html`, `${site.url}page.html`]) {
      site.asked.length = 0;
      await page.open(url);
      await new Promise((resolve) => setTimeout(resolve, 300)); // for an icon, which is asked for late
      assert.deepStrictEqual(page.requests.filter((each) => !each.startsWith("data:")), [url]);
      assert.deepStrictEqual(page.errors, []);
      assert.deepStrictEqual(site.asked, url.startsWith("http") ? ["/page.html"] : []);
    }
  });

  await test("what events contain stays text", async () => {
    const found = await page.evaluate(`({ hacked: typeof window.hacked, scripts: document.scripts.length,
      images: document.images.length, headings: document.querySelectorAll("h1").length,
      title: document.title, text: document.body.innerText })`);
    assert.deepStrictEqual([found.hacked, found.scripts, found.images, found.headings, found.title],
      ["undefined", 1, 0, 1, "<script>title()</script>"]);
    for (const text of ["<script>window.hacked = 1</script>", "<img src=x onerror=window.hacked=1>",
      "</td></table><h1>", "UnauthorizedOperation.<b>"]) assert.ok(found.text.includes(text), text);
  });

  await test("the policy stops everything that gets into the page", async () => {
    site.asked.length = 0;
    const html = fs.readFileSync(path.join(folder, "page.html"), "utf8");
    fs.writeFileSync(path.join(folder, "changed.html"), html.replace("</h1>", `</h1><script>window.hacked = 1</script>
      <img src="${site.url}image" onerror="window.hacked = 2"><script src="${site.url}script"></script>
      <link rel="stylesheet" href="${site.url}style"><iframe src="${site.url}frame"></iframe>
      <p id="styled" style="color: rgb(1, 2, 3)">x</p><style>#styled { color: rgb(4, 5, 6) }</style>
      <form id="form" action="${site.url}form"></form><base href="${site.url}base/">`));
    const changed = await site.browser.page();
    await changed.open(`${site.url}changed.html`);
    const found = await changed.evaluate(`(async () => {
      document.getElementById("form").submit();
      const fetched = await fetch("${site.url}fetch").then(() => "fetched", () => "refused");
      const { color } = getComputedStyle(document.getElementById("styled"));
      return [typeof window.hacked, fetched, color, document.baseURI];
    })()`);
    await changed.close();
    assert.deepStrictEqual(found.slice(0, 2), ["undefined", "refused"]);
    assert.ok(!["rgb(1, 2, 3)", "rgb(4, 5, 6)"].includes(found[2]), found[2]);
    assert.strictEqual(found[3], `${site.url}changed.html`);
    assert.deepStrictEqual(site.asked, ["/changed.html"]);
    assert.ok(changed.errors.length >= 8, changed.errors.join("\n"));
  });
}

async function filter(page, site) {
  const shown = () => page.evaluate(`[[...document.querySelectorAll("#writes tbody tr")].filter((row) =>
    row.offsetHeight > 0).length, document.getElementById("shown").textContent]`);
  const type = async (text) => {
    await page.evaluate("document.querySelector('#filter input').select()");
    await page.type(text);
  };
  const writes = events.filter((event) => event.action === "write").slice(0, 500);

  await test("the filter shows the rows that have all words", async () => {
    await page.open(`${site.url}page.html`);
    const mallory = writes.filter((event) => event.user === "mallory").length;
    const both = writes.filter((event) => event.user === "mallory" && event.name === "DeleteBucket").length;
    assert.ok(mallory > both && both > 0);
    for (const [text, count] of [["MALLORY", mallory], ["deletebucket mallory", both], ["mallory nothing", 0],
      ["", writes.length]]) {
      await type(text);
      assert.deepStrictEqual(await shown(), [count, `${count} of ${writes.length} shown`], text);
    }
    assert.deepStrictEqual(page.errors, []);
  });

  await test("without scripts there is no box, and all rows are there", async () => {
    await page.scripts(false);
    await page.open(`${site.url}page.html`);
    const found = await page.send("Runtime.evaluate", { returnByValue: true, expression:
      "[document.getElementById('filter').offsetHeight, document.querySelectorAll('#writes tbody tr').length]" });
    await page.scripts(true);
    assert.deepStrictEqual(found.result.value, [0, writes.length]);
  });
}

// The accessible names and roles of a page: {role: [name…]}.
async function roles(page) {
  const { nodes } = await page.send("Accessibility.getFullAXTree");
  const found = {};
  nodes.filter((node) => !node.ignored).forEach((node) => {
    const role = node.role.value;
    found[role] = found[role] || [];
    found[role].push(node.name ? node.name.value : "");
  });
  return found;
}

async function looks(page, site) {
  const grounds = new Set();
  for (const [device, width] of [["desktop", 1280], ["phone", 390]]) {
    for (const scheme of ["light", "dark"]) {
      await test(`${device}, ${scheme}`, async () => {
        await page.look(width, 900, scheme);
        await page.open(`${site.url}page.html`);
        const found = await page.evaluate(`({ ground: getComputedStyle(document.body).backgroundColor,
          wide: document.documentElement.scrollWidth, lefts: ["users", "addresses"].map((id) =>
            document.getElementById(id).getBoundingClientRect().left) })`);
        grounds.add(found.ground);
        assert.strictEqual(found.wide, width);
        assert.strictEqual(found.lefts[0] === found.lefts[1], device === "phone");
        const names = await roles(page);
        assert.deepStrictEqual(names.image || names.img, ["Events by hour", "Events by hour of the day"]);
        assert.ok(names.table.length >= 5 && names.table.every((name) => name !== ""), names.table.join());
        assert.ok(names.cell.length > 1000);
        const image = await page.screenshot(width, 4000);
        assert.ok(image.length > 50000);
        fs.writeFileSync(path.join(screenshots, `${device}-${scheme}.png`), image);
      });
    }
  }
  await test("light and dark differ", async () => assert.strictEqual(grounds.size, 2));
}

async function main() {
  const site = await serve();
  site.browser = new Browser("chromium", path.join(folder, "profile"));
  const page = await site.browser.page();
  await safety(page, site);
  await numbers(page, site);
  await filter(page, site);
  await looks(page, site);
  await site.browser.close();
  site.server.close();
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
