// Select boxes: of their own options, users, roles, mentionables and channels; one or several values.

import { h, ICONS, svg, uid } from "./dom.js";
import { glyph } from "./emoji.js";
import { displayName } from "./format.js";

/** Return what a select offers: `[{label, value, description, emoji, default}]`. */
export function choicesOf(store, select) {
  if (select.type === 3) return select.options ?? [];
  const defaults = new Set((select.default_values ?? []).map((item) => item.id));
  const users = store.world.users.map((user) => ({ label: displayName(user), value: user.id, description: user.bot ? "App" : user.username }));
  const server = store.server(store.currentId);
  const allowed = select.channel_types;
  const channels = (server?.channels ?? [])
    .filter((channel) => !allowed?.length || allowed.includes(channel.type))
    .map((channel) => ({ label: `#${channel.name}`, value: channel.id }));
  const roles = (server?.roles ?? []).map((role) => ({ label: `@${role.name}`, value: role.id }));
  const all = { 5: users, 6: roles, 7: [...users, ...roles], 8: channels }[select.type] ?? [];
  return all.map((choice) => ({ ...choice, default: defaults.has(choice.value) }));
}

/**
 * A button that opens a list to choose from. One value is taken at once; several with "Done".
 * @param {{disabled?: boolean, busy?: boolean, onChosen: Function, label?: string}} options
 */
export function selectBox(store, select, { disabled = false, busy = false, onChosen, label }) {
  const choices = choicesOf(store, select);
  const several = (select.max_values ?? 1) > 1;
  let chosen = choices.filter((choice) => choice.default).map((choice) => choice.value);
  const id = uid("list");
  const words = h("span.select-words");
  const button = h("button.select", {
    type: "button", disabled, "aria-haspopup": "listbox", "aria-expanded": "false", "aria-controls": id,
    "aria-busy": busy ? "true" : false, class: busy ? "spinning" : "",
    data: { key: `component:${select.custom_id}` },
  }, words, busy ? h("span.spinner") : svg(ICONS.down, 18));
  const list = h("ul.listbox", { id, role: "listbox", tabindex: "-1", hidden: true, "aria-multiselectable": several ? "true" : false, "aria-label": label ?? select.placeholder ?? "Choices" });
  const box = h("div.select-box", {}, button, list);
  let at = -1;

  const show = () => {
    const labels = choices.filter((choice) => chosen.includes(choice.value)).map((choice) => choice.label);
    words.textContent = labels.join(", ") || select.placeholder || "Choose";
    words.classList.toggle("dim", labels.length === 0);
    button.setAttribute("aria-label", `${label ?? select.placeholder ?? "Choose"}: ${labels.join(", ") || "nothing chosen"}`);
    [...list.children].forEach((item, n) => {
      item.setAttribute("aria-selected", String(chosen.includes(choices[n].value)));
      item.classList.toggle("active", n === at);
    });
    if (at >= 0) {
      list.setAttribute("aria-activedescendant", list.children[at].id);
      list.children[at].scrollIntoView({ block: "nearest" });
    }
  };
  const before = () => [...chosen].sort().join();
  let old = before();
  const close = (focus) => {
    if (list.hidden) return;
    list.hidden = true;
    button.setAttribute("aria-expanded", "false");
    if (focus) button.focus();
    if (several && before() !== old && chosen.length >= (select.min_values ?? 1)) onChosen(chosen);
  };
  const open = () => {
    list.hidden = false;
    old = before();
    button.setAttribute("aria-expanded", "true");
    at = Math.max(0, choices.findIndex((choice) => chosen.includes(choice.value)));
    list.classList.toggle("above", button.getBoundingClientRect().bottom > innerHeight - 280);
    show();
    list.focus({ preventScroll: true });
  };
  const pick = (n) => {
    const { value } = choices[n];
    if (!several) {
      chosen = [value];
      show();
      close(true);
      onChosen(chosen);
      return;
    }
    if (chosen.includes(value)) chosen = chosen.filter((one) => one !== value);
    else if (chosen.length < select.max_values) chosen = [...chosen, value];
    show();
  };
  choices.forEach((choice, n) => list.append(h("li.option", { id: `${id}-${n}`, role: "option", on: { click: () => pick(n) } },
    choice.emoji?.name && glyph(choice.emoji.name),
    h("span.option-words", {}, h("span", {}, choice.label), choice.description && h("span.dim", {}, choice.description)))));
  if (!choices.length) list.append(h("li.option.dim", {}, "Nothing to choose from"));
  button.addEventListener("click", () => (list.hidden ? open() : close(true)));
  list.addEventListener("focusout", (event) => !box.contains(event.relatedTarget) && close(false));
  list.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1, Home: -choices.length, End: choices.length }[event.key];
    if (step && choices.length) at = Math.min(choices.length - 1, Math.max(0, at + step));
    else if (event.key === "Enter" || event.key === " ") at >= 0 && pick(at);
    else if (event.key === "Escape" || event.key === "Tab") close(event.key === "Escape");
    else if (event.key.length === 1) {
      const found = choices.findIndex((choice) => choice.label.toLowerCase().startsWith(event.key.toLowerCase()));
      if (found >= 0) at = found;
    } else return;
    if (event.key !== "Tab") event.preventDefault();
    event.stopPropagation();
    show();
  });
  show();
  return box;
}
