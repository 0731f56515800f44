// A batch of pictures: each is sent by itself, so that a batch goes on after anything.

import {filesOf} from "./label_zip.js";
import {call, counted, element} from "./page.js";

const box = document.getElementById("batch");
const {server} = box?.dataset ?? {};
const most = Number(box?.dataset.most);
const at = (id) => document.getElementById(id);
const [status, problem, drop, pause] = ["status", "problem", "drop", "pause"].map(at);
const HASHED = 20;
const SENDERS = 2;
const WAIT_MS = 5000;

let files = [];
let busy = 0;
let paused = false;
const counts = {total: 0, done: 0, known: 0, faces: 0, refused: 0};

if (box) {
  for (const input of drop.querySelectorAll("input")) {
    input.addEventListener("change", () => {
      add([...input.files]);
      input.value = "";
    });
  }
  drop.addEventListener("submit", (event) => event.preventDefault());
  drop.addEventListener("dragover", (event) => {
    event.preventDefault();
    drop.classList.add("over");
  });
  drop.addEventListener("dragleave", () => drop.classList.remove("over"));
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    add([...event.dataTransfer.files]);
  });
  pause.addEventListener("click", () => {
    paused = !paused;
    pause.textContent = paused ? "Go on" : "Pause";
    goOn();
  });
  addEventListener("beforeunload", (event) => {
    if (busy) event.preventDefault();
  });
}

async function add(chosen) {
  problem.textContent = "";
  for (const file of chosen) {
    try {
      if (/\.zip$/i.test(file.name)) files.push(...await filesOf(file));
      else files.push({name: file.webkitRelativePath || file.name, size: file.size, blob: async () => file});
    } catch (error) {
      problem.textContent = error.message;
    }
  }
  // What a system leaves beside pictures is none.
  files = files.filter((each) => !/(^|\/)(\.|__MACOSX|Thumbs\.db)/.test(each.name));
  counts.total = counts.done + files.length;
  box.hidden = !counts.total;
  goOn();
}

function goOn() {
  show();
  while (!paused && busy < SENDERS && files.length) {
    busy += 1;
    send().finally(() => {
      busy -= 1;
      goOn();
    });
  }
  if (!busy && counts.total) status.textContent = files.length ? "Paused." : "All is sent.";
}

/** Hash some files, ask which are there already, and send the others. */
async function send() {
  const part = files.splice(0, HASHED);
  const ready = [];
  for (const each of part) {
    try {
      if (each.size > most) throw new Error("It is larger than may be.");
      const data = await (await each.blob(most)).arrayBuffer();
      const hash = await crypto.subtle.digest("SHA-256", data);
      ready.push({...each, hash: [...new Uint8Array(hash)].map((byte) => byte.toString(16).padStart(2, "0")).join("")});
    } catch (error) {
      refuse(each, error.message);
    }
  }
  const body = {hashes: ready.map((each) => each.hash)};
  const {known} = ready.length
    ? await patiently(() => call(`/api/v1/label/${server}/batch/known`, {method: "POST", body}))
    : {known: []};
  for (const each of ready) {
    if (known.includes(each.hash)) {
      counts.known += 1;
    } else {
      if (paused) {
        files.unshift(each);
        continue;
      }
      try {
        const raw = await each.blob(most);
        const query = new URLSearchParams({name: each.name});
        const kept = await patiently(() =>
          call(`/api/v1/label/${server}/batch/pictures?${query}`, {method: "POST", raw}));
        counts.faces += kept.faces;
      } catch (error) {
        refuse(each, error.message);
        continue;
      }
    }
    counts.done += 1;
    show();
  }
}

/** Do what may fail for a while, until it is done or refused. */
async function patiently(does) {
  for (;;) {
    try {
      const done = await does();
      problem.textContent = "";
      return done;
    } catch (error) {
      if (error.status && ![429, 502, 503, 504].includes(error.status)) throw error;
      problem.textContent = `${error.message} I go on by myself.`;
      await new Promise((resolve) => setTimeout(resolve, error.retry ? 1000 * error.retry : WAIT_MS));
    }
  }
}

function refuse(each, why) {
  counts.refused += 1;
  counts.done += 1;
  at("refused").hidden = false;
  at("refused-title").textContent = `${counted(counts.refused, "file")} not taken`;
  at("refused-list").append(element("li", "", `${each.name}: ${why}`));
  show();
}

function show() {
  at("sent").value = counts.total ? counts.done / counts.total : 0;
  const known = counts.known ? `, ${counted(counts.known, "picture")} there already` : "";
  at("counts").textContent = `${counts.done.toLocaleString("en")} of ${counted(counts.total, "file")}, ${counted(counts.faces, "face")} found${known}`;
}
