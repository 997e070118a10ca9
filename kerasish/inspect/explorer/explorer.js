"use strict";
// The page of `model.explore`. D is written by document.py: nodes have one number as long as they
// stay what they are, stages are differences, pictures are laid out already.
const D = JSON.parse(document.getElementById("data").textContent);
const [OP, LAYER, BACK, LINE, SPEC, ATTRS, FUSED, NAME] = [0, 1, 2, 3, 4, 5, 6, 7];
const [NODE, PROVIDER, LABEL, OFFSET, BYTES, MICROS, FLOPS, MOVED, SHARE, KERNEL, HELD] =
  [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
const state = {tab: "graph", stage: 0, key: D.stages[0].at[D.name] === undefined ? "" : D.name, node: -1, layer: null, step: -1};
const text = (node, what) => D.texts[D.nodes[node][what]];
const byId = (id) => document.getElementById(id);

function make(name, attributes = {}, ...children) {
  const drawn = name.startsWith("svg:");
  const made = drawn ? document.createElementNS("http://www.w3.org/2000/svg", name.slice(4))
    : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === "click") made.addEventListener("click", value);
    else if (value !== null && value !== false) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.filter((one) => one !== null && one !== undefined));
  return made;
}

const number = (value) => value === null || value === undefined ? "–"
  : Number.isInteger(value) ? value.toLocaleString("en") : String(+value.toPrecision(4));
const size = (bytes) => bytes < 1024 ? `${bytes} B` : bytes < 1048576
  ? `${(bytes / 1024).toFixed(1)} KB` : `${(bytes / 1048576).toFixed(2)} MB`;
const time = (micros) => micros < 1000 ? `${number(micros)} µs` : `${number(micros / 1000)} ms`;

// --- stages: who is there, who reads what -----------------------------------------------------

const found = [];
function stageOf(at) {
  if (found[at]) return found[at];
  const stage = D.stages[at], before = at ? stageOf(at - 1) : null;
  const inputs = new Map(before ? before.inputs : []);
  for (const gone of stage.gone) inputs.delete(gone);
  for (const [node, given] of Object.entries(stage.inputs)) inputs.set(+node, given);
  const users = new Map();
  for (const [node, given] of inputs) for (const one of new Set(given)) {
    if (!users.has(one)) users.set(one, []);
    users.get(one).push(node);
  }
  const made = new Map(stage.new.map(([node, from, rule]) => [node, {from, rule: D.texts[rule]}]));
  const changed = new Set();
  for (const node of made.keys()) {
    const parts = text(node, LAYER).split("/");
    for (let i = 1; i <= parts.length; i++) {
      changed.add(`${D.nodes[node][BACK]}${parts.slice(0, i).join("/")}`);
    }
  }
  return found[at] = {inputs, users, made, changed};
}
const born = new Map();
D.stages.forEach((stage, at) => stage.new.forEach(([node, from, rule]) =>
  born.set(node, {at, from, rule: D.texts[rule]})));
const stepOf = new Map(D.plan.steps.map((row, at) => [row[NODE], at]));

// --- where to go ------------------------------------------------------------------------------

function go(change) {
  Object.assign(state, change);
  draw();
}
function keyOf(node, at) {
  const path = text(node, LAYER), held = D.stages[at].at;
  const keys = Object.keys(held).filter((key) => key === path || key.startsWith(`${path}#`));
  return keys.find((key) => D.pictures[held[key]][2].some((box) =>
    box[0] === "node" && box[1] === node));
}
function goNode(node) {
  let at = state.stage;
  if (!stageOf(at).inputs.has(node) && !stageOf(at).users.has(node)) {
    at = D.stages.findIndex((_, i) => stageOf(i).inputs.has(node) || stageOf(i).users.has(node));
    at = at < 0 ? state.stage : at;
  }
  const key = keyOf(node, at);
  go({tab: "graph", stage: at, node, layer: null, ...(key === undefined ? {} : {key})});
}
const link = (node) => make("button", {class: "link", click: () => goNode(node),
  title: text(node, SPEC)}, text(node, NAME) || `${text(node, OP)} ${node}`);

