// The review queue: one face at a time, an answer a key, and undo.

import {UndoStack, smallCrop, takesKeys} from "./label_common.js";
import {historyOf} from "./label_history.js";
import {findsNames} from "./label_names.js";
import {call, counted, element, percent} from "./page.js";

const REASONS = {
  disputed: "Disputed", new: "New character", cluster: "Seen often", uncertain: "Least certain",
};
const KEYS = {e: "else", n: "new", x: "not_a_face", i: "ignore", s: "skip", u: "undo", v: "reveal", h: "log", "?": "help"};
const FEW = 8;

const here = document.getElementById("labelling");
const server = here?.dataset.server;
const at = (id) => document.getElementById(id);
const [crop, reveal, answers, typed] = ["crop", "reveal", "answers", "typed"].map(at);
const [keys, status, problem] = ["keys", "status", "problem"].map(at);

let faces = [];
let skipped = [];
let current = null;
let left = 0;
let settled = 0;
let asking = null;
const unsent = new Set();
// Calls go one after the other, so what the site counts is what was said before it was asked.
let calls = Promise.resolve();
const stack = here && new UndoStack(server, (acts) => {
  document.querySelector("[data-does=undo]").disabled = !acts;
});
const labelled = [];

if (here) start();

function start() {
  keys.checked = localStorage.getItem("keys") !== "off";
  keys.addEventListener("change", () => localStorage.setItem("keys", keys.checked ? "on" : "off"));
  findsNames(typed, at("names"), server, (name) => {
    answers.focus();
    say("is", name.name, {value: name.id});
  });
  document.addEventListener("click", (event) => {
    const does = event.target.closest("[data-does]")?.dataset.does;
    if (does === "close") event.target.closest("dialog").close();
    else if (does) act(does);
  });
  document.addEventListener("keydown", (event) => {
    if (!keys.checked || takesKeys(event)) return;
    const guess = event.key === "Enter" ? 1 : "12345".indexOf(event.key) + 1;
    const does = KEYS[event.key];
    if (!guess && !does) return;
    event.preventDefault();
    if (guess) choose(guess - 1);
    else act(does);
  });
  reveal.addEventListener("click", show);
  at("new-form").addEventListener("submit", () => {
    say("new", at("new-name").value, {value: at("new-name").value, series: at("new-series").value});
  });
  at("log").addEventListener("toggle", showLog);
  // What is on its way is not left behind unasked.
  addEventListener("beforeunload", (event) => {
    if (unsent.size) event.preventDefault();
  });
  next();
}

function act(does) {
  switch (does) {
    case "undo": return undo();
    case "help": return at("help").showModal();
    case "reveal": return reveal.hidden || show();
    case "log": at("log").open = !at("log").open; return undefined;
    default:
  }
  if (!current) return undefined;
  switch (does) {
    case "else": return typed.focus();
    case "skip": return skip();
    case "new":
      at("new-name").value = typed.value || current.proposed?.name || "";
      at("new-series").value = current.proposed?.series ?? "";
      typed.value = "";
      return at("new-character").showModal();
    default: return say(does, does === "ignore" ? "left alone" : "not a face", {});
  }
}

function choose(index) {
  const options = optionsOf(current);
  if (options[index]) say(options[index].kind, options[index].name, {value: options[index].value});
}

/** What the number keys mean: what a member proposed, then the guesses; five in all. */
function optionsOf(face) {
  if (!face) return [];
  const guesses = face.guesses.map((guess) => ({kind: "is", value: guess.id, ...guess}));
  if (!face.proposed) return guesses;
  const {proposal, name, series} = face.proposed;
  return [{kind: "proposal", value: String(proposal), name, series}, ...guesses].slice(0, 5);
}

/** Say something of the face that is shown. The next one comes at once; the answer is sent behind. */
function say(kind, name, {value = "", series = ""}) {
  const face = current;
  left = Math.max(0, left - 1);
  settled += 1;
  labelled.push(Date.now());
  status.textContent = `${name}.`;
  problem.textContent = "";
  unsent.add(face);
  next();
  calls = calls.then(async () => {
    try {
      const body = {faces: [face.id], kind, value, series};
      const done = await call(`/api/v1/label/${server}/labels`, {method: "POST", body});
      stack.push({undo: done.undo, face, name: done.name});
    } catch (error) {
      // What was not kept is shown again, and why.
      left += 1;
      settled -= 1;
      labelled.pop();
      problem.textContent = error.message;
      if (error.status !== 404) again(face);
    }
    unsent.delete(face);
    pace();
  });
}

