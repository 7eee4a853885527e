/* The ledger as a table whose bars hang on one another: what arrived, less what each layer kept. */

const KEPT = ["bias", "stabiliser", "dropped"];
const COLUMNS = [
  ["layer", "Layer"], ["rule", "Rule"], ["bar", "From 0 to what arrived"], ["relevance_out", "Arrived"],
  ["relevance_in", "Handed on"], ["bias", "Biases kept"], ["stabiliser", "Stabiliser kept"],
  ["dropped", "Dropped"], ["residual", "Rounding"],
];

function element(name, attributes = {}, ...children) {
  const space = ["svg", "rect", "line"].includes(name) ? "http://www.w3.org/2000/svg" : "http://www.w3.org/1999/xhtml";
  const made = document.createElementNS(space, name);
  Object.entries(attributes).forEach(([key, value]) => made.setAttribute(key, value));
  made.append(...children);
  return made;
}

function ledgerTable(ledger) {
  const ends = ledger.flatMap((entry) => steps(entry).flatMap(({ from, to }) => [from, to]));
  const low = Math.min(0, ...ends), high = Math.max(0, ...ends);
  const head = COLUMNS.map(([, label]) => element("th", { scope: "col" }, label));
  const rows = ledger.map((entry) => element("tr", { class: KEPT.every((kind) => entry[kind] === 0) ? "passing" : "keeping" }, ...COLUMNS.map(([key]) => {
    if (key === "layer") return element("th", { scope: "row" }, entry.layer);
    if (key === "bar") return element("td", {}, bar(entry, low, high));
    if (key === "rule") return element("td", { class: "rule" }, entry.rule);
    return element("td", { class: `number ${key}` }, short(entry[key]));
  })));
  return element("table", {}, element("thead", {}, element("tr", {}, ...head)), element("tbody", {}, ...rows));
}

/* What a layer handed on, and from there what was kept, up to what had arrived. */
function steps(entry) {
  let reached = entry.relevance_in;
  const kept = KEPT.map((kind) => ({ kind, from: reached, to: (reached += entry[kind]) }));
  return [{ kind: "handed", from: 0, to: entry.relevance_in }, ...kept];
}

function bar(entry, low, high) {
  const x = (amount) => (100 * (amount - low)) / (high - low || 1);
  const parts = steps(entry).map(({ kind, from, to }) => element("rect", {
    class: kind, x: Math.min(x(from), x(to)), width: Math.abs(x(to) - x(from)), y: kind === "handed" ? 2 : 0, height: kind === "handed" ? 8 : 12,
  }));
  const zero = element("line", { x1: x(0), x2: x(0), y1: 0, y2: 12 });
  return element("svg", { viewBox: "0 0 100 12", preserveAspectRatio: "none", "aria-hidden": "true" }, ...parts, zero);
}

/* The ledger in one sentence. */
function account(ledger, target) {
  const total = (key) => ledger.reduce((sum, entry) => sum + entry[key], 0);
  const start = ledger[0].relevance_out, end = ledger[ledger.length - 1].relevance_in;
  return `Of the ${short(start)} that the network gave “${target}” (its logit), ${short(end)} reached the sound. ` +
    `Biases kept ${short(total("bias"))}, stabilisers ${short(total("stabiliser"))}, ` +
    `${short(total("dropped"))} was dropped; rounding lost ${short(total("residual"))}.`;
}