// --- pictures ---------------------------------------------------------------------------------

function picture() {
  const stage = D.stages[state.stage], info = stageOf(state.stage);
  if (stage.at[state.key] === undefined) state.key = "";
  const [, [width, height], boxes, arrows] = D.pictures[stage.at[state.key]];
  const svg = make("svg:svg", {viewBox: `-12 -12 ${width + 24} ${height + 24}`, id: "drawing",
    width: width + 24, height: height + 24, role: "img"});
  svg.append(make("svg:defs", {}, make("svg:marker", {id: "tip", viewBox: "0 0 8 8", refX: 7.5,
    refY: 4, markerWidth: 7, markerHeight: 7, markerUnits: "userSpaceOnUse", orient: "auto"},
  make("svg:path", {d: "M0,.5L8,4L0,7.5z", class: "tip"}))));
  for (const points of arrows) {
    let d = `M${points[0]},${points[1]}`;
    for (let i = 2; i < points.length; i += 2) d += `L${points[i]},${points[i + 1]}`;
    svg.append(make("svg:path", {d, class: "arrow", "marker-end": "url(#tip)"}));
  }
  const near = new Set(state.node < 0 ? [] : [...(info.inputs.get(state.node) || []),
    ...(info.users.get(state.node) || [])]);
  for (const [kind, key, title, below, x, y, wide, high] of boxes) {
    const back = kind === "gradient" || (kind === "node" ? D.nodes[key][BACK]
      : kind === "some" && below.startsWith("gradient"));
    const fresh = kind === "node" ? info.made.has(key)
      : kind !== "some" && info.changed.has(`${back ? 1 : 0}${key}`);
    const ran = kind === "node" && state.step >= 0 && stepOf.has(key) && stepOf.get(key) <= state.step;
    const names = ["box", kind, back ? "back" : "fore", fresh && state.stage ? "fresh" : "",
      kind === "node" && key === state.node ? "chosen" : "", near.has(key) && kind === "node" ?
      "near" : "", kind !== "node" && key === state.layer ? "chosen" : "", ran ? "ran" : ""];
    const group = make("svg:g", {class: names.join(" "), tabindex: 0, "data-key": key,
      transform: `translate(${x - wide / 2},${y - high / 2})`});
    const clip = (words, most) => words.length > most ? `${words.slice(0, most - 1)}…` : words;
    group.append(make("svg:rect", {width: wide, height: high, rx: 5}),
      make("svg:text", {x: wide / 2, y: 16, class: "title"}, clip(title, Math.floor(wide / 7.3))),
      make("svg:text", {x: wide / 2, y: 31, class: "below"}, clip(below, Math.floor(wide / 5.6))));
    const choose = () => kind === "node" ? go({node: key, layer: null})
      : kind === "some" ? go({key, node: -1, layer: null}) : go({layer: key, node: -1});
    group.addEventListener("click", choose);
    group.addEventListener("dblclick", () => kind !== "node" && go({key, node: -1}));
    group.addEventListener("keydown", (event) => event.key === "Enter" && choose());
    svg.append(group);
  }
  return svg;
}

function crumbs() {
  const parts = state.key.split("/").filter(Boolean);
  const made = [make("button", {class: "link", click: () => go({key: "", node: -1, layer: null})},
    "the whole step")];
  parts.forEach((part, i) => made.push(" / ", make("button", {class: "link", click: () =>
    go({key: parts.slice(0, i + 1).join("/"), node: -1, layer: null})}, part)));
  return made;
}

function changes() {
  const stage = D.stages[state.stage];
  if (!state.stage) return make("p", {class: "soft"}, `${number(stage.count)} nodes as traced, ` +
    "leaves and all; gradients in orange.");
  const rules = Object.entries(stage.rules).sort((a, b) => b[1] - a[1])
    .map(([name, count]) => `${name} ${count}×`).join(", ");
  const line = stage.new.length || stage.gone.length
    ? `${number(stage.count)} nodes: ${number(stage.new.length)} new (outlined), ` +
      `${number(stage.gone.length)} gone` : `${number(stage.count)} nodes: nothing changed`;
  return make("p", {class: "soft"}, line, rules ? `. Rules: ${rules}.` : ".");
}