function skip() {
  skipped.push(current);
  status.textContent = "Skipped.";
  problem.textContent = "";
  next();
}

async function undo() {
  await calls;
  try {
    const last = await stack.undo();
    if (!last) return;
    left += 1;
    settled -= 1;
    labelled.pop();
    status.textContent = `Undone: ${last.name}.`;
    problem.textContent = "";
    if (last.face) again(last.face);
  } catch (error) {
    problem.textContent = error.message;
  }
  pace();
}

function again(face) {
  if (current) faces.unshift(current);
  faces.unshift(face);
  current = null;
  next();
}

async function next() {
  current = faces.shift() ?? null;
  if (faces.length < FEW) ask();
  if (!current && asking) {
    const before = current;
    await asking;
    if (current !== before) return;
    current = faces.shift() ?? skipped.shift() ?? null;
  }
  present();
}

/** Ask for what waits next, besides what is here already. */
function ask() {
  if (asking) return;
  asking = calls = calls.then(async () => {
    try {
      const besides = [current, ...faces, ...skipped, ...unsent].filter(Boolean).map((face) => face.id);
      const answer = await call(`/api/v1/label/${server}/queue?besides=${besides.join(",")}`);
      const known = new Set([...besides, ...faces.map((face) => face.id)]);
      faces.push(...answer.faces.filter((face) => !known.has(face.id)));
      [left, settled] = [answer.waiting - unsent.size, answer.settled + unsent.size];
      for (const face of faces.slice(0, FEW)) if (!face.hidden) new Image().src = face.crop;
    } catch (error) {
      problem.textContent = error.message;
    } finally {
      asking = null;
      pace();
    }
  });
}

function present() {
  here.hidden = !current;
  pace();
  if (!current) {
    if (!problem.textContent) status.textContent = `${status.textContent} Nothing waits for you here.`.trim();
    return;
  }
  crop.removeAttribute("src");
  reveal.hidden = !current.hidden;
  if (!current.hidden) crop.src = current.crop;
  at("reason").textContent = REASONS[current.reason];
  at("reason").className = `reason ${current.reason}`;
  at("why").textContent = current.why;
  at("guesses").replaceChildren(...optionsOf(current).map(option));
  at("link").href = current.link;
  at("link").hidden = !current.link;
  const when = new Date(current.at);
  at("at").dateTime = current.at;
  at("at").textContent = when.toLocaleString("en", {dateStyle: "medium", timeStyle: "short"});
  at("others").hidden = !current.others.length;
  at("others-list").replaceChildren(...current.others.map((face) => smallCrop(face)));
  at("log").open = false;
  if (document.activeElement === document.body || here.contains(document.activeElement)) answers.focus({preventScroll: true});
  answers.setAttribute("aria-label", `Who is it? ${REASONS[current.reason]}. ${current.why}`);
}

function option({name, series, probability}, index) {
  const item = element("li");
  const button = element("button", "guess");
  button.type = "button";
  button.append(element("kbd", "", String(index + 1)), element("b", "", name));
  if (series) button.append(element("small", "", series));
  button.append(element("span", "", probability === undefined ? "proposed" : percent(probability)));
  button.addEventListener("click", () => choose(index));
  item.append(button);
  return item;
}

function show() {
  if (!current) return;
  crop.src = current.crop;
  reveal.hidden = true;
  answers.focus({preventScroll: true});
}

async function showLog() {
  if (!at("log").open || !current) return;
  const face = current;
  try {
    const lines = await historyOf(server, face.id, showLog);
    if (face === current) at("log-list").replaceChildren(...lines);
  } catch (error) {
    problem.textContent = error.message;
  }
}

function pace() {
  const lately = labelled.filter((when) => Date.now() - when < 60_000).length;
  const mine = labelled.length ? ` · ${counted(labelled.length, "face")} now, ${lately} in the last minute` : "";
  at("pace").textContent = `${counted(left, "face")} wait${left === 1 ? "s" : ""}, ${settled.toLocaleString("en")} settled${mine}${unsent.size ? ` · keeping ${unsent.size} …` : ""}`;
}
