// The shelf of sample pictures: a click posts one, dragging puts it into the message.

import { readSamples } from "./api.js";
import { fail } from "./dialog.js";
import { h, ICONS, replace, svg } from "./dom.js";

export const SAMPLE = "application/x-moedex-sample";
const AT_ONCE = 24;
const PREFIX = "SPOILER_";

export class Shelf {
  constructor(store, host, { takeInstead, onTaken, onClose }) {
    this.store = store;
    this.host = host;
    this.takeInstead = takeInstead;
    this.onTaken = onTaken;
    this.onClose = onClose;
    this.samples = [];
    store.on("world", () => this.read());
  }

  async read() {
    if (this.samples.length) return;
    try {
      ({ samples: this.samples, notes: this.notes } = await readSamples());
      this.draw();
    } catch (error) {
      fail(error);
    }
  }

  /** Return a sample as a file, hidden until clicked where `spoiler`. */
  async file(id, spoiler = false) {
    const sample = this.samples.find((one) => one.id === id);
    const response = await fetch(sample.url);
    if (!response.ok) throw new Error(`The picture “${sample.title}” can't be read.`);
    const data = await response.blob();
    const hidden = spoiler && !sample.filename.startsWith(PREFIX);
    return new File([data], hidden ? PREFIX + sample.filename : sample.filename, { type: data.type });
  }

  draw() {
    const groups = Map.groupBy ? Map.groupBy(this.samples, (sample) => sample.group) : group(this.samples);
    this.cover = h("input", { type: "checkbox", id: "shelf-cover" });
    replace(this.host,
      h("div.shelf-head", {}, h("h2", {}, "Sample pictures"),
        h("button.icon-button.shelf-close", { type: "button", "aria-label": "Close the shelf", on: { click: this.onClose } }, svg(ICONS.close))),
      h("p.shelf-help", {}, "Click one to post it, or drag it into a message. The drawn characters exist nowhere else."),
      h("label.shelf-cover", { for: "shelf-cover" }, this.cover, "Post as a spoiler"),
      h("div.shelf-scroll", { tabindex: "-1" }, [...groups].map(([name, samples]) => this.#group(name, samples))));
  }

  #group(name, samples) {
    const grid = h("div.shelf-grid", {}, samples.slice(0, AT_ONCE).map((sample) => this.#sample(sample)));
    const rest = samples.slice(AT_ONCE);
    const more = rest.length > 0 && h("button.text-button", { type: "button", on: { click: () => {
      grid.append(...rest.splice(0, AT_ONCE * 2).map((sample) => this.#sample(sample)));
      if (!rest.length) more.remove();
    } } }, "Show more");
    const note = this.notes[name];
    return h("section", {}, h("h3", {}, name), note && h("p.shelf-note", {}, note), grid, more);
  }

  #sample(sample) {
    const hidden = sample.filename.startsWith(PREFIX);
    return h("button.sample", {
      type: "button", draggable: "true", title: sample.title, "aria-label": `Post “${sample.title}”${hidden ? ", as a spoiler" : ""}`,
      class: hidden ? "hidden-one" : "", data: { sample: sample.id },
      on: {
        click: (event) => this.#post(sample, event.currentTarget),
        dragstart: (event) => {
          event.dataTransfer.setData(SAMPLE, sample.id);
          event.dataTransfer.effectAllowed = "copy";
        },
      },
    }, h("img", { src: sample.url, alt: "", loading: "lazy", decoding: "async", draggable: "false" }), hidden && h("span.tray-badge", {}, "SPOILER"));
  }

  async #post(sample, button) {
    button.disabled = true;
    try {
      if (!await this.takeInstead(sample.id)) {
        const channelId = this.store.currentId;
        const file = await this.file(sample.id, this.cover.checked);
        await this.store.api.post(`/channels/${channelId}/messages`, {}, [file]);
      }
      this.onTaken();
    } catch (error) {
      fail(error);
    } finally {
      button.disabled = false;
    }
  }
}

function group(samples) {
  const groups = new Map();
  for (const sample of samples) groups.set(sample.group, [...(groups.get(sample.group) ?? []), sample]);
  return groups;
}