// --- values -----------------------------------------------------------------------------------

function values(held, whence) {
  const [low, high, mean, deviation, zeros, wrong, counts, image] = held;
  const facts = make("dl", {class: "facts"});
  const rows = [["smallest", number(low)], ["largest", number(high)], ["mean", number(mean)],
    ["deviation", number(deviation)], ["zeros", `${number(zeros * 100)} %`]];
  if (wrong) rows.push(["not finite", number(wrong)]);
  for (const [name, value] of rows) facts.append(make("dt", {}, name),
    make("dd", {class: name === "not finite" ? "bad" : "", "data-fact": name}, value));
  const made = [make("h3", {}, "Values of the batch"), make("p", {class: "soft"}, whence), facts];
  if (counts.length) {
    const most = Math.max(...counts, 1), svg = make("svg:svg", {viewBox: "0 0 240 62",
      class: "histogram", role: "img", "aria-label": "histogram"});
    counts.forEach((count, i) => svg.append(make("svg:rect", {x: i * 10, y: 60 - count / most * 58,
      width: 9, height: count / most * 58})));
    made.push(svg, make("p", {class: "soft ends"}, make("span", {}, number(low)),
      make("span", {}, number(high))));
  }
  if (image) {
    const [wide, high_, coded] = image.split(" "), bytes = atob(coded);
    const canvas = make("canvas", {width: wide, height: high_, class: "pixels",
      title: "the first row of the batch, from smallest (dark) to largest"});
    const paint = canvas.getContext("2d"), data = paint.createImageData(+wide, +high_);
    for (let i = 0; i < bytes.length; i++) {
      data.data.fill(bytes.charCodeAt(i), i * 4, i * 4 + 3);
      data.data[i * 4 + 3] = 255;
    }
    paint.putImageData(data, 0, 0);
    made.push(canvas);
  }
  return made;
}

// --- what is chosen ---------------------------------------------------------------------------

const fact = (list, name, ...value) => value.some((v) => v !== "" && v !== null) &&
  list.append(make("dt", {}, name), make("dd", {"data-fact": name}, ...value));

function spread(nodes) {
  const shown = nodes.slice(0, 30).flatMap((node, i) => i ? [", ", link(node)] : [link(node)]);
  return nodes.length > 30 ? [...shown, ` and ${nodes.length - 30} more`] : shown;
}
function aboutNode(node) {
  const info = stageOf(state.stage), list = make("dl", {class: "facts"}), from = born.get(node);
  const made = [make("h2", {}, text(node, OP)), list];
  fact(list, "name", text(node, NAME));
  fact(list, "gives", text(node, SPEC));
  if (text(node, LAYER)) fact(list, "layer", layerLink(text(node, LAYER)));
  fact(list, "line", text(node, LINE));
  fact(list, "attributes", text(node, ATTRS));
  const origin = D.origins[node];
  if (origin) fact(list, "gradient of", link(origin[0]),
    D.texts[origin[1]] ? `, by the vjp at ${D.texts[origin[1]]}` : "");
  fact(list, "inputs", ...spread([...new Set(info.inputs.get(node) || [])]));
  fact(list, "read by", ...spread(info.users.get(node) || []));
  if (from) {
    fact(list, "made by", `${from.rule}, in ${D.stages[from.at].name}`);
    fact(list, "stands for", ...spread(from.from));
  }
  fact(list, "holds", text(node, FUSED));
  const gradients = Object.entries(D.origins).filter(([, one]) => one[0] === node).map(([n]) => +n);
  if (gradients.length) fact(list, "its gradient", ...spread(gradients));
  const step = stepOf.get(node), held = D.values[node];
  if (step !== undefined) fact(list, "step", make("button", {class: "link",
    click: () => go({tab: "plan", step})}, `${step + 1} of the plan`));
  if (held) made.push(...values(held, "As traced, run op by op."));
  else if (step !== undefined && D.plan.steps[step][HELD].length)
    made.push(...values(D.plan.steps[step][HELD], "Copied after the step of the plan."));
  else made.push(make("p", {class: "soft"}, "It holds no value of its own."));
  return made;
}
const layerLink = (path) => make("button", {class: "link", click: () =>
  go({tab: "graph", key: D.stages[state.stage].at[path] === undefined ? "" : path, layer: path,
    node: -1})}, path);

