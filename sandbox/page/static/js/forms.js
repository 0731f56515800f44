// Forms that the bot opens (modals).

import { dialog, fail } from "./dialog.js";
import { h, uid } from "./dom.js";
import { markdown } from "./markdown.js";
import { choicesOf, selectBox } from "./select.js";

/** Open the form of an event `modal` and send it back when filled in. */
export function openForm(store, event) {
  const { modal, interaction_id: interactionId } = event;
  const readers = [];
  const fields = modal.components.flatMap((row) => (row.type === 1 ? row.components : [row])).map((item) => field(store, item, readers));
  const submit = h("button.button.primary", { type: "submit" }, "Submit");
  const cancel = h("button.button.quiet", { type: "button" }, "Cancel");
  const form = h("form.form", {}, fields, h("div.dialog-foot", {}, cancel, submit));
  const { close } = dialog(modal.title, form);
  cancel.addEventListener("click", close);
  form.addEventListener("submit", async (happened) => {
    happened.preventDefault();
    if (submit.disabled) return;
    submit.disabled = true;
    submit.classList.add("spinning");
    const files = [];
    const filled = readers.map(([component, read]) => ({
      type: 18, component: { type: component.type, custom_id: component.custom_id, ...read(files) },
    }));
    try {
      await store.ask(5, { id: interactionId, custom_id: modal.custom_id, components: filled }, { files });
      close();
    } catch (error) {
      fail(error);
    } finally {
      submit.disabled = false;
      submit.classList.remove("spinning");
    }
  });
  form.querySelector("input, textarea, button.select")?.focus();
}

function field(store, item, readers) {
  if (item.type === 10) return h("div.prose", {}, markdown(item.content));
  const component = item.type === 18 ? item.component : item;
  const label = item.label ?? component.label ?? component.placeholder ?? component.custom_id;
  const id = uid("field");
  const required = component.required !== false;
  const head = h("label", { for: id }, label, required && h("span.required", { "aria-label": "required" }, "*"));
  return h("div.form-field", {}, head, item.description && h("p.dim", {}, item.description), control(store, component, id, label, required, readers));
}

function control(store, component, id, label, required, readers) {
  if (component.type === 4) {
    const common = { id, required, placeholder: component.placeholder, value: component.value ?? "", minlength: component.min_length, maxlength: component.max_length };
    const input = component.style === 2 ? h("textarea", { ...common, rows: 4 }) : h("input", { ...common, type: "text" });
    readers.push([component, () => ({ value: input.value })]);
    return input;
  }
  if (component.type === 19) {
    const input = h("input", { id, type: "file", required, multiple: (component.max_values ?? 1) > 1 });
    readers.push([component, (files) => ({ values: [...input.files].map((file) => files.push(file) - 1) })]);
    return input;
  }
  let chosen = choicesOf(store, component).filter((choice) => choice.default).map((choice) => choice.value);
  readers.push([component, () => ({ values: chosen })]);
  return selectBox(store, component, { label, onChosen: (values) => {
    chosen = values;
  } });
}
