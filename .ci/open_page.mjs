// Opens a page in a headless Chromium: it must load without an error on the console, without an exception, and without
// a request for anything but itself. Exits with 1 and says what it saw otherwise.
//
//   node .ci/open_page.mjs PAGE.html [SCREENSHOT.png [WIDTH [dark]]]
//
// Needs node and Chromium (CHROMIUM names the program, else `chromium`); no package is used.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [file, screenshot, width = "1280", theme = "light"] = process.argv.slice(2);
if (!file) {
  console.error("usage: node .ci/open_page.mjs PAGE.html [SCREENSHOT.png [WIDTH [dark]]]");
  process.exit(2);
}
const address = pathToFileURL(resolve(file)).href;
const profile = mkdtempSync(join(tmpdir(), "open-page-"));
const flags = ["--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe", `--user-data-dir=${profile}`];
const browser = spawn(process.env.CHROMIUM ?? "chromium", flags, { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] });

// The debugging protocol on a pipe: JSON, each message ended by a zero byte.
const [, , , input, output] = browser.stdio;
const waiting = new Map(), listeners = new Map(), faults = [];
let next = 1, rest = "";
output.setEncoding("utf8").on("data", (text) => {
  const messages = (rest + text).split("\0");
  rest = messages.pop();
  messages.map((message) => JSON.parse(message)).forEach(receive);
});

function receive({ id, method, params, result, error }) {
  if (id) {
    const { resolve, reject } = waiting.get(id);
    waiting.delete(id);
    return error ? reject(new Error(error.message)) : resolve(result);
  }
  listeners.get(method)?.(params);
}

function send(method, params = {}, sessionId) {
  const id = next++;
  input.write(JSON.stringify({ id, method, params, sessionId }) + "\0");
  return new Promise((resolve, reject) => waiting.set(id, { resolve, reject }));
}

async function open() {
  const { targetId } = await send("Target.createTarget", { url: "about:blank" });
  const { sessionId } = await send("Target.attachToTarget", { targetId, flatten: true });
  const page = (method, params) => send(method, params, sessionId);
  const loaded = new Promise((resolve) => listeners.set("Page.loadEventFired", resolve));
  const value = (argument) => argument.value ?? argument.description ?? argument.type;
  listeners.set("Runtime.exceptionThrown", ({ exceptionDetails: { text, exception } }) =>
    faults.push(`exception: ${exception?.description ?? text}`));
  listeners.set("Runtime.consoleAPICalled", ({ type, args }) => {
    if (["error", "warning", "assert"].includes(type)) faults.push(`console ${type}: ${args.map(value).join(" ")}`);
  });
  listeners.set("Log.entryAdded", ({ entry: { level, text } }) => {
    if (level === "error" || level === "warning") faults.push(`log ${level}: ${text}`);
  });
  listeners.set("Network.requestWillBeSent", ({ request: { url } }) => {
    if (url.split("#")[0] !== address) faults.push(`request: ${url}`);
  });
  for (const domain of ["Page", "Runtime", "Log", "Network"]) await page(`${domain}.enable`);
  await page("Emulation.setDeviceMetricsOverride", { width: Number(width), height: 900, deviceScaleFactor: 1, mobile: false });
  await page("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value: theme }] });
  const { errorText } = await page("Page.navigate", { url: address });
  if (errorText) return faults.push(`cannot be opened: ${errorText}`);
  await loaded;
  await use(page);
  if (screenshot) {
    const { data } = await page("Page.captureScreenshot", { captureBeyondViewport: true });
    writeFileSync(screenshot, Buffer.from(data, "base64"));
  }
}

// Touches every control once, and looks whether the page is wider than the window.
async function use(page) {
  const expression = `(() => {
    const all = (selector) => [...document.querySelectorAll(selector)];
    all("th button").forEach((button) => { button.click(); button.click(); });
    all("select").forEach((select) => {
      const before = select.value;
      for (const option of select.options) { select.value = option.value; select.dispatchEvent(new Event("change")); }
      select.value = before;
      select.dispatchEvent(new Event("change"));
    });
    all("input[type=checkbox]").forEach((box) => { box.click(); box.click(); });
    all("input[type=range]").forEach((range) => {
      const before = range.value;
      for (const value of [range.min, range.max, before]) { range.value = value; range.dispatchEvent(new Event("input")); }
    });
    all("button.run").forEach((button) => { button.click(); button.click(); });
    return document.documentElement.scrollWidth - document.documentElement.clientWidth;
  })()`;
  const { result } = await page("Runtime.evaluate", { expression, returnByValue: true });
  if (result.value > 0) faults.push(`the page is ${result.value} pixels wider than a window of ${width}`);
}

const late = setTimeout(() => { console.error("the page did not load within 60 s"); browser.kill(); process.exit(1); }, 60_000);
browser.on("error", (error) => { console.error(`Chromium did not start: ${error.message}`); process.exit(1); });
try {
  await open();
  const gone = new Promise((resolve) => browser.on("exit", resolve));
  await send("Browser.close");
  await gone;
} catch (error) {
  faults.push(error.message);
  browser.kill();
}
clearTimeout(late);
rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
faults.forEach((fault) => console.error(fault));
process.exit(faults.length ? 1 : 0);