function aboutLayer(path) {
  const list = make("dl", {class: "facts"}), inside = (layer) => layer === path ||
    layer.startsWith(`${path}/`);
  const spent = [0, 0], count = [0, 0];
  for (const row of D.plan.steps) if (row[NODE] >= 0 && inside(text(row[NODE], LAYER)))
    spent[D.nodes[row[NODE]][BACK]] += row[MICROS];
  for (const [node] of stageOf(state.stage).inputs) if (inside(text(node, LAYER)))
    count[D.nodes[node][BACK]]++;
  fact(list, "class", D.classes[path] || "");
  fact(list, "written at", D.lines[path] || "");
  fact(list, "nodes", `${count[0]} forward, ${count[1]} of its gradient`);
  fact(list, "time", `${time(spent[0])} forward, ${time(spent[1])} backward`);
  const open = D.stages[state.stage].at[path] !== undefined && state.key !== path;
  return [make("h2", {}, path.split("/").pop()), make("p", {class: "soft"}, path), list,
    open ? make("button", {class: "act", click: () => go({key: path, layer: path})}, "Open") : null];
}
function aboutStep(at) {
  const row = D.plan.steps[at], list = make("dl", {class: "facts"});
  fact(list, "run by", D.texts[row[PROVIDER]]);
  if (row[NODE] >= 0) fact(list, "node", link(row[NODE]));
  if (row[NODE] >= 0 && text(row[NODE], LAYER)) fact(list, "layer", layerLink(text(row[NODE], LAYER)));
  fact(list, "time", time(row[MICROS]));
  fact(list, "operations", number(row[FLOPS]));
  fact(list, "bytes moved", number(row[MOVED]));
  fact(list, "of the limit", `${number(row[SHARE] * 100)} %`);
  fact(list, "offset", row[OFFSET] === null ? "a variable's own buffer" : number(row[OFFSET]));
  fact(list, "writes", size(row[BYTES]));
  const made = [make("h2", {}, `Step ${at + 1}: ${D.texts[row[LABEL]]}`), list];
  if (row[HELD].length) made.push(...values(row[HELD], "Copied after the step."));
  if (row[KERNEL] >= 0) made.push(make("details", {}, make("summary", {}, "Code of the kernel"),
    make("pre", {}, D.plan.kernels[row[KERNEL]])));
  return made;
}

// --- the plan and its memory ------------------------------------------------------------------

