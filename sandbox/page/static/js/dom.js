// Makes elements. Text always goes in as text nodes: nothing that a user or bot wrote is parsed as
// HTML anywhere on this page.

/**
 * @param {string} tag name, with optional classes: "button.quiet.wide"
 * @param {Object} props attributes; `on` holds listeners, `data` data attributes; false leaves out
 * @param {...(Node|string|number|false|null|undefined|Array)} children
 */
export function h(tag, props = {}, ...children) {
  const [name, ...classes] = tag.split(".");
  const element = document.createElement(name);
  if (classes.length) element.className = classes.join(" ");
  setProps(element, props);
  append(element, children);
  return element;
}

export function svg(path, size = 20) {
  const ns = "http://www.w3.org/2000/svg";
  const picture = document.createElementNS(ns, "svg");
  picture.setAttribute("viewBox", "0 0 24 24");
  picture.setAttribute("width", size);
  picture.setAttribute("height", size);
  picture.setAttribute("aria-hidden", "true");
  picture.classList.add("icon");
  const line = document.createElementNS(ns, "path");
  line.setAttribute("d", path);
  picture.append(line);
  return picture;
}

function setProps(element, props) {
  for (const [key, value] of Object.entries(props)) {
    if (value === false || value === null || value === undefined) continue;
    if (key === "on") for (const [event, run] of Object.entries(value)) element.addEventListener(event, run);
    else if (key === "data") Object.assign(element.dataset, value);
    else if (key === "style") for (const [name, v] of Object.entries(value)) element.style.setProperty(name, v);
    else if (key === "class") element.classList.add(...value.split(" ").filter(Boolean));
    else if (key === "value" || key === "checked" || key === "disabled") element[key] = value;
    else element.setAttribute(key, value === true ? "" : value);
  }
}

function append(element, children) {
  for (const child of children.flat(Infinity)) {
    if (child === false || child === null || child === undefined || child === "") continue;
    element.append(child instanceof Node ? child : String(child));
  }
}

export function replace(element, ...children) {
  element.replaceChildren();
  append(element, children);
  return element;
}

let counter = 0;
export const uid = (prefix = "id") => `${prefix}-${++counter}`;

export const ICONS = {
  hash: "M9 4 7 20M17 4l-2 16M4 9h16M3.5 15h16",
  thread: "M5 4v10a3 3 0 0 0 3 3h8m0 0-4-4m4 4-4 4",
  lock: "M7 11V8a5 5 0 0 1 10 0v3M5.5 11h13v9h-13z",
  plus: "M12 5v14M5 12h14",
  send: "M4 12 20 5l-5 15-4-6zm0 0 7 2 9-9",
  smile: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18ZM8.5 14c1.8 2.6 5.2 2.6 7 0M9 9.5v.5M15 9.5v.5",
  reply: "M10 6 4 12l6 6M4 12h10c4 0 6 2 6 6",
  more: "M6 12h.01M12 12h.01M18 12h.01",
  close: "M6 6l12 12M18 6 6 18",
  menu: "M4 7h16M4 12h16M4 17h16",
  picture: "M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15.5 9.5h.01",
  eye: "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12ZM12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6Z",
  eyeOff: "M4 4l16 16M9.5 6A10 10 0 0 1 12 5.5c6 0 9.5 6.5 9.5 6.5a16 16 0 0 1-3 3.6M6 8a16 16 0 0 0-3.500 4S6 18.500 12 18.500c1.200 0 2.300-.2 3.300-.6M10 10a3 3 0 0 0 4 4",
  forward: "M14 6l6 6-6 6M20 12H10c-4 0-6 2-6 6",
  pencil: "M5 19l1-4L16 5l3 3L9 18zM14 7l3 3",
  trash: "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13M10 11v5M14 11v5",
  app: "M5 5h5v5H5zM14 5h5v5h-5zM5 14h5v5H5zM16.500 14v5M14 16.500h5",
  down: "M6 9l6 6 6-6",
  file: "M7 3h7l4 4v14H7zM14 3v4h4",
  link: "M14 5h5v5M19 5l-8 8M17 14v5H5V7h5",
  copy: "M9 9h10v11H9zM5 15V4h10",
  text: "M5 6h14M12 6v13M9 19h6",
};
