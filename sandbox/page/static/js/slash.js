// Slash commands: the flat list to pick from, and the row of options of the picked one.

import { fail, toast } from "./dialog.js";
import { h, ICONS, replace, svg, uid } from "./dom.js";
import { selectBox } from "./select.js";
import { Suggest } from "./suggest.js";

const GROUPS = new Set([1, 2]);
const TEXT = 3;
const ATTACHMENT = 11;
const SELECTS = { 6: 5, 7: 8, 8: 6, 9: 7 };

/**
 * Return every command that can be run: `[{command, path, kinds, description, options}]`. `path` is
 * its name and those of group and subcommand, `kinds` the types of the latter two.
 */
export function flatten(commands) {
  const walk = (command, node, path, kinds) => {
    const nested = (node.options ?? []).filter((option) => GROUPS.has(option.type));
    if (nested.length) return nested.flatMap((option) => walk(command, option, [...path, option.name], [...kinds, option.type]));
    return [{ command, path, kinds, description: node.description, options: node.options ?? [] }];
  };
  return commands.flatMap((command) => walk(command, command, [command.name], []));
}

/** The options of one command, filled in and sent. */
export class CommandForm {
  constructor(store, entry, host, onDone) {
    this.store = store;
    this.entry = entry;
    this.onDone = onDone;
    this.values = new Map();
    this.fields = h("div.command-fields");
    this.more = h("div.command-more");
    this.element = h("div.command", { role: "group", "aria-label": `Command /${entry.path.join(" ")}` },
      h("div.command-head", {}, h("strong.command-name", {}, `/${entry.path.join(" ")}`), h("span.dim", {}, entry.description),
        h("button.icon-button", { type: "button", "aria-label": "Cancel the command", on: { click: () => onDone(false) } }, svg(ICONS.close, 16))),
      this.fields, this.more);
    this.element.addEventListener("keydown", (event) => {
      if (event.defaultPrevented || event.isComposing) return;
      if (event.key === "Escape") onDone(false);
      if (event.key === "Enter" && (event.target.tagName === "INPUT" || event.ctrlKey)) {
        event.preventDefault();
        this.submit();
      }
    });
    host.append(this.element);
    this.shown = new Set(entry.options.filter((option) => option.required).map((option) => option.name));
    const [first] = entry.options;
    // what would be typed first, or alone, needs no asking for
    if (!this.shown.size && first && (first.type === TEXT || entry.options.length === 1)) this.shown.add(first.name);
    for (const option of entry.options) if (this.shown.has(option.name)) this.#add(option);
    this.#offer();
  }

  focus() {
    const first = this.fields.querySelector("input:not([type=file]), button");
    if (first) first.focus();
    else this.#focusNext();
  }