const ROW = 26;
function plan() {
  const rows = D.plan.steps, body = make("div", {class: "rows", style: `height:${rows.length * ROW}px`});
  const list = make("div", {class: "list", id: "steps", tabindex: 0}, body);
  const longest = Math.max(...rows.map((row) => row[MICROS]), 1e-9);
  const fill = () => {
    const first = Math.max(0, Math.floor(list.scrollTop / ROW) - 5);
    const last = Math.min(rows.length, first + Math.ceil((list.clientHeight || 600) / ROW) + 10);
    body.replaceChildren(...rows.slice(first, last).map((row, i) => {
      const at = first + i;
      return make("div", {class: at === state.step ? "row chosen" : at < state.step ? "row ran" : "row",
        style: `top:${at * ROW}px`, "data-step": at, click: () => go({step: at})},
      make("span", {class: "n"}, String(at + 1)), make("span", {class: "n"}, time(row[MICROS])),
      make("span", {}, make("i", {class: "meter", style: `width:${row[MICROS] / longest * 100}%`})),
      make("span", {class: "n"}, `${number(row[SHARE] * 100)} %`),
      make("span", {class: "n"}, row[OFFSET] === null ? "variable" : number(row[OFFSET])),
      make("span", {}, D.texts[row[PROVIDER]]), make("span", {}, D.texts[row[LABEL]]),
      make("span", {class: "soft"}, row[NODE] < 0 ? "" : text(row[NODE], LAYER)));
    }));
  };
  list.addEventListener("scroll", fill);
  const move = (by) => go({step: Math.min(rows.length - 1, Math.max(0, state.step + by))});
  const bar = make("div", {class: "bar"},
    make("button", {class: "act", id: "back", click: () => move(-1)}, "◀ back"),
    make("button", {class: "act", id: "next", click: () => move(1)}, "next step ▶"),
    make("span", {class: "soft"}, `${rows.length} steps, ${number(D.plan.seconds * 1000)} ms, ` +
      `${size(D.plan.arena)} of arena; limits of this machine: ` +
      `${number(D.plan.limits[0] / 1e9)} GFLOP/s, ${number(D.plan.limits[1] / 1e9)} GB/s`));
  const head = make("div", {class: "row head"}, ..."#|time||limit|offset|by|what|layer".split("|")
    .map((name) => make("span", {}, name)));
  requestAnimationFrame(() => {
    if (state.step >= 0) list.scrollTop = Math.max(0, state.step * ROW - list.clientHeight / 2);
    fill();
  });
  return [bar, arena(90), head, list];
}

function arena(high) {
  const lives = D.plan.lives, steps = D.plan.steps.length + 1;
  const canvas = make("canvas", {width: 1000, height: high * 2, class: "arena", role: "img",
    style: `height:${high}px`, "aria-label": "the arena: steps to the right, offsets upwards"});
  const paint = canvas.getContext("2d"), whole = canvas.height;
  const x = (step) => Math.max(step, 0) / steps * 1000, y = (offset) => whole * (1 - offset / D.plan.arena);
  for (const [node, offset, bytes, first, last] of lives) {
    const back = node >= 0 && D.nodes[node][BACK];
    paint.fillStyle = back ? "rgba(208,89,11,.55)" : "rgba(11,107,184,.5)";
    paint.fillRect(x(first), y(offset + bytes), Math.max(x(last + 1) - x(first), 1),
      Math.max(bytes / D.plan.arena * whole, .7));
  }
  if (state.step >= 0) {
    paint.fillStyle = "#c02020";
    paint.fillRect(x(state.step), 0, 2, whole);
  }
  canvas.addEventListener("click", (event) => {
    const area = canvas.getBoundingClientRect();
    const step = Math.floor((event.clientX - area.left) / area.width * steps);
    go({step: Math.min(step, D.plan.steps.length - 1)});
  });
  return canvas;
}
function memory() {
  const at = Math.max(state.step, 0);
  const alive = D.plan.lives.filter(([,,, first, last]) => first <= at && at <= last)
    .sort((a, b) => b[2] - a[2]);
  const rows = alive.slice(0, 200).map(([node, offset, bytes, first, last]) => make("tr", {},
    make("td", {}, node < 0 ? "input" : link(node)), make("td", {class: "n"}, number(offset)),
    make("td", {class: "n"}, size(bytes)), make("td", {class: "n"}, `${Math.max(first, 0) + 1}–` +
    `${Math.min(last, D.plan.steps.length - 1) + 1}`)));
  const total = alive.reduce((sum, one) => sum + one[2], 0);
  return [make("p", {class: "soft"}, "The arena: steps to the right, offsets upwards; orange is " +
    "the gradient. Click to choose a step."), arena(300),
  make("h3", {}, `In step ${at + 1}: ${size(total)} in ${alive.length} values`),
  make("table", {}, make("thead", {}, make("tr", {}, ...["value", "offset", "bytes", "steps"]
    .map((name) => make("th", {}, name)))), make("tbody", {}, ...rows))];
}

// --- layers as written, search ----------------------------------------------------------------

