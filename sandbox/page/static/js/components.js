// Components under and inside messages: buttons, selects, and the layout components.

import { h, ICONS, svg } from "./dom.js";
import { glyph, withGlyphs } from "./emoji.js";
import { fail } from "./dialog.js";
import { markdown } from "./markdown.js";
import { covered, fileCard, isSpoilerName, picture } from "./media.js";
import { selectBox } from "./select.js";

const STYLES = { 1: "primary", 2: "secondary", 3: "success", 4: "danger", 5: "link", 6: "primary" };

/** Return the text of components, a text display a line, without what a box hides. */
export function texts(components) {
  const lines = components.map((item) => {
    if (item.type === 10) return item.content;
    return item.spoiler ? "" : texts(item.components ?? []);
  });
  return lines.filter(Boolean).join("\n");
}

/** Draws the components of one message; `still` those of a forwarded one, where nothing works. */
export class Components {
  constructor(store, message, { still = false } = {}) {
    this.store = store;
    this.message = message;
    this.still = still;
    this.look = { names: message.mention_names, me: store.me.id };
    this.waits = store.spinning.get(message.id);
  }

  all(list) {
    return list.map((component, n) => this.one(component, `${n}`));
  }

  one(component, key) {
    const draw = this.#kinds[component.type];
    return draw ? draw(component, key) : h("p.dim", {}, "(a component that this page doesn't know)");
  }

  #kinds = {
    1: (row, key) => h("div.action-row", { role: "group" }, row.components.map((item, n) => this.one(item, `${key}.${n}`))),
    2: (button) => this.#button(button),
    3: (select) => this.#select(select),
    5: (select) => this.#select(select),
    6: (select) => this.#select(select),
    7: (select) => this.#select(select),
    8: (select) => this.#select(select),
    9: (section, key) => h("div.section", {},
      h("div.section-text", {}, section.components.map((item, n) => this.one(item, `${key}.${n}`))),
      section.accessory && h("div.section-accessory", {}, this.one(section.accessory, `${key}.a`))),
    10: (text) => h("div.prose", {}, markdown(text.content, this.look)),
    11: (thumb, key) => picture(this.#media(thumb, key), { small: true }),
    12: (gallery, key) => h("div.pictures", { class: gallery.items.length === 1 ? "one" : `many count-${Math.min(gallery.items.length, 4)}` },
      gallery.items.map((item, n) => picture(this.#media(item, `${key}.${n}`), gallery.items.length === 1 ? { maxWidth: 460 } : { crop: true }))),
    13: (file, key) => fileCard(this.#file(file), `${this.message.id}/${key}`, file.spoiler || isSpoilerName(file.file.url)),
    14: (line) => h("hr.separator", { class: `${line.divider === false ? "blank" : ""} ${line.spacing === 2 ? "wide" : ""}` }),
    17: (box, key) => {
      const style = box.accent_color ? { "--edge": `#${box.accent_color.toString(16).padStart(6, "0")}` } : {};
      const inside = h("div.container", { style }, box.components.map((item, n) => this.one(item, `${key}.${n}`)));
      return box.spoiler ? covered(inside, `${this.message.id}/${key}`) : inside;
    },
  };

  #media(item, key) {
    const { media } = item;
    return {
      url: media.proxy_url || media.url, width: media.width, height: media.height,
      alt: item.description, spoiler: item.spoiler || isSpoilerName(media.url),
      key: `${this.message.id}/${key}`,
    };
  }

  #file(component) {
    return { url: component.file.url, filename: component.name, size: component.size };
  }

  #button(button) {
    const label = [
      button.emoji && h("span", { "aria-hidden": button.label ? "true" : false }, glyph(button.emoji.name)),
      button.label && h("span", {}, withGlyphs(button.label)),
    ];
    if (button.style === 5) {
      return h("a.button.link", { href: /^https?:/.test(button.url ?? "") ? button.url : "#", target: "_blank", rel: "noopener noreferrer nofollow" }, label, svg(ICONS.link, 14));
    }
    const spinning = this.waits === button.custom_id;
    return h("button.button", {
      type: "button",
      class: `${STYLES[button.style] ?? "secondary"} ${spinning ? "spinning" : ""}`,
      disabled: this.still || Boolean(button.disabled) || this.waits !== undefined,
      "aria-busy": spinning ? "true" : false,
      "aria-label": button.label ? false : button.emoji?.name,
      data: { key: `component:${button.custom_id}` },
      on: { click: () => this.#use(button) },
    }, label, spinning && h("span.spinner", { "aria-hidden": "true" }));
  }

  #select(select) {
    return selectBox(this.store, select, {
      disabled: this.still || Boolean(select.disabled) || this.waits !== undefined,
      busy: this.waits === select.custom_id,
      onChosen: (values) => this.#use(select, values),
    });
  }

  async #use({ type, custom_id: customId }, values) {
    const { store, message } = this;
    store.spin(message.id, customId);
    const data = { component_type: type, custom_id: customId, values };
    try {
      await store.ask(3, data, { channelId: message.channel_id, messageId: message.id });
    } catch (error) {
      store.rest(message.id);
      fail(error);
    }
    // A lost answer must not leave the buttons dead.
    setTimeout(() => store.rest(message.id), 20000);
  }
}
