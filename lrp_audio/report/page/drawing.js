/* The picture of a view: two panels over each other, whose plotted area the style sheet knows too. */

const LEFT = 56, RIGHT = 12, HEIGHT = 340;
const UPPER = { top: 10, bottom: 210 }, LOWER = { top: 240, bottom: 305 };

/* The colours of the present scheme, as the style sheet has them. */
function colours() {
  const style = getComputedStyle(document.documentElement);
  const named = (name) => style.getPropertyValue(name).trim();
  const rgb = (name) => named(name).match(/[0-9a-f]{2}/gi).map((pair) => parseInt(pair, 16));
  const mix = (a, b, t) => a.map((from, i) => from + t * (b[i] - from));
  const none = rgb("--none");
  const stops = { for: ["--for", "--most-for"].map(rgb), against: ["--against", "--most-against"].map(rgb) };
  /* Of relevance as a share of where colours end, over what is there without any. */
  const over = (under, share) => {
    const t = 2 * Math.min(Math.abs(share), 1), [middle, end] = stops[share < 0 ? "against" : "for"];
    return t < 1 ? mix(under, middle, t) : mix(middle, end, t - 1);
  };
  return {
    surface: named("--surface"), text: named("--text"), muted: named("--muted"), line: named("--line"),
    loud: rgb("--loud"), quiet: rgb("--surface"), mix, over, alone: (share) => over(none, share),
  };
}

const css = (rgb) => `rgb(${rgb.map(Math.round).join(" ")})`;

/* Draw `picture` on a canvas's context, `width` wide and HEIGHT high. */
function draw(context, width, picture, scheme) {
  const plot = { context, scheme, left: LEFT, right: width - RIGHT };
  context.fillStyle = scheme.surface;
  context.fillRect(0, 0, width, HEIGHT);
  context.font = "12px system-ui, sans-serif";
  const seconds = [0, picture.samples.length / picture.rate];
  const waveform = (panel, shares) => {
    drawLine(plot, panel, extremes(picture.samples, plot, 32768 * loudest(picture.samples)), shares);
  };
  if (picture.domain === "time") {
    waveform(UPPER, around(picture));
    caption(plot, UPPER, "amplitude");
    drawBars(plot, LOWER, sums(picture), seconds, picture, (amount) => amount / picture.limit);
  } else if (picture.domain === "frequency") {
    drawLine(plot, UPPER, heights(picture.levels, plot), around(picture));
    caption(plot, UPPER, "level");
    drawAxis(plot, UPPER, picture.axes.frequencies, "Hz");
    waveform(LOWER, null);
    caption(plot, LOWER, "sound");
  } else {
    drawMap(plot, UPPER, picture, seconds);
    /* Sums over all frequencies are larger than where the colours of bins end: their sign alone is shown. */
    const extent = edges(picture.axes.times, picture.shape[1]);
    drawBars(plot, LOWER, columnSums(picture), extent, picture, (amount) => Math.sign(amount) / 2);
  }
  drawAxis(plot, LOWER, seconds, "s");
}

/* Relevance summed over the cells around each, as a share of where colours end. */
function around({ relevance, together, limit }) {
  const total = new Float64Array(relevance.length + 1);
  relevance.forEach((r, i) => { total[i + 1] = total[i] + r; });
  const at = (i) => total[Math.max(0, Math.min(relevance.length, i))];
  return Float64Array.from(relevance, (_, i) => (at(i + together / 2) - at(i - together / 2)) / limit);
}

function sums({ relevance, together }) {
  const found = new Float64Array(Math.ceil(relevance.length / together));
  relevance.forEach((r, i) => { found[Math.floor(i / together)] += r; });
  return found;
}

function columnSums({ relevance, shape: [, columns] }) {
  const found = new Float64Array(columns);
  relevance.forEach((r, i) => { found[i % columns] += r; });
  return found;
}

function edges([first, last], count) {
  const half = (last - first) / (count - 1) / 2;
  return [first - half, last + half];
}

const loudest = (samples) => samples.reduce((peak, s) => Math.max(peak, Math.abs(s)), 1) / 32768;

/* For each pixel across the panel: first and end of its values, their lowest and highest in 0..1. */
function extremes(values, { left, right }, peak) {
  return columnsOf(values, right - left, (v) => 0.5 + v / peak / 2.1);
}

function heights(levels, { left, right }) {
  return columnsOf(levels, right - left, (v) => v / 262);
}

function columnsOf(values, pixels, height) {
  const count = Math.max(1, Math.floor(2 * pixels)), found = [];
  for (let column = 0; column < count; column++) {
    const first = Math.floor((column * values.length) / count);
    const end = Math.max(first + 1, Math.floor(((column + 1) * values.length) / count));
    let low = Infinity, high = -Infinity;
    /* One value of the next column too, so that columns touch. */
    for (let i = first; i <= Math.min(end, values.length - 1); i++) {
      const h = height(values[i]);
      low = Math.min(low, h);
      high = Math.max(high, h);
    }
    found.push({ first, end, low, high });
  }
  return found;
}

/* A wave or a spectrum; coloured by the strongest of `shares` in each column, or plain. */
function drawLine({ context, scheme, left, right }, { top, bottom }, columns, shares) {
  const width = (right - left) / columns.length;
  columns.forEach(({ first, end, low, high }, i) => {
    let share = 0;
    for (let j = first; shares && j < end; j++) if (Math.abs(shares[j]) > Math.abs(share)) share = shares[j];
    context.fillStyle = shares ? css(scheme.alone(share)) : scheme.muted;
    const y = bottom - high * (bottom - top);
    context.fillRect(left + i * width, y - 0.6, Math.max(width, 1), (high - low) * (bottom - top) + 1.2);
  });
}