function layers() {
  const spent = new Map(D.layers.map((path) => [path, 0]));
  for (const row of D.plan.steps) if (row[NODE] >= 0) {
    const parts = text(row[NODE], LAYER).split("/");
    parts.forEach((_, i) => {
      const path = parts.slice(0, i + 1).join("/");
      spent.set(path, (spent.get(path) || 0) + row[MICROS]);
    });
  }
  const most = Math.max(...spent.values(), 1e-9);
  const rows = D.layers.map((path) => {
    const name = layerLink(path), share = spent.get(path) / most * 100;
    name.textContent = path.split("/").pop();
    name.style.marginLeft = `${(path.split("/").length - 1) * 18}px`;
    return make("tr", {}, make("td", {}, name), make("td", {}, D.classes[path] || ""),
      make("td", {class: "soft"}, D.lines[path] || ""),
      make("td", {class: "n"}, spent.get(path) ? time(spent.get(path)) : "–"),
      make("td", {}, make("i", {class: "meter", style: `width:${share * 1.2}px`})));
  });
  const head = ["layer", "class", "written at", "time of a step", ""].map((name) => make("th", {}, name));
  return [make("div", {class: "layers"}, make("table", {}, make("thead", {}, make("tr", {}, ...head)),
    make("tbody", {}, ...rows)))];
}
function search(words) {
  const parts = words.toLowerCase().split(/\s+/).filter(Boolean), box = byId("results");
  const fits = (...texts) => parts.every((part) => texts.some((t) => t.toLowerCase().includes(part)));
  if (!parts.length) return box.replaceChildren();
  const rows = [];
  for (const path of D.layers) if (fits(path, D.classes[path] || "")) rows.push(
    make("li", {}, layerLink(path), make("span", {class: "soft"}, ` ${D.classes[path] || "layer"}`)));
  for (const node of stageOf(state.stage).inputs.keys()) {
    if (rows.length >= 40) break;
    if (fits(text(node, OP), text(node, LAYER), text(node, NAME), text(node, SPEC), text(node, LINE)))
      rows.push(make("li", {}, link(node), make("span", {class: "soft"},
        ` ${text(node, OP)} ${text(node, SPEC)} ${text(node, LAYER)}`)));
  }
  box.replaceChildren(...(rows.length ? rows : [make("li", {class: "soft"}, "nothing found")]));
}

// --- all of it --------------------------------------------------------------------------------

function draw() {
  const tabs = [["layers", "layers"], ...D.stages.map((stage, i) => [i, stage.name]), ["plan", "plan"],
    ["memory", "memory"]];
  byId("tabs").replaceChildren(...tabs.map(([key, name]) => make("button", {"aria-current":
    (key === state.tab || (state.tab === "graph" && key === state.stage)) && "page",
  class: Number.isInteger(key) && key && !D.stages[key].new.length && !D.stages[key].gone.length
    ? "still" : "", click: () => Number.isInteger(key) ? go({tab: "graph", stage: key})
    : go({tab: key})}, name)));
  const main = byId("main");
  if (state.tab === "graph") main.replaceChildren(make("p", {class: "crumbs"}, ...crumbs()), changes(),
    make("div", {class: "canvas"}, picture()));
  else main.replaceChildren(...{plan, memory, layers}[state.tab]());
  const about = state.tab === "plan" && state.step >= 0 ? aboutStep(state.step)
    : state.node >= 0 ? aboutNode(state.node) : state.layer ? aboutLayer(state.layer)
      : [make("p", {class: "soft"}, "Click a box to see what it is; a double click opens a layer. Blue is forward, orange the gradient.")];
  byId("about").replaceChildren(...about.filter(Boolean));
}
byId("search").addEventListener("input", (event) => search(event.target.value));
document.addEventListener("keydown", (event) => {
  if (event.key === "/" && document.activeElement !== byId("search")) {
    event.preventDefault();
    byId("search").focus();
  } else if (event.key === "Escape") { byId("search").value = ""; search(""); }
});
byId("results").addEventListener("click", () => { byId("search").value = ""; search(""); });
draw();
document.body.dataset.ready = "yes";
