/* One clip of the page: its switches, its picture, its players, and what can be saved of it. */

const JUMP = 0.02; /* seconds that an arrow key moves */
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const dark = matchMedia("(prefers-color-scheme: dark)");

class Clip {
  constructor(article) {
    this.article = article;
    this.data = JSON.parse(article.querySelector("script").textContent);
    this.view = this.data.views[0];
    this.canvas = this.one("canvas");
    this.position = this.one(".position");
    this.players = [...article.querySelectorAll("audio")];
    this.player = this.players[0];
    this.repeat = this.one(".loop input");
    this.listen();
  }

  one(selector) {
    return this.article.querySelector(selector);
  }

  listen() {
    this.article.querySelectorAll("select").forEach((select) => {
      select.addEventListener("change", () => this.choose(select.dataset.choice, select.value));
    });
    this.players.forEach((player) => {
      player.addEventListener("play", () => this.follow(player));
      for (const moved of ["timeupdate", "pause"]) {
        player.addEventListener(moved, () => this.player === player && this.show());
      }
      player.addEventListener("ended", () => this.repeat.checked && this.restart(player));
    });
    this.position.addEventListener("input", () => this.seek(Number(this.position.value)));
    this.position.addEventListener("keydown", (event) => this.press(event));
    this.repeat.addEventListener("change", () => this.mark());
    for (const end of [".from", ".to"]) {
      this.one(end).addEventListener("input", (event) => {
        this.repeat.checked = true;
        this.mark(event.target);
      });
    }
    this.one(".ledger").addEventListener("toggle", () => this.showLedger());
    this.article.querySelectorAll("[data-save]").forEach((button) => {
      button.addEventListener("click", () => this.save(button.dataset.save));
    });
  }

  /* The view that has this value and else the most in common with the present one. */
  choose(key, value) {
    const keys = ["target", "domain", "rules"];
    const likeness = (view) => keys.filter((k) => view[k] === this.view[k]).length;
    const fitting = this.data.views.filter((view) => view[key] === value);
    this.view = fitting.reduce((best, view) => (likeness(view) > likeness(best) ? view : best));
    keys.forEach((k) => {
      const select = this.one(`select[data-choice=${k}]`);
      if (select) select.value = this.view[k];
    });
    this.open();
  }

  /* Show the present view: its words at once, picture and sounds as they are unpacked. */
  async open() {
    const view = this.view;
    this.one(".words").textContent = view.words;
    this.canvas.setAttribute("aria-label", view.words);
    this.position.classList.toggle("low", view.domain === "frequency");
    const unit = { time: "5 ms", frequency: "20 Hz", "time-frequency": "bin" }[view.domain];
    this.one(".limit").textContent = `colours end at ±${short(view.limit)} per ${unit}`;
    for (const sign of ["for", "against"]) {
      this.one(`.${sign} h3`).textContent = `What spoke ${sign} ${view.target}`;
      this.one(`.${sign} .silent`).textContent = view.silent.includes(sign)
        ? `Silent: under these rules nothing that sounds speaks ${sign} ${view.target}.` : "";
    }
    this.showLedger();
    const picture = await pictureOf(this.data, view);
    const sounds = { original: this.data.original, ...view.sounds };
    const samples = await Promise.all(this.players.map((player) => unpacked(sounds[player.dataset.sound])));
    if (this.view !== view) return;
    this.picture = picture;
    this.players.forEach((player, i) => this.load(player, wav(new Int16Array(samples[i]), this.data.rate)));
    this.draw();
    this.article.dataset.shown = `${view.target} ${view.domain} ${view.rules}`;
  }

  load(player, file) {
    if (player.file && player.dataset.sound === "original") return;
    const [time, playing] = [player.currentTime, !player.paused];
    URL.revokeObjectURL(player.src);
    player.file = file;
    player.src = URL.createObjectURL(file);
    player.currentTime = time;
    if (playing) this.play(player);
  }

  draw() {
    const width = this.canvas.clientWidth;
    if (!this.picture || !width) return;
    this.paint(this.canvas, width, devicePixelRatio, 0);
  }

