// Why a face has its name: opened, it asks, and shows pictures of the server's, or a map.

import {call, element, percent} from "./page.js";

const SIDE = 176;

/** What opens to the reasons for the name of a face of `file`, named as in `where`. */
export function reasons(file, index, where) {
  const more = element("details", "why");
  more.append(element("summary", "", "Why?"));
  const place = element("div");
  place.setAttribute("role", "status");
  more.append(place);
  more.addEventListener("toggle", async () => {
    if (!more.open || place.hasChildNodes()) return;
    place.textContent = "Looking closer …";
    let told;
    try {
      told = await ask(file, index, where);
    } catch (error) {
      place.replaceChildren(element("p", "sentence", error.message));
      more.addEventListener("toggle", () => place.replaceChildren(), {once: true});
      return;
    }
    place.replaceChildren(element("p", "sentence", told.sentence));
    const row = element("div", "reasons");
    row.append(told.map ? map(told) : picture(told.crop, "This face"));
    for (const one of told.pictures) {
      row.append(picture(one.image, `${percent(one.similarity)} alike`));
    }
    place.append(row);
  });
  return more;
}

function ask(file, index, where) {
  const query = new URLSearchParams({face: index});
  if (where) query.set("server", where.id);
  const form = new FormData();
  form.append("image", file, file.name);
  return call(`/api/v1/why?${query}`, {method: "POST", raw: form});
}

/** The crop, green where it speaks for the name and red where it speaks against it. */
function map(told) {
  const figure = element("figure");
  const canvas = element("canvas");
  canvas.width = canvas.height = SIDE;
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", told.sentence);
  const image = new Image();
  image.addEventListener("load", () => {
    const brush = canvas.getContext("2d");
    brush.drawImage(image, 0, 0, SIDE, SIDE);
    URL.revokeObjectURL(image.src);
    const {cells} = told.map;
    const most = Math.max(...cells.flat().map(Math.abs), 1e-6);
    const step = SIDE / cells.length;
    cells.forEach((row, y) => row.forEach((loss, x) => {
      const strength = 0.65 * Math.abs(loss / most);
      brush.fillStyle = loss > 0 ? `rgb(40 190 110 / ${strength})` : `rgb(220 60 60 / ${strength})`;
      brush.fillRect(x * step, y * step, step, step);
    }));
  });
  image.src = address(told.crop);
  figure.append(canvas, element("figcaption", "", "green: speaks for it · red: against it"));
  return figure;
}

function picture(text, caption) {
  const figure = element("figure");
  const image = element("img");
  image.alt = caption;
  image.width = image.height = 96;
  image.addEventListener("load", () => URL.revokeObjectURL(image.src));
  image.src = address(text);
  figure.append(image, element("figcaption", "", caption));
  return figure;
}

function address(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  return URL.createObjectURL(new Blob([bytes], {type: "image/webp"}));
}
