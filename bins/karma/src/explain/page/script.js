"use strict";
document.documentElement.classList.add("js");

// A column is sorted by the first number of its cells; cells without one stand last, equal ones keep their order.
function key(cell) {
  const number = cell.textContent.replace("−", "-").match(/-?\d+(\.\d+)?/);
  return cell.tagName === "TH" || !number ? null : Number(number[0]);
}

function compare(a, b, down) {
  if (typeof a === "string" || typeof b === "string") return (down ? -1 : 1) * String(a).localeCompare(String(b));
  if (a === null || b === null) return (a === null) - (b === null);
  return down ? b - a : a - b;
}

// Numbers begin with the greatest, texts with the first of the alphabet; a second click turns the order.
function sort(table, heading) {
  const column = heading.cellIndex, body = table.tBodies[0], before = heading.getAttribute("aria-sort");
  const numbers = [...body.rows].map((row) => [key(row.cells[column]), row]);
  const texts = numbers.every(([value]) => value === null);
  const keyed = texts ? numbers.map(([, row]) => [row.cells[column].textContent, row]) : numbers;
  const down = texts ? before === "ascending" : before !== "descending";
  keyed.sort(([a], [b]) => compare(a, b, down)).forEach(([, row]) => body.append(row));
  for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
  heading.setAttribute("aria-sort", down ? "descending" : "ascending");
}

for (const table of document.querySelectorAll("main table")) {
  for (const heading of table.tHead.rows[0].cells) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = heading.textContent;
    heading.replaceChildren(button);
    button.addEventListener("click", () => sort(table, heading));
  }
}

const shown = (value, digits) => (value === null || value === undefined ? "–" : value.toFixed(digits));
const sum = (values) => values.reduce((total, value) => (value === null ? total : (total ?? 0) + value), null);

function element(tag, text, attributes = {}) {
  const made = Object.assign(document.createElement(tag), attributes);
  made.textContent = text;
  return made;
}

// The last decision that is not after a second.
function decided(row, second) {
  let at = -1;
  while (at + 1 < row.time.length && row.time[at + 1] <= second) at += 1;
  return at;
}

class Play {
  constructor(box) {
    this.box = box;
    this.data = JSON.parse(box.querySelector("script").textContent);
    this.time = box.querySelector("input[type=range]");
    this.service = box.querySelector(".service");
    this.policy = box.querySelector(".policy");
    this.button = box.querySelector(".run");
    this.time.addEventListener("input", () => this.show());
    this.policy.addEventListener("change", () => this.show());
    this.service.addEventListener("change", () => { this.redraw(); this.show(); });
    this.button.addEventListener("click", () => (this.timer ? this.stop() : this.run()));
    for (const toggle of box.querySelectorAll("[data-row]")) toggle.addEventListener("change", () => this.toggle(toggle));
    this.show();
  }

  run() {
    if (this.time.value === this.time.max) this.time.value = 0;
    this.button.textContent = "Pause";
    this.timer = setInterval(() => {
      this.time.value = Number(this.time.value) + 1;
      this.show();
      if (this.time.value === this.time.max) this.stop();
    }, 100);
  }

  stop() {
    clearInterval(this.timer);
    this.timer = undefined;
    this.button.textContent = "Play";
  }

  toggle(box) {
    for (const line of this.box.querySelectorAll(`polyline.row${box.dataset.row}`)) line.toggleAttribute("hidden", !box.checked);
    box.closest("li").classList.toggle("off", !box.checked);
    this.show();
  }

  // The value of one service, or the sum over those that are known.
  pick(values) {
    return this.service.value === "" ? sum(values) : values[Number(this.service.value)] ?? null;
  }

  // Draws replicas and queue of the chosen service; the numbers of the axis are divided by a round factor.
  redraw() {
    for (const name of ["replicas", "queue"]) {
      const svg = this.box.querySelector(`figure[data-panel=${name}] svg`);
      if (svg) this.draw(svg, this.data.rows.map((row) => row[name].map((values) => this.pick(values))));
    }
  }

