// Runs the study: shows what the settings say, keeps every step in this browser, hands in one file.
"use strict";

const settings = JSON.parse(document.getElementById("settings").textContent);
const PRACTICE = Object.keys(settings.practice).length;
const FORMAT = "lrp-audio study record 1";

// --- what is kept ----------------------------------------------------------------------------

const place = `lrp-audio-study-${settings.study}`;

function begin() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const asked = new URLSearchParams(location.search).get("order");
  const count = settings.orders.length;
  return {
    participant: [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join(""),
    order: /^\d{1,9}$/.test(asked ?? "") ? Number(asked) % count : Math.floor(Math.random() * count),
    reloads: -1,
    checks: [],
    ready: false, // the volume is set, the trials have begun
    answered: null, // the answer of a trial that still waits for its ratings
    trials: [],
  };
}

// Another program on the same web space, or a person, may have written anything there.
function usable(kept) {
  return (
    typeof kept === "object" && kept !== null && Array.isArray(kept.trials) &&
    Array.isArray(kept.checks) && Number.isInteger(kept.order) &&
    settings.orders[kept.order] !== undefined &&
    kept.trials.length <= settings.orders[kept.order].length &&
    kept.trials.every((trial, i) => trial.item === settings.orders[kept.order][i][0])
  );
}

function remembered() {
  try {
    const kept = JSON.parse(localStorage.getItem(place));
    return usable(kept) ? kept : begin();
  } catch {
    return begin();
  }
}

function keep() {
  try {
    localStorage.setItem(place, JSON.stringify(state));
  } catch {
    document.getElementById("storage").hidden = false;
  }
}

const state = remembered();
const order = settings.orders[state.order];
state.reloads += 1;
keep();

function record() {
  return JSON.stringify({
    format: FORMAT,
    study: settings.study,
    participant: state.participant,
    order: state.order,
    reloads: state.reloads,
    checks: state.checks,
    trials: state.trials,
  });
}

// --- pieces of screens -----------------------------------------------------------------------

const clone = (id) => document.getElementById(id).content.cloneNode(true);

function html(id, fill = () => {}) {
  const holder = document.createElement("div");
  holder.append(clone(id));
  fill(holder);
  return holder.innerHTML;
}

function escaped(text) {
  const holder = document.createElement("div");
  holder.textContent = text;
  return holder.innerHTML;
}

const button = (choice) => `<button type="button" class="jspsych-btn">${choice}</button>`;
const stimulus = (item, ending) => `stimuli/${item}.${ending}`;
const sounds = new Map();

function sound(item) {
  if (!sounds.has(item)) {
    const made = new Audio(stimulus(item, "wav"));
    made.preload = "auto";
    sounds.set(item, made);
  }
  return sounds.get(item);
}

// A player whose sound must have been heard to its end once before any answer can be given.
function addPlayer(screen, item, played) {
  const audio = sound(item);
  const choices = screen.querySelectorAll(".jspsych-btn");
  screen.querySelector(".sound").append(clone("player"));
  const trouble = screen.querySelector(".trouble");
  for (const choice of choices) choice.disabled = true;
  audio.onended = () => {
    for (const choice of choices) choice.disabled = false;
  };
  screen.querySelector(".play").addEventListener("click", async () => {
    audio.currentTime = 0;
    trouble.textContent = "";
    try {
      await audio.play();
      played();
    } catch {
      if (trouble.isConnected) {
        trouble.textContent = "The sound could not be played. Check your connection and try again.";
        audio.load();
      }
    }
  });
}

function showProgress() {
  const done = state.trials.length;
  const counted = order.length - PRACTICE;
  const bar = document.getElementById("progress");
  bar.max = order.length;
  bar.value = done;
  document.getElementById("progress-text").textContent =
    done >= order.length ? "Finished"
      : !state.ready ? "Getting started"
      : done < PRACTICE ? `Practice ${done + 1} of ${PRACTICE}`
      : `${done - PRACTICE + 1} of ${counted}`;
}

// A new screen is announced and read from its heading, and starts at its top.
function arrive() {
  showProgress();
  const screen = document.getElementById("study");
  screen.querySelector("h2")?.focus({ preventScroll: true });
  window.scrollTo(0, 0);
  return screen;
}

function page(id, label, more = {}) {
  return {
    type: jsPsychHtmlButtonResponse,
    stimulus: html(id),
    choices: [label],
    button_html: button,
    button_layout: "flex",
    on_load: arrive,
    ...more,
  };
}

// --- the screens -----------------------------------------------------------------------------

