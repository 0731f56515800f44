// All crops, or those of one character: choose some, and say who they are.

import {UndoStack, takesKeys, undoLast} from "./label_common.js";
import {Grid} from "./label_grid.js";
import {historyOf} from "./label_history.js";
import {findsNames} from "./label_names.js";
import {call, counted} from "./page.js";

const box = document.getElementById("grid");
const {server, character} = box?.dataset ?? {};
const at = (id) => document.getElementById(id);
const [status, problem, typed, state] = ["status", "problem", "typed", "state"].map(at);
const MOST = 500;
let ids = [];
let grid = null;

const stack = box && new UndoStack(server, (acts) => {
  at("undo").disabled = !acts;
});

if (box) {
  // Those of one character come all at once, in their order.
  grid = new Grid(box, {server, page, chosen, atOnce: character ? 1_000_000 : 200});
  state?.addEventListener("change", () => read());
  at("undo").addEventListener("click", undo);
  at("show-history").addEventListener("click", showHistory);
  for (const button of document.querySelectorAll("[data-kind]")) {
    button.addEventListener("click", () => say(button.dataset.kind));
  }
  document.addEventListener("keydown", (event) => {
    if (takesKeys(event)) return;
    const does = {
      e: () => typed.focus(), h: showHistory, x: () => say("not_a_face"), i: () => say("ignore"), u: undo,
      Escape: () => grid.pick([]),
    }[event.key];
    if (!does) return;
    event.preventDefault();
    does();
  });
  findsNames(typed, at("names"), server, (name) => {
    box.focus();
    if (name.id) say("is", name.id);
    else say("new", name.name);
  }, {fresh: true});
  if (at("into")) findsNames(at("into"), at("into-names"), server, merge);
  read();
}

async function read() {
  try {
    await grid.load();
    if (!grid.total) status.textContent = "There is no crop here.";
  } catch (error) {
    problem.textContent = error.message;
  }
}

function page(start, count) {
  const {first} = box.dataset;
  box.dataset.first = "";
  if (first) return JSON.parse(first);
  if (character) return call(`/api/v1/label/${server}/characters/${encodeURIComponent(character)}/crops`);
  const query = new URLSearchParams({start, count, state: state.value});
  return call(`/api/v1/label/${server}/crops?${query}`);
}

/** Show the history of the one face that is chosen; what one said can be taken back there. */
async function showHistory() {
  if (ids.length !== 1) {
    problem.textContent = "Choose one face, to see its history.";
    return;
  }
  problem.textContent = "";
  try {
    const lines = await historyOf(server, ids[0], async () => {
      at("history").close();
      status.textContent = "Taken back.";
      await read();
    });
    at("history-list").replaceChildren(...lines);
    at("history").showModal();
  } catch (error) {
    problem.textContent = error.message;
  }
}

function chosen(picked) {
  ids = picked;
  at("chosen").textContent = ids.length ? `${counted(ids.length, "face")} chosen.` : "Choose faces: click, or the arrows and Space.";
  for (const button of document.querySelectorAll("[data-kind]")) button.disabled = !ids.length;
  at("show-history").disabled = ids.length !== 1;
}

async function say(kind, value = "") {
  const faces = ids.slice(0, MOST);
  if (!faces.length) {
    problem.textContent = "Choose faces first.";
    return;
  }
  problem.textContent = "";
  try {
    const body = {faces, kind, value, about: "a collection"};
    const done = await call(`/api/v1/label/${server}/labels`, {method: "POST", body});
    stack.push({undo: done.undo, name: done.name});
    status.textContent = `${counted(faces.length, "face")}: ${done.name}.`;
    await read();
  } catch (error) {
    problem.textContent = error.message;
  }
}

async function merge(name) {
  try {
    const body = {character, into: name.id};
    const done = await call(`/api/v1/label/${server}/merges`, {method: "POST", body});
    stack.push({undo: done.undo, name: done.name});
    location.assign(`/label/${server}/characters/${encodeURIComponent(name.id)}`);
  } catch (error) {
    problem.textContent = error.message;
  }
}

function undo() {
  return undoLast(stack, status, problem, read);
}