  draw(svg, series) {
    const cursor = svg.querySelector(".cursor"), scale = cursor.dataset, end = this.data.legitimate.length;
    const most = Math.max(1e-9, ...series.flat().map((value) => value ?? 0));
    const factor = [1000, 500, 200, 100, 50, 20, 10, 5, 2, 1].find((by) => most <= scale.most / by) ?? 1;
    const x = (time) => Number(scale.left) + (time / end) * (scale.right - scale.left);
    const y = (value) => cursor.y2.baseVal.value - ((value * factor) / scale.most) * (cursor.y2.baseVal.value - cursor.y1.baseVal.value);
    for (const tick of svg.querySelectorAll("text.tick[text-anchor=end]")) {
      tick.dataset.all ??= tick.textContent;
      tick.textContent = String(Number((tick.dataset.all / factor).toFixed(3)));
    }
    series.forEach((values, row) => {
      const times = this.data.rows[row].time, pieces = [""];
      values.forEach((value, at) => {
        if (value === null) pieces.push("");
        else for (const time of [times[at], times[at + 1] ?? end]) pieces[pieces.length - 1] += `${x(time).toFixed(1)},${y(value).toFixed(1)} `;
      });
      this.trace(svg, row, pieces.filter((piece) => piece));
    });
  }

  // A line of its own for each piece: where nothing was measured, nothing is drawn.
  trace(svg, row, pieces) {
    const [line, ...others] = svg.querySelectorAll(`polyline.row${row}`);
    if (!line) return;
    others.forEach((other) => other.remove());
    line.setAttribute("points", pieces[0] ?? "");
    pieces.slice(1).forEach((piece) => {
      const next = line.cloneNode();
      next.setAttribute("points", piece);
      line.after(next);
    });
  }

  show() {
    const second = Number(this.time.value);
    for (const cursor of this.box.querySelectorAll(".cursor")) {
      const { from, to, left, right } = cursor.dataset;
      const x = Number(left) + ((second - from) / (to - from)) * (right - left);
      cursor.setAttribute("x1", x);
      cursor.setAttribute("x2", x);
    }
    this.time.setAttribute("aria-valuetext", `second ${second}`);
    this.box.querySelector(".readout").replaceChildren(this.load(second), this.table(second), ...this.reasons(second));
  }

  load(second) {
    const at = Math.min(second, this.data.legitimate.length - 1);
    const attack = this.data.malicious[at] ? `, malicious ${shown(this.data.malicious[at], 1)}` : "";
    return element("p", `Second ${second}: legitimate load ${shown(this.data.legitimate[at], 1)}${attack} requests/s.`);
  }

  table(second) {
    const wide = element("div", "", { className: "wide" }), table = element("table", ""), head = table.createTHead().insertRow();
    for (const name of ["policy", "replicas", "waiting", "latency,\u00a0s", "success,\u00a0%"]) head.append(element("th", name, { scope: "col" }));
    const body = table.createTBody();
    this.data.rows.forEach((row, place) => {
      if (!this.box.querySelector(`[data-row="${place}"]`).checked) return;
      const at = decided(row, second), line = body.insertRow();
      const success = row.success[Math.min(second, row.success.length - 1)];
      line.append(element("th", row.name, { scope: "row" }));
      for (const text of [
        at < 0 ? "–" : shown(this.pick(row.replicas[at]), 0),
        at < 0 ? "–" : shown(this.pick(row.queue[at]), 1),
        at < 0 ? "–" : shown(row.latency[at], 3),
        success === undefined || success === null ? "–" : shown(100 * success, 1),
      ]) line.append(element("td", text));
    });
    wide.append(table);
    return wide;
  }

  reasons(second) {
    const row = this.data.rows[Number(this.policy.value)];
    if (!row) return [];
    const at = decided(row, second), list = element("ul", "");
    const why = at < 0 ? [] : row.why[at];
    why.forEach((place, service) => {
      const text = this.data.texts[place], name = this.data.services[service] ?? "all";
      const chosen = this.service.value === "" || Number(this.service.value) === service;
      if (text && chosen) list.append(element("li", `${name}: ${text}`));
    });
    const told = list.children.length ? `Why ${row.name} decided so at second ${row.time[at]}:` : `${row.name} gives no reasons here.`;
    return [element("p", told), list];
  }
}

const plays = [...document.querySelectorAll(".play")].map((box) => new Play(box));
const chooser = document.querySelector(".episode");
if (chooser) {
  const choose = () => plays.forEach((play, place) => {
    play.stop();
    play.box.hidden = place !== Number(chooser.value);
  });
  chooser.addEventListener("change", choose);
  choose();
}
