// Headless Chromium through its debugging protocol, over a pipe: no port, no package.
"use strict";
const { spawn } = require("node:child_process");

// The promise, or an error after a time in which a loaded machine answers too.
function within(what, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: no answer`)), 20000);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

class Browser {
  constructor(command, folder) {
    // The sandbox needs rights that a container or root does not have; the page is ours.
    const words = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
      "--no-first-run", "--disable-extensions", "--disable-background-networking", "--disable-component-update",
      "--disable-renderer-backgrounding", "--disable-backgrounding-occluded-windows", "--remote-debugging-pipe",
      `--user-data-dir=${folder}`, "about:blank"];
    this.process = spawn(command, words, { stdio: ["ignore", "ignore", "pipe", "pipe", "pipe"] });
    this.errors = "";
    this.process.stderr.on("data", (text) => { this.errors += text; });
    this.waiting = new Map();
    this.listeners = [];
    this.number = 0;
    let rest = "";
    this.process.stdio[4].setEncoding("utf8");
    this.process.stdio[4].on("data", (text) => {
      const parts = (rest + text).split("\0");
      rest = parts.pop();
      parts.forEach((part) => this.receive(JSON.parse(part)));
    });
    this.ended = new Promise((resolve) => this.process.on("exit", resolve));
    this.ended.then(() => {
      for (const { reject } of this.waiting.values()) reject(new Error(`Chromium ended: ${this.errors}`));
    });
  }

  receive(message) {
    if (message.id === undefined) {
      this.listeners.forEach((listener) => listener(message));
      return;
    }
    const { resolve, reject } = this.waiting.get(message.id);
    this.waiting.delete(message.id);
    if (message.error) reject(new Error(message.error.message));
    else resolve(message.result);
  }

  send(method, params, sessionId) {
    this.number += 1;
    const id = this.number;
    this.process.stdio[3].write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    return within(method, new Promise((resolve, reject) => this.waiting.set(id, { resolve, reject })));
  }

  // A page that records its requests, and its errors: exceptions, and what the browser logs, such as violations of a
  // policy.
  async page() {
    const { targetId } = await this.send("Target.createTarget", { url: "about:blank" });
    const { sessionId } = await this.send("Target.attachToTarget", { targetId, flatten: true });
    const page = new Page(this, sessionId, targetId);
    for (const domain of ["Page", "Runtime", "Log", "Network"]) await page.send(`${domain}.enable`);
    return page;
  }

  async close() {
    await this.send("Browser.close");
    await within("Browser.close", this.ended);
  }
}

class Page {
  constructor(browser, session, target) {
    this.browser = browser;
    this.session = session;
    this.target = target;
    this.requests = [];
    this.errors = [];
    this.loaded = () => {};
    browser.listeners.push((message) => {
      if (message.sessionId !== session) return;
      const { method, params } = message;
      if (method === "Network.requestWillBeSent") this.requests.push(params.request.url);
      if (method === "Runtime.exceptionThrown") this.errors.push(params.exceptionDetails.text);
      if (method === "Runtime.consoleAPICalled") this.errors.push(`console.${params.type}`);
      if (method === "Log.entryAdded") this.errors.push(params.entry.text);
      if (method === "Page.loadEventFired") this.loaded();
    });
  }

  send(method, params) {
    return this.browser.send(method, params, this.session);
  }

  async open(url) {
    this.requests.length = 0;
    this.errors.length = 0;
    const loaded = new Promise((resolve) => { this.loaded = resolve; });
    await this.send("Page.navigate", { url });
    await within(url, loaded);
  }

  // The value of an expression, JSON-safe.
  async evaluate(expression) {
    const { result, exceptionDetails } = await this.send("Runtime.evaluate", { expression, returnByValue: true,
      awaitPromise: true });
    if (exceptionDetails) throw new Error(exceptionDetails.exception.description);
    return result.value;
  }

  close() {
    return this.browser.send("Target.closeTarget", { targetId: this.target });
  }

  async look(width, height, scheme) {
    await this.send("Emulation.setDeviceMetricsOverride", { width, height, deviceScaleFactor: width < 700 ? 2 : 1,
      mobile: width < 700 });
    await this.send("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value: scheme }] });
  }

  async scripts(allowed) {
    await this.send("Emulation.setScriptExecutionDisabled", { value: !allowed });
  }

  async type(text) {
    await this.send("Input.insertText", { text });
  }

  // PNG of the whole page, or of its first `height` pixels.
  async screenshot(width, height) {
    await this.send("Page.bringToFront"); // what is hidden is not painted
    const full = await this.evaluate("document.documentElement.scrollHeight");
    const { data } = await this.send("Page.captureScreenshot", { format: "png", captureBeyondViewport: true,
      clip: { x: 0, y: 0, width, height: Math.min(full, height || full), scale: 1 } });
    return Buffer.from(data, "base64");
  }
}

module.exports = { Browser };