  paint(canvas, width, ratio, above) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round((HEIGHT + above) * ratio);
    const context = canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, above * ratio);
    draw(context, width, this.picture, colours());
    return context;
  }

  follow(player) {
    this.player = player;
    document.querySelectorAll("audio").forEach((other) => other !== player && other.pause());
    const from = this.from();
    if (this.repeat.checked && (player.currentTime < from || player.currentTime >= this.to())) player.currentTime = from;
    const step = () => {
      if (player.paused) return;
      if (this.repeat.checked && player.currentTime >= this.to()) player.currentTime = this.from();
      this.show();
      requestAnimationFrame(step);
    };
    step();
  }

  play(player) {
    player.play().catch(() => {}); /* it was stopped before it began */
  }

  restart(player) {
    player.currentTime = this.from();
    this.play(player);
  }

  show() {
    const time = this.player.currentTime, shown = calm.matches ? Math.round(time * 4) / 4 : time;
    this.position.value = this.player.paused ? time : shown;
    this.position.setAttribute("aria-valuetext", `${time.toFixed(2)} seconds`);
  }

  seek(time) {
    const to = Math.max(0, Math.min(time, Number(this.position.max)));
    this.players.forEach((player) => { player.currentTime = to; });
    this.show();
  }

  press(event) {
    const jump = { ArrowLeft: -JUMP, ArrowDown: -JUMP, ArrowRight: JUMP, ArrowUp: JUMP }[event.key];
    if (jump) this.seek(this.player.currentTime + jump);
    else if (event.key === " ") this.player.paused ? this.play(this.player) : this.player.pause();
    else return;
    event.preventDefault();
  }

  from() { return Number(this.one(".from").value); }
  to() { return Number(this.one(".to").value); }

  /* Show the part to repeat; the handle that `moved` pushes the other one along. */
  mark(moved) {
    const [from, to] = [this.one(".from"), this.one(".to")];
    const least = 0.05;
    if (this.to() - this.from() < least) {
      if (moved === from) to.value = this.from() + least;
      else from.value = this.to() - least;
      if (this.to() - this.from() < least - 1e-9) moved.value = moved === from ? this.to() - least : this.from() + least;
    }
    const said = `${this.from().toFixed(2)} s to ${this.to().toFixed(2)} s`;
    this.one("output").textContent = said;
    from.setAttribute("aria-valuetext", `${this.from().toFixed(2)} seconds`);
    to.setAttribute("aria-valuetext", `${this.to().toFixed(2)} seconds`);
    this.article.style.setProperty("--from", this.from());
    this.article.style.setProperty("--to", this.to());
    this.article.classList.toggle("repeating", this.repeat.checked);
  }

  async summary() {
    return JSON.parse(new TextDecoder().decode(await unpacked(this.view.summary)));
  }

  async showLedger() {
    if (!this.one(".ledger").open) return;
    const view = this.view, { ledger } = await this.summary();
    if (this.view !== view) return;
    this.one(".account").textContent = account(ledger, view.target);
    this.one(".scrolled").replaceChildren(ledgerTable(ledger));
  }

  async save(what) {
    const { target, domain, rules } = this.view, name = `${this.data.name} ${target} ${domain} ${rules}`;
    const text = (lines, type) => new Blob([lines.join("\n") + "\n"], { type });
    const sound = this.players.find((player) => player.dataset.sound === what);
    if (sound) keep(sound.file, what === "original" ? `${this.data.name}.wav` : `${name} ${what}.wav`);
    else if (what === "picture") keep(await this.image(), `${name}.png`);
    else if (what === "relevance") keep(text(relevanceLines(this.picture), "text/csv"), `${name} relevance.csv`);
    else {
      const summary = await this.summary();
      if (what === "summary") keep(text([JSON.stringify(summary, null, 2)], "application/json"), `${name}.json`);
      else keep(text(ledgerLines(summary.ledger), "text/csv"), `${name} ledger.csv`);
    }
  }

  image() {
    const canvas = document.createElement("canvas"), context = this.paint(canvas, 1000, 2, 40);
    context.fillStyle = colours().surface;
    context.fillRect(0, -40, 1000, 40);
    context.fillStyle = colours().text;
    context.textAlign = "left";
    context.textBaseline = "alphabetic";
    context.font = "15px system-ui, sans-serif";
    const { target, rules } = this.view;
    context.fillText(`${this.data.name}: relevance for ${target} under ${rules} (heard as ${this.data.predicted})`, LEFT, -14, 920);
    return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  }
}

function relevanceLines({ relevance, shape, axes }) {
  const at = ([first, last], count, i) => Number((first + (i * (last - first)) / (count - 1)).toPrecision(7));
  const number = (r) => Number(r.toPrecision(6));
  if (shape.length === 1) {
    const [name, axis] = Object.entries(axes)[0];
    const unit = name === "times" ? "time_s" : "frequency_hz";
    return [`${unit},relevance`, ...Array.from(relevance, (r, i) => `${at(axis, shape[0], i)},${number(r)}`)];
  }
  const [rows, columns] = shape;
  const times = Array.from({ length: columns }, (_, i) => at(axes.times, columns, i));
  const row = (i) => [at(axes.frequencies, rows, i), ...Array.from(relevance.slice(i * columns, (i + 1) * columns), number)];
  return [`frequency_hz \\ time_s,${times}`, ...Array.from({ length: rows }, (_, i) => `${row(i)}`)];
}

function ledgerLines(ledger) {
  const keys = Object.keys(ledger[0]);
  return [keys.join(","), ...ledger.map((entry) => keys.map((key) => `"${`${entry[key]}`.replaceAll('"', '""')}"`).join(","))];
}

function keep(file, name) {
  const link = element("a", { href: URL.createObjectURL(file), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

/* Clips come to life shortly before they are seen, so that a page of many opens at once. */
const clips = new Map();
const seen = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    if (!isIntersecting || clips.has(target)) continue;
    clips.set(target, new Clip(target));
    clips.get(target).open();
  }
}, { rootMargin: "600px" });
if (!window.DecompressionStream) {
  document.querySelector(".top").append(element("p", { class: "notice" }, "Pictures and sounds need a browser of 2023 or newer."));
}
document.querySelectorAll(".clip").forEach((article) => seen.observe(article));
dark.addEventListener("change", () => clips.forEach((clip) => clip.draw()));
addEventListener("resize", () => clips.forEach((clip) => clip.draw()));