/* Relevance of each part of the time `from` to `to`, up for and down against, in the colour of its share. */
function drawBars({ context, scheme, left, right }, { top, bottom }, amounts, [from, to], { samples, rate }, shareOf) {
  const most = amounts.reduce((m, a) => Math.max(m, a), 0), least = amounts.reduce((m, a) => Math.min(m, a), 0);
  const range = most - least || 1, y = (amount) => top + ((most - amount) / range) * (bottom - top);
  const seconds = samples.length / rate, x = (time) => left + (time / seconds) * (right - left);
  context.save();
  context.beginPath();
  context.rect(left, top, right - left, bottom - top);
  context.clip();
  amounts.forEach((amount, i) => {
    const start = x(from + (i * (to - from)) / amounts.length), end = x(from + ((i + 1) * (to - from)) / amounts.length);
    context.fillStyle = css(scheme.alone(shareOf(amount)));
    context.fillRect(start, Math.min(y(0), y(amount)), end - start, Math.abs(y(0) - y(amount)));
  });
  context.restore();
  context.fillStyle = scheme.muted;
  context.fillRect(left, y(0) - 0.5, right - left, 1);
  context.textAlign = "right";
  context.textBaseline = "middle";
  for (const amount of new Set([most, 0, least])) {
    if (amount === 0 || Math.abs(y(amount) - y(0)) > 12) context.fillText(short(amount), left - 6, y(amount));
  }
}

/* Relevance over levels, frequency upwards. */
function drawMap(plot, panel, { relevance, levels, limit, shape: [rows, columns], axes, samples, rate }) {
  const { context, scheme, left, right } = plot, { top, bottom } = panel;
  const image = new ImageData(columns, rows);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const cell = row * columns + column;
      const under = scheme.mix(scheme.quiet, scheme.loud, levels[cell] / 255);
      const pixel = ((rows - 1 - row) * columns + column) * 4;
      image.data.set([...scheme.over(under, relevance[cell] / limit), 255], pixel);
    }
  }
  const [from, to] = edges(axes.times, columns), seconds = samples.length / rate;
  const [lowest, highest] = edges(axes.frequencies, rows);
  const x = (time) => left + (time / seconds) * (right - left);
  const y = (hertz) => bottom - ((hertz - lowest) / (highest - lowest)) * (bottom - top);
  context.save();
  context.beginPath();
  context.rect(left, top, right - left, bottom - top);
  context.clip();
  drawCells(context, image, x(from), top, x(to) - x(from), bottom - top);
  context.restore();
  context.fillStyle = scheme.text;
  context.textAlign = "right";
  context.textBaseline = "middle";
  for (let hertz = 0; hertz < highest; hertz += 1000) context.fillText(`${hertz / 1000}`, left - 6, Math.min(y(hertz), bottom - 4));
  caption(plot, panel, "kHz");
}

/* Cells keep their edges where they are larger than pixels, and are averaged where smaller. */
function drawCells(context, image, x, y, width, height) {
  const canvas = (w, h) => Object.assign(document.createElement("canvas"), { width: w, height: h });
  const { a: ratio } = context.getTransform();
  const cells = canvas(image.width, image.height);
  cells.getContext("2d").putImageData(image, 0, 0);
  const high = Math.round(height * ratio);
  const scaled = canvas(image.width, high), scaling = scaled.getContext("2d");
  scaling.imageSmoothingEnabled = high < image.height;
  scaling.imageSmoothingQuality = "high";
  scaling.drawImage(cells, 0, 0, image.width, high);
  context.imageSmoothingEnabled = width * ratio < image.width;
  context.drawImage(scaled, x, y, width, height);
}

function drawAxis({ context, scheme, left, right }, { bottom }, [from, to], unit) {
  const step = unit === "s" ? (right - left > 500 ? 0.1 : 0.2) : right - left > 500 ? 500 : 1000;
  context.textAlign = "center";
  context.textBaseline = "top";
  for (let i = Math.ceil(from / step); i * step <= to + 1e-9; i++) {
    const x = left + ((i * step - from) / (to - from)) * (right - left);
    context.fillStyle = scheme.line;
    context.fillRect(x - 0.5, bottom, 1, 5);
    context.fillStyle = scheme.text;
    const last = (i + 1) * step > to + 1e-9;
    const number = unit === "s" ? (i * step).toFixed(1) : `${i * step}`;
    const text = last ? `${number} ${unit}` : number;
    const most = right + RIGHT - context.measureText(text).width / 2;
    context.fillText(text, Math.min(x, most), bottom + 8);
  }
}

/* What a panel's height means, written upwards at its left. */
function caption({ context, scheme }, { top, bottom }, text) {
  context.save();
  context.translate(14, (top + bottom) / 2);
  context.rotate(-Math.PI / 2);
  context.fillStyle = scheme.muted;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillText(text, 0, 0);
  context.restore();
}

/* A number of three digits, as the ledger shows it. */
function short(number) {
  if (number === 0) return "0";
  const size = Math.abs(number);
  if (size < 1e-3 || size >= 1e5) return number.toExponential(1);
  return size < 1000 ? number.toPrecision(3) : `${Math.round(number)}`;
}
