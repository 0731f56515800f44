// Recognise a picture: drop, paste, pick or photograph; progress; boxes over it; guesses a face.

import {corrections, server} from "./correct.js";
import {counted, element, percent} from "./page.js";
import {reasons} from "./why.js";

const drop = document.getElementById("drop");
const results = document.getElementById("results");
const status = document.getElementById("status");
const TIERS = {
  named: (names) => names[0],
  probably: (names) => `Probably ${names[0]}`,
  not_known: () => "I don't know who this is",
};

if (drop) {
  for (const input of drop.querySelectorAll("input[type=file]")) {
    input.addEventListener("change", () => {
      recognise([...input.files]);
      input.value = "";
    });
  }
  drop.addEventListener("submit", (event) => event.preventDefault());
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    drop.classList.add("over");
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) drop.classList.remove("over");
  });
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    recognise([...event.dataTransfer.files]);
  });
  document.addEventListener("paste", (event) => {
    const files = [...event.clipboardData.files];
    if (files.length) recognise(files);
  });
}

/** Look at files, one after the other; the newest result stands first. */
async function recognise(files) {
  for (const file of files) await one(file);
}

async function one(file) {
  const where = server();
  const shown = element("section", "result");
  shown.append(element("h2", "", file.name || "Picture"));
  const progress = element("progress");
  progress.max = 1;
  progress.setAttribute("aria-label", `Upload of ${file.name}`);
  shown.append(progress);
  results.prepend(shown);
  status.textContent = `Looking at ${file.name} …`;
  try {
    const answer = await upload(file, where, (part) => {
      if (part < 1) progress.value = part;
      else progress.removeAttribute("value");
    });
    progress.remove();
    shown.append(picture(file, answer), faces(file, answer, where));
    link(shown);
    status.textContent = summary(answer);
  } catch (problem) {
    progress.remove();
    shown.append(element("p", "sentence", problem.message));
    status.textContent = problem.message;
  }
}

function upload(file, where, told) {
  return new Promise((resolve, reject) => {
    const form = new FormData();
    form.append("image", file, file.name);
    const request = new XMLHttpRequest();
    request.open("POST", `/api/v1/identify${where ? `?server=${where.id}` : ""}`);
    request.responseType = "json";
    request.upload.addEventListener("progress", (event) => told(event.loaded / event.total));
    request.addEventListener("load", () => {
      if (request.status === 200) resolve(request.response);
      else reject(new Error(request.response?.detail ?? "The site did not answer as it should."));
    });
    request.addEventListener("error", () => reject(new Error("The site can't be reached.")));
    request.send(form);
  });
}

function picture(file, answer) {
  const figure = element("figure", "picture");
  const image = element("img");
  image.src = URL.createObjectURL(file);
  image.alt = summary(answer);
  image.addEventListener("load", () => URL.revokeObjectURL(image.src));
  figure.append(image);
  answer.faces.forEach((face, index) => {
    const [x0, y0, x1, y1] = face.box;
    const box = element("button", `box ${face.tier}`);
    box.type = "button";
    const left = Math.max(0, x0);
    const top = Math.max(0, y0);
    box.style.left = `${(100 * left) / answer.width}%`;
    box.style.top = `${(100 * top) / answer.height}%`;
    box.style.width = `${(100 * (Math.min(x1, answer.width) - left)) / answer.width}%`;
    box.style.height = `${(100 * (Math.min(y1, answer.height) - top)) / answer.height}%`;
    box.setAttribute("aria-pressed", "false");
    box.setAttribute("aria-label", `Face ${index + 1}: ${said(face)}`);
    box.append(element("span", "", String(index + 1)));
    figure.append(box);
  });
  return figure;
}

function faces(file, answer, where) {
  if (!answer.faces.length) {
    return element("p", "sentence", "No face found in this picture.");
  }
  const list = element("ol", "faces");
  answer.faces.forEach((face, index) => {
    const item = element("li", `face ${face.tier}`);
    const [best, ...others] = face.guesses;
    const title = element("h3", "", `${index + 1}. `);
    const name = TIERS[face.tier](face.guesses.map((guess) => guess.name));
    if (face.tier === "not_known") title.append(name);
    else title.append(anchor(best, name, where));
    item.append(title);
    if (face.tier === "not_known") {
      const closest = face.guesses.slice(0, 2).map((guess) => guess.name).join(", ");
      if (closest) item.append(element("p", "", `Closest: ${closest}`));
    } else {
      const parts = [best.series, percent(best.probability), best.by && `by the ${best.by}`];
      item.append(element("p", "", parts.filter(Boolean).join(" · ")));
    }
    if (face.guesses.length) item.append(guesses(face, others.length, where));
    if (face.guesses.length) item.append(reasons(file, index, where));
    const correct = corrections(file, face, index, where);
    if (correct) item.append(correct);
    list.append(item);
  });
  return list;
}

function guesses(face, others, where) {
  const more = element("details");
  more.append(element("summary", "", others ? `All ${others + 1} guesses` : "The guess"));
  const list = element("ol");
  for (const guess of face.guesses) {
    const item = element("li");
    const name = element("span");
    name.append(anchor(guess, guess.name, where));
    if (guess.series) name.append(element("small", "faint", ` ${guess.series}`));
    const bar = element("meter");
    bar.value = guess.probability;
    bar.setAttribute("aria-label", `${guess.name}: ${percent(guess.probability)}`);
    item.append(name, element("span", "", percent(guess.probability)), bar);
    list.append(item);
  }
  more.append(list);
  return more;
}

/** A box and its entry light up together, and show the guesses: hovered, tapped or reached by Tab. */
function link(shown) {
  const boxes = [...shown.querySelectorAll(".box")];
  const entries = [...shown.querySelectorAll(".face")];
  const choose = (index) => {
    boxes.forEach((box, at) => box.setAttribute("aria-pressed", String(at === index)));
    entries.forEach((entry, at) => entry.classList.toggle("chosen", at === index));
  };
  // The guesses of a face that is pointed at are shown meanwhile, and for good once it is pressed.
  let meanwhile = null;
  const show = (index) => {
    choose(index);
    const more = entries[index].querySelector("details");
    if (meanwhile && meanwhile !== more) meanwhile.open = false;
    if (more && !more.open) {
      more.open = true;
      meanwhile = more;
    }
  };
  boxes.forEach((box, index) => {
    box.addEventListener("mouseenter", () => show(index));
    box.addEventListener("focus", () => show(index));
    box.addEventListener("click", () => {
      show(index);
      meanwhile = null;
      entries[index].scrollIntoView({block: "nearest"});
    });
    entries[index].addEventListener("mouseenter", () => choose(index));
    entries[index].addEventListener("focusin", () => choose(index));
  });
}

function summary(answer) {
  if (!answer.faces.length) return "No face found in this picture.";
  return `${counted(answer.faces.length, "face")}: ${answer.faces.map(said).join("; ")}.`;
}

function said(face) {
  const name = TIERS[face.tier](face.guesses.map((guess) => guess.name));
  return face.tier === "not_known" ? name : `${name}, ${percent(face.guesses[0].probability)}`;
}

function anchor(guess, words, where) {
  const link = element("a", "", words);
  const server = where ? `?server=${where.id}` : "";
  link.href = `/characters/${encodeURIComponent(guess.id)}${server}`;
  return link;
}