  /** Go to what must still be filled in, else to the button that sends. */
  #focusNext() {
    const missing = this.#missing();
    if (missing) this.#field(missing).querySelector("input:not([type=file]), button, select").focus();
    else this.element.closest("form").querySelector("[type=submit]").focus();
  }

  #missing() {
    return this.entry.options.find((option) => option.required && !this.values.has(option.name));
  }

  #field(option) {
    return this.fields.querySelector(`[data-option="${CSS.escape(option.name)}"]`);
  }

  /** Take a file into the attachment option; returns whether there is one. */
  takeFile(file) {
    const option = this.entry.options.find((one) => one.type === ATTACHMENT && !this.values.has(one.name))
      ?? this.entry.options.find((one) => one.type === ATTACHMENT);
    if (!option) return false;
    if (!this.shown.has(option.name)) this.#reveal(option);
    this.#setFile(option, file);
    return true;
  }

  #offer() {
    const rest = this.entry.options.filter((option) => !this.shown.has(option.name));
    replace(this.more, rest.map((option) => h("button.chip", { type: "button", title: option.description, on: { click: () => {
      this.#reveal(option);
      this.fields.lastElementChild.querySelector("input, button")?.focus();
    } } }, `+ ${option.name}`)));
  }

  #reveal(option) {
    this.shown.add(option.name);
    this.#add(option);
    this.#offer();
  }

  #add(option) {
    const id = uid("option");
    const label = h("label", { for: id, title: option.description }, option.name, option.required && h("span.required", { "aria-label": "required" }, "*"));
    const field = h("div.command-field", { data: { option: option.name } }, label, this.#control(option, id));
    this.fields.append(field);
  }

  #control(option, id) {
    if (option.type === ATTACHMENT) return this.#fileControl(option, id);
    if (option.type === 5) return this.#choices(option, id, [{ name: "yes", value: true }, { name: "no", value: false }]);
    if (option.choices?.length) return this.#choices(option, id, option.choices);
    if (SELECTS[option.type]) {
      const select = { type: SELECTS[option.type], placeholder: option.description, custom_id: option.name, channel_types: option.channel_types };
      return selectBox(this.store, select, { label: option.name, onChosen: ([value]) => this.values.set(option.name, value) });
    }
    const number = option.type === 4 || option.type === 10;
    const input = h("input", {
      id, type: number && !option.autocomplete ? "number" : "text", placeholder: option.description, autocomplete: "off",
      min: option.min_value, max: option.max_value, step: option.type === 10 ? "any" : false, maxlength: option.max_length,
    });
    const read = () => {
      if (input.value === "") this.values.delete(option.name);
      else this.values.set(option.name, number ? Number(input.value) : input.value);
    };
    input.addEventListener("input", read);
    if (!option.autocomplete) return input;
    const box = h("div.autocomplete", {}, input);
    const suggest = new Suggest(input, box, (choice) => {
      input.value = choice.name;
      this.values.set(option.name, choice.value);
    }, option.name);
    let timer;
    let asked = 0;
    const ask = () => {
      clearTimeout(timer);
      timer = setTimeout(async () => {
        const mine = ++asked;
        const choices = await this.store.choices(this.#data(this.#typed(option.name, input.value))).catch(() => []);
        if (mine !== asked || document.activeElement !== input) return;
        // Enter in an optional field that is still empty runs the command without it.
        const at = input.value || option.required ? 0 : -1;
        suggest.show(choices, (choice) => h("span", {}, choice.name), at);
      }, 150);
    };
    input.addEventListener("input", ask);
    input.addEventListener("focus", ask);
    input.addEventListener("blur", () => {
      asked += 1;
      suggest.hide();
    });
    input.addEventListener("keydown", (event) => suggest.key(event));
    return box;
  }

  /** What is typed so far, with the option that the bot is asked about. */
  #typed(focused, text) {
    const plain = [...this.values].filter(([name, value]) => name !== focused && typeof value !== "object");
    return [...plain.map(([name, value]) => ({ name, value })), { name: focused, value: text, focused: true }];
  }

  /** The use of the command as Discord writes it: options are nested below their subcommand and group. */
  #data(values) {
    const { command, path, kinds } = this.entry;
    const options = path.slice(1).reduceRight((inner, name, n) => [{ name, type: kinds[n], options: inner }], values);
    return { id: command.id, name: command.name, type: command.type, options };
  }

  #choices(option, id, choices) {
    const select = h("select", { id }, h("option", { value: "" }, option.required ? "Choose…" : "—"), choices.map((choice, n) => h("option", { value: String(n) }, choice.name)));
    select.addEventListener("change", () => {
      if (select.value === "") this.values.delete(option.name);
      else this.values.set(option.name, choices[Number(select.value)].value);
    });
    return select;
  }

  #fileControl(option, id) {
    const input = h("input.visually-hidden", { id, type: "file" });
    const preview = h("span.command-file");
    const button = h("button.button.secondary", { type: "button", on: { click: () => input.click() } }, svg(ICONS.picture, 16), "Choose a file");
    input.addEventListener("change", () => input.files[0] && this.#setFile(option, input.files[0]));
    const control = h("div.file-control", {}, button, input, preview, h("span.dim.file-hint", {}, "or paste or drop one, or click one on the shelf"));
    control.preview = preview;
    return control;
  }

  #setFile(option, file) {
    this.values.set(option.name, file);
    const control = this.#field(option).querySelector(".file-control");
    const picture = file.type.startsWith("image/") && h("img", { src: URL.createObjectURL(file), alt: "" });
    replace(control.preview, picture, file.name.replace(/^SPOILER_/, ""));
    control.querySelector(".file-hint")?.remove();
    this.#focusNext();
  }

  async submit() {
    const missing = this.#missing();
    if (missing) {
      toast(`/${this.entry.path.join(" ")} needs “${missing.name}”.`, "error");
      this.#focusNext();
      return;
    }
    const files = [];
    const values = [...this.values].map(([name, value]) => ({
      name, value: value instanceof File ? files.push(value) - 1 : value,
    }));
    try {
      await this.store.ask(2, this.#data(values), { files });
      this.onDone(true);
    } catch (error) {
      fail(error);
    }
  }
}
