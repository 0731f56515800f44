// Correct a face in place, or teach who it is: buttons, and a name that is looked up while typed.

import {button, call, element} from "./page.js";

const signedIn = document.querySelector("meta[name=csrf]") !== null;
const chosen = document.getElementById("server");
const WAIT_MS = 120;
let forms = 0;

/** The server that pictures are named as in; null for none. */
export function server() {
  const option = chosen?.selectedOptions[0];
  if (!option?.value) return null;
  return {id: option.value, name: option.textContent, learns: option.dataset.learns === "yes"};
}

/** What can be said of a face of `file`, which was named as in `where`; null for nothing. */
export function corrections(file, face, index, where) {
  const area = element("div", "correct");
  if (!signedIn) {
    if (face.tier !== "not_known" || !document.querySelector("a.who")) return null;
    const link = element("a", "", "Sign in to teach who this is");
    link.href = "/sign-in?next=/";
    area.append(link);
    return area;
  }
  if (!where?.learns) {
    if (!chosen) return null;
    const why = where ? `${where.name} does not learn: a moderator can switch that on.`
      : "Choose a server above to correct this.";
    area.append(element("small", "faint", why));
    return area;
  }
  const said = element("p", "sentence");
  said.setAttribute("role", "status");
  const send = async (kind, value = "", series = "") => {
    const query = new URLSearchParams({server: where.id, face: index, kind, value, series});
    const form = new FormData();
    form.append("image", file, file.name);
    const buttons = [...area.querySelectorAll("button")];
    buttons.forEach((each) => (each.disabled = true));
    said.textContent = "…";
    try {
      tell(said, (await call(`/api/v1/corrections?${query}`, {method: "POST", raw: form})).sentence);
      area.querySelector("form").hidden = true;
    } catch (error) {
      tell(said, error.message);
    }
    buttons.forEach((each) => (each.disabled = false));
  };
  const form = naming(face, where, send, said);
  const open = button(face.tier === "not_known" ? "Teach who this is" : "Someone else", () => {
    form.hidden = !form.hidden;
    open.setAttribute("aria-expanded", String(!form.hidden));
    if (!form.hidden) form.querySelector("input").focus();
  });
  open.setAttribute("aria-expanded", "false");
  const ways = element("div", "ways");
  if (face.tier !== "not_known") {
    ways.append(button("That's right", () => send("is", face.guesses[0].id)));
  }
  ways.append(open, button("Not a face", () => send("not_a_face")));
  const kept = `What you say is kept with this face, for the labellers of ${where.name} to see.`;
  area.append(ways, form, said, element("small", "faint", kept));
  return area;
}

function naming(face, where, send, said) {
  const form = element("form", "naming");
  form.hidden = true;
  const list = element("datalist");
  list.id = `names-${++forms}`;
  const name = field(form, "Who is it?");
  name.setAttribute("list", list.id);
  name.required = true;
  const series = field(form, "From which series? (where nobody is called so yet)");
  series.parentElement.hidden = true;
  const submit = element("button", "button", "Say so");
  form.append(list, submit);
  const known = new Map();
  offer(list, known, face.guesses.slice(face.tier === "not_known" ? 0 : 1));
  let waiting = 0;
  name.addEventListener("input", () => {
    clearTimeout(waiting);
    series.parentElement.hidden = true;
    waiting = setTimeout(() => look(name.value, where, list, known), WAIT_MS);
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const typed = name.value.trim();
    if (!known.has(typed)) await look(typed, where, list, known);
    const matches = [...known].filter(([words]) => words === typed || words.startsWith(`${typed} (`));
    if (matches.length === 1) {
      send("is", matches[0][1]);
    } else if (matches.length > 1) {
      said.textContent = `Several are called ${typed}: choose one of the list.`;
    } else if (series.parentElement.hidden) {
      series.parentElement.hidden = false;
      said.textContent = `I know nobody called ${typed}. Say so again to add them.`;
      series.focus();
    } else {
      send("new", typed, series.value.trim());
    }
  });
  return form;
}

async function look(typed, where, list, known) {
  if (!typed.trim()) return;
  const query = new URLSearchParams({q: typed, count: 8, server: where.id});
  try {
    offer(list, known, (await call(`/api/v1/characters?${query}`)).characters);
  } catch {
    // What is typed can be said without the list.
  }
}

function offer(list, known, characters) {
  for (const one of characters) known.set(one.series ? `${one.name} (${one.series})` : one.name, one.id);
  list.replaceChildren(...characters.map((one) => {
    const option = element("option");
    option.value = one.series ? `${one.name} (${one.series})` : one.name;
    return option;
  }));
}

/** Show a sentence of the chat: what stands between backticks is a command. */
function tell(place, sentence) {
  place.replaceChildren(...sentence.split("`").map((part, index) =>
    index % 2 ? element("code", "", part) : document.createTextNode(part)));
}

function field(form, words) {
  const label = element("label", "", words);
  const input = element("input");
  input.maxLength = 80;
  input.autocomplete = "off";
  label.append(input);
  form.append(label);
  return input;
}

// The server that was chosen last is chosen again.
if (chosen) {
  const kept = localStorage.getItem("server");
  if ([...chosen.options].some((option) => option.value === kept)) chosen.value = kept;
  chosen.addEventListener("change", () => localStorage.setItem("server", chosen.value));
}
