// Clusters of unknown faces: take out who is somebody else, name what is left.

import {UndoStack, smallCrop, takesKeys, undoLast} from "./label_common.js";
import {findsNames} from "./label_names.js";
import {button, call, counted, element} from "./page.js";

const here = document.getElementById("clusters");
const server = here?.dataset.server;
const [status, problem, undoButton] = ["status", "problem", "undo"].map((id) => document.getElementById(id));
const stack = here && new UndoStack(server, (acts) => {
  undoButton.disabled = !acts;
});

if (here) {
  undoButton.addEventListener("click", undo);
  document.addEventListener("keydown", (event) => {
    if (event.key === "u" && !takesKeys(event)) undo();
  });
  load();
}

async function load() {
  try {
    const {clusters} = await call(`/api/v1/label/${server}/clusters`);
    here.replaceChildren(...clusters.map(section));
    if (!clusters.length) here.append(element("p", "note", "No unknown face keeps turning up."));
  } catch (error) {
    problem.textContent = error.message;
  }
}

function section(cluster, index) {
  const out = new Set();
  const made = element("section", "cluster");
  const title = element("h2", "", "");
  title.id = `cluster-${index}`;
  made.setAttribute("aria-labelledby", title.id);
  const tell = () => {
    const left = cluster.faces.length - out.size;
    title.textContent = left === 1 ? "1 face is left" : `${counted(left, "face")} that look alike`;
  };
  tell();
  const list = element("ul", "crops");
  for (const [number, face] of cluster.faces.entries()) list.append(toggle(face, number + 1, out, tell));
  made.append(title, list, ways(cluster, out, made, index));
  return made;
}

/** A face as a button that takes it out, or puts it back. */
function toggle(face, number, out, tell) {
  const item = smallCrop({...face, name: ""});
  const press = element("button", "taken", "Take out");
  press.type = "button";
  const show = () => {
    const gone = out.has(face.id);
    press.setAttribute("aria-pressed", String(gone));
    item.classList.toggle("out", gone);
    tell();
  };
  press.setAttribute("aria-label", `Take face ${number} out`);
  press.addEventListener("click", () => {
    if (!out.delete(face.id)) out.add(face.id);
    show();
  });
  item.querySelector("img").addEventListener("click", () => press.click());
  show();
  item.append(press);
  return item;
}

function ways(cluster, out, made, index) {
  const box = element("div", "others-ways");
  const say = async (kind, {value = "", label} = {}) => {
    const left = cluster.faces.filter((face) => !out.has(face.id)).map((face) => face.id);
    const faces = left.flatMap((face) => [face, ...(cluster.copies[face] ?? [])]);
    if (!faces.length) {
      problem.textContent = "Every face is taken out: put one back.";
      return;
    }
    problem.textContent = "";
    made.inert = true;
    try {
      const body = {faces, kind, value, about: "a cluster"};
      const done = await call(`/api/v1/label/${server}/labels`, {method: "POST", body});
      stack.push({undo: done.undo, name: done.name});
      status.textContent = `${counted(left.length, "face")}: ${label ?? done.name}.`;
      made.remove();
      (here.querySelector("button") ?? document.getElementById("main")).focus();
      if (!here.children.length) load();
    } catch (error) {
      made.inert = false;
      problem.textContent = error.message;
    }
  };
  for (const guess of cluster.guesses) {
    box.append(button(guess.name, () => say("is", {value: guess.id})));
  }
  const typed = element("span", "typed");
  const input = element("input");
  input.id = `typed-${index}`;
  const label = element("label", "hidden-label", "All that are left are");
  label.htmlFor = input.id;
  const names = element("ul", "names");
  names.id = `names-${index}`;
  names.setAttribute("role", "listbox");
  names.setAttribute("aria-label", "Characters");
  for (const [name, value] of Object.entries({
    type: "text", role: "combobox", autocomplete: "off", placeholder: "They are …",
    "aria-expanded": "false", "aria-controls": names.id, "aria-autocomplete": "list",
  })) input.setAttribute(name, value);
  names.hidden = true;
  typed.append(label, input, names);
  findsNames(input, names, server, (name) => {
    if (name.id) say("is", {value: name.id});
    else say("new", {value: name.name});
  }, {fresh: true});
  box.append(typed, button("Not faces", () => say("not_a_face")), button("Leave alone", () => say("ignore")));
  return box;
}

function undo() {
  return undoLast(stack, status, problem, load);
}
