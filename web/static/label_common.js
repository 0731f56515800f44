// What the pages for labelling share: small crops, keys, and undo.

import {call, element} from "./page.js";

/** A small crop as an entry of a list; a spoiler is shown once it is pressed. */
export function smallCrop(face, caption = face.name) {
  const item = element("li", "small-crop");
  const image = element("img");
  image.width = image.height = 96;
  image.alt = caption || "A face that is not known";
  image.loading = "lazy";
  if (face.hidden) {
    const cover = element("button", "cover", "Spoiler");
    cover.type = "button";
    cover.setAttribute("aria-label", `Spoiler: show ${image.alt}`);
    cover.addEventListener("click", () => {
      image.src = face.thumbnail;
      cover.remove();
    });
    item.append(cover);
  } else {
    image.src = face.thumbnail;
  }
  item.prepend(image);
  if (caption) item.append(element("small", "", caption));
  return item;
}

/** Whether a key belongs to what has the focus: a field, or what Enter and space press. */
export function takesKeys(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return true;
  const at = document.activeElement;
  if (document.querySelector("dialog[open]")) return true;
  if (at?.matches("input:not([type=checkbox]), textarea, select")) return true;
  return (event.key === "Enter" || event.key === " ") && Boolean(at?.matches("a, button, summary, input"));
}

/** What can be undone in a server, the last first; kept while the tab lives, also over a reload. */
export class UndoStack {
  constructor(server, changed) {
    this.key = `undo:${server}`;
    this.server = server;
    this.changed = changed;
    this.acts = JSON.parse(sessionStorage.getItem(this.key) ?? "[]");
    changed(this.acts.length);
  }

  push(act) {
    this.acts.push(act);
    this.keep();
  }

  /** Take the last act back; returns it, or null where there is none. Throws what the site says. */
  async undo() {
    const last = this.acts.pop();
    if (!last) return null;
    this.keep();
    await call(`/api/v1/label/${this.server}/undo`, {method: "POST", body: last.undo});
    return last;
  }

  keep() {
    this.acts.splice(0, this.acts.length - 100);
    sessionStorage.setItem(this.key, JSON.stringify(this.acts));
    this.changed(this.acts.length);
  }
}

/** Take the last act back, say so at `status`, and read the page anew; a refusal goes to `problem`. */
export async function undoLast(stack, status, problem, read) {
  try {
    const last = await stack.undo();
    if (!last) return;
    status.textContent = `Undone: ${last.name}.`;
    problem.textContent = "";
    await read();
  } catch (error) {
    problem.textContent = error.message;
  }
}
