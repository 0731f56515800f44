// Dialogs over the page, and the small notices in its corner.

import { h, ICONS, svg, uid } from "./dom.js";

/**
 * Open a dialog; the browser keeps the focus inside and gives it back.
 * @param {string} title
 * @param {Node|Node[]} content
 * @param {{bare?: boolean, onClose?: Function}} options `bare` shows the content without a frame
 */
export function dialog(title, content, { bare = false, onClose } = {}) {
  const heading = uid("dialog");
  const box = h("dialog.dialog", { "aria-labelledby": heading, class: bare ? "bare" : "" });
  const close = () => box.close();
  box.append(
    h("div.dialog-head", {}, h("h2", { id: heading, class: bare ? "visually-hidden" : "" }, title),
      h("button.icon-button", { type: "button", "aria-label": "Close", on: { click: close } }, svg(ICONS.close))),
    h("div.dialog-body", {}, content));
  box.addEventListener("click", (event) => event.target === box && close());
  box.addEventListener("close", () => {
    box.remove();
    onClose?.();
  });
  document.body.append(box);
  box.showModal();
  return { box, close };
}

/** Ask before something that can't be undone; resolves to whether it was wanted. */
export function confirm(title, text, action) {
  return new Promise((resolve) => {
    let wanted = false;
    const yes = h("button.button.danger", { type: "button" }, action);
    const no = h("button.button.quiet", { type: "button" }, "Cancel");
    const { close } = dialog(title, [h("p", {}, text), h("div.dialog-foot", {}, no, yes)], { onClose: () => resolve(wanted) });
    no.addEventListener("click", close);
    yes.addEventListener("click", () => {
      wanted = true;
      close();
    });
    yes.focus();
  });
}

/** Say something in the corner for a few seconds. */
export function toast(text, kind = "info") {
  const item = h("div.toast", { class: kind, role: kind === "error" ? "alert" : "status" }, h("span", {}, text),
    h("button.icon-button", { type: "button", "aria-label": "Dismiss this notice", on: { click: () => item.remove() } }, svg(ICONS.close, 16)));
  const corner = document.getElementById("toasts");
  corner.append(item);
  while (corner.children.length > 4) corner.firstChild.remove();
  setTimeout(() => item.remove(), kind === "error" ? 9000 : 5000);
}

export const fail = (error) => toast(error.message || String(error), "error");
