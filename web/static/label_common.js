// What the pages for labelling share: calls, small pieces of the page, crops.

const token = document.querySelector("meta[name=csrf]")?.content ?? "";

/** Call the site. Throws an Error whose message is what the site says. */
export async function call(path, {method = "GET", body, raw, signal} = {}) {
  const headers = {};
  if (method !== "GET") headers["X-CSRF-Token"] = token;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let response;
  try {
    response = await fetch(path, {
      method,
      headers,
      body: raw ?? (body === undefined ? undefined : JSON.stringify(body)),
      keepalive: body !== undefined,
      signal,
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Error("The site can't be reached.");
  }
  const said = await response.json().catch(() => null);
  if (response.ok) return said;
  const problem = new Error(said?.detail ?? "The site did not answer as it should.");
  problem.status = response.status;
  problem.retry = Number(response.headers.get("Retry-After"));
  throw problem;
}

export function element(tag, className = "", text = "") {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
}

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

export function counted(count, what) {
  return `${count.toLocaleString("en")} ${what}${count === 1 ? "" : "s"}`;
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