function check() {
  const { item, answer } = settings.check;
  const last = () => state.checks.at(-1);
  return {
    timeline: [{
      type: jsPsychHtmlButtonResponse,
      stimulus: () => html("check") + (last() ? html("check-again") : ""),
      choices: settings.answers.map(escaped),
      button_html: button,
      button_layout: "flex",
      on_load: () => addPlayer(arrive(), item, () => {}),
      on_finish: (data) => {
        sound(item).pause();
        state.checks.push(settings.answers[data.response]);
        keep();
      },
    }],
    loop_function: () => last() !== answer,
  };
}

function question(item, condition) {
  let plays = 0;
  return {
    type: jsPsychHtmlButtonResponse,
    stimulus: html(condition, (holder) => {
      holder.querySelector("img")?.setAttribute("src", stimulus(item, "png"));
    }),
    choices: settings.answers.map(escaped),
    button_html: button,
    button_layout: "flex",
    on_load: () => {
      const screen = arrive();
      if (condition === "heard") addPlayer(screen, item, () => { plays += 1; });
    },
    on_finish: (data) => {
      sounds.get(item)?.pause();
      state.answered = { answer: settings.answers[data.response], rt: data.rt, plays };
      keep();
    },
  };
}

function ratings(item, condition) {
  return {
    type: jsPsychSurveyHtmlForm,
    html: html("ratings"),
    button_label: "Continue",
    on_load: arrive,
    on_finish: (data) => {
      const { confidence, usefulness } = data.response;
      state.trials.push({
        item,
        condition,
        ...state.answered,
        confidence: Number(confidence),
        usefulness: Number(usefulness),
      });
      state.answered = null;
      keep();
    },
  };
}

function feedback(item) {
  return page("feedback", "Continue", {
    stimulus: () => html("feedback", (holder) => {
      holder.querySelector(".network").textContent = settings.practice[item];
      holder.querySelector(".chosen").textContent = state.trials.at(-1).answer;
    }),
  });
}

function timeline() {
  const first = state.trials.length;
  const rest = order.slice(first);
  for (const [item, condition] of rest) if (condition === "heard") sound(item);
  const pictures = rest.filter(([, condition]) => condition === "seen");
  const screens = [{
    type: jsPsychPreload,
    images: pictures.map(([item]) => stimulus(item, "png")),
    show_progress_bar: false,
    error_message: html("missing"),
    show_detailed_errors: false,
  }];
  if (!state.ready) {
    screens.push(page("consent", "I agree and take part"));
    screens.push(page("instructions", "Continue"));
    screens.push(check());
    screens.push(page("practice", "Start", { on_finish: () => { state.ready = true; keep(); } }));
  }
  rest.forEach(([item, condition], ahead) => {
    const index = first + ahead;
    if (index === PRACTICE && !(ahead === 0 && state.answered)) screens.push(page("begin", "Begin"));
    if (!(ahead === 0 && state.answered)) screens.push(question(item, condition));
    screens.push(ratings(item, condition));
    if (index < PRACTICE) screens.push(feedback(item));
  });
  return screens;
}

// --- the end ---------------------------------------------------------------------------------

async function send(screen) {
  const sent = screen.querySelector(".sent");
  const press = screen.querySelector(".send");
  press.disabled = true;
  sent.textContent = "Sending …";
  try {
    const response = await fetch(settings.send, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: record(),
      credentials: "omit",
      referrerPolicy: "no-referrer",
    });
    if (!response.ok) throw new Error(String(response.status));
    sent.textContent = "Your answers have arrived. Thank you!";
    screen.querySelector(".forget").disabled = false;
  } catch {
    sent.textContent =
      "Your answers could not be sent. Try again, or download them and give the file to the " +
      "person who invited you.";
    press.disabled = false;
  }
}

function forget() {
  try {
    localStorage.removeItem(place);
  } catch {
    // Where nothing can be kept, nothing was.
  }
  document.getElementById("study").replaceChildren(clone("forgotten"));
  arrive();
}

function finish() {
  document.getElementById("study").replaceChildren(clone("end"));
  const screen = arrive();
  const download = screen.querySelector(".download");
  download.href = URL.createObjectURL(new Blob([record()], { type: "application/json" }));
  download.download = `${state.participant}.json`;
  screen.querySelector(".send")?.addEventListener("click", () => send(screen));
  // Nobody should lose by mistake what was not handed in.
  const remove = screen.querySelector(".forget");
  download.addEventListener("click", () => { remove.disabled = false; });
  remove.addEventListener("click", forget);
}

if (state.trials.length >= order.length) {
  finish();
} else {
  initJsPsych({ display_element: "study", on_finish: finish }).run(timeline());
}
