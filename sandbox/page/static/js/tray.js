// The pictures that will go with a message: previews, a cover over each, descriptions.

import { h, ICONS, replace, svg } from "./dom.js";
import { size } from "./format.js";

const PREFIX = "SPOILER_";

export class Tray {
  constructor(onChange) {
    this.onChange = onChange;
    this.files = [];
    this.element = h("div.tray", { role: "list", "aria-label": "Files to send", hidden: true });
  }

  add(file) {
    const hidden = file.name.startsWith(PREFIX);
    const name = (hidden ? file.name.slice(PREFIX.length) : file.name) || "picture.png";
    this.files.push({ file, name, spoiler: hidden, description: "", url: URL.createObjectURL(file) });
    this.#draw();
  }

  clear() {
    for (const item of this.files) URL.revokeObjectURL(item.url);
    this.files = [];
    this.#draw();
  }

  /** The files as they are sent: a covered one says so in its name. */
  sent() {
    return this.files.map(({ file, name, spoiler }) => new File([file], spoiler ? PREFIX + name : name, { type: file.type }));
  }

  descriptions() {
    return this.files.map((item) => item.description);
  }

  #draw() {
    this.element.hidden = this.files.length === 0;
    replace(this.element, this.files.map((item) => this.#item(item)));
    this.onChange();
  }

  #item(item) {
    const sign = svg(ICONS.file, 40);
    const isPicture = item.file.type.startsWith("image/");
    const preview = isPicture ? h("img", { src: item.url, alt: "", on: { error: ({ currentTarget }) => currentTarget.replaceWith(sign) } }) : sign;
    const cover = h("button.icon-button", { type: "button", "aria-pressed": String(item.spoiler), title: "Hide it as a spoiler", "aria-label": `Hide ${item.name} as a spoiler`, on: { click: () => {
      item.spoiler = !item.spoiler;
      this.#draw();
    } } }, svg(item.spoiler ? ICONS.eyeOff : ICONS.eye, 16));
    const remove = h("button.icon-button", { type: "button", title: "Remove it", "aria-label": `Remove ${item.name}`, on: { click: () => {
      URL.revokeObjectURL(item.url);
      this.files = this.files.filter((other) => other !== item);
      this.#draw();
    } } }, svg(ICONS.trash, 16));
    const words = h("input.tray-alt", { type: "text", placeholder: "Describe it (alt text)", "aria-label": `Description of ${item.name}`, maxlength: 1024, value: item.description, on: {
      input: (event) => {
        item.description = event.target.value;
      },
    } });
    return h("div.tray-item", { role: "listitem", class: item.spoiler ? "hidden-one" : "" },
      h("div.tray-picture", {}, preview,
        item.spoiler && h("span.tray-badge", {}, "SPOILER"), h("div.tray-tools", {}, cover, remove)),
      h("div.tray-name", { title: item.name }, item.name, h("span.dim", {}, ` ${size(item.file.size)}`)), words);
  }
}
