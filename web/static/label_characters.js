// The characters that have faces in a server, and the merges that stand, each with its way back.

import {button, call, counted, element} from "./page.js";

const list = document.getElementById("people");
const server = list?.dataset.server;
const [status, problem, filter] = ["status", "problem", "filter"].map((id) => document.getElementById(id));
let characters = [];

if (list) {
  filter.addEventListener("input", show);
  load();
}

async function load() {
  try {
    ({characters} = await call(`/api/v1/label/${server}/characters`));
    show();
    const {merges} = await call(`/api/v1/label/${server}/merges`);
    document.getElementById("merged").hidden = !merges.length;
    document.getElementById("merges").replaceChildren(...merges.map(merged));
  } catch (error) {
    problem.textContent = error.message;
  }
}

function show() {
  const typed = filter.value.trim().toLowerCase();
  const fit = characters.filter((one) =>
    [one.name, one.series, one.native_name].some((text) => text.toLowerCase().includes(typed)));
  status.textContent = counted(fit.length, "character");
  list.replaceChildren(...fit.map(entry));
}

function entry(one) {
  const item = element("li");
  const link = element("a");
  link.href = `/label/${server}/characters/${encodeURIComponent(one.id)}`;
  link.append(element("b", "", one.name), element("small", "", one.series));
  link.append(element("small", "faint", `${counted(one.faces, "face")}${one.own ? ", of this server" : ""}`));
  item.append(link);
  return item;
}

function merged(merge) {
  const item = element("li");
  const back = button("Take back", async () => {
    try {
      const body = {said: [], action: merge.action};
      await call(`/api/v1/label/${server}/undo`, {method: "POST", body});
      await load();
      status.textContent = `Taken back: ${merge.summary}.`;
    } catch (error) {
      problem.textContent = error.message;
    }
  });
  back.setAttribute("aria-label", `Take back: ${merge.summary}`);
  item.append(element("span", "", `${merge.summary}, ${new Date(merge.at).toLocaleDateString("en")}`), back);
  return item;
}
