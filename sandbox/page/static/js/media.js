// Pictures and files in messages: their places, covers over spoilers, and the large view.

import { local } from "./api.js";
import { dialog } from "./dialog.js";
import { h, ICONS, svg } from "./dom.js";
import { size } from "./format.js";

const uncovered = new Set();

export const isPicture = (file) => /^image\/(?!svg)/.test(file.content_type ?? "")
  || (!file.content_type && /\.(png|jpe?g|gif|webp|bmp|avif)$/i.test(file.filename ?? ""));

const isVideo = (file) => /^video\//.test(file.content_type ?? "") && file.width;
const LOTTIE = 3;
const GIF = 4;

/** Whether the file behind an address is to be covered. */
export const isSpoilerName = (name) => /(^|\/)SPOILER_[^/]*$/.test(name ?? "");

const shownName = (name) => name.replace(/^SPOILER_/, "");

/**
 * Cover something until it is clicked. What was uncovered stays so when the message is drawn anew.
 * @param {Node} content
 * @param {string} key what to remember it by
 */
export function covered(content, key, { small = false } = {}) {
  if (uncovered.has(key)) return content;
  const inside = h("div.covered-content", { "aria-hidden": "true" }, content);
  inside.inert = true;
  const button = h("button.cover", { type: "button", "aria-label": "Spoiler: show it" }, h("span", {}, small ? svg(ICONS.eyeOff, 16) : "SPOILER"));
  const cover = h("div.covered", {}, inside, button);
  button.addEventListener("click", () => {
    uncovered.add(key);
    inside.inert = false;
    inside.removeAttribute("aria-hidden");
    cover.classList.add("open");
    button.remove();
    inside.querySelector("button, a, [tabindex]")?.focus();
  });
  return cover;
}

/**
 * A picture that opens large when clicked.
 * @param {{url: string, alt?: string, width?: number, height?: number, spoiler?: boolean, key: string}} media
 * @param {{maxWidth?: number, maxHeight?: number, crop?: boolean, small?: boolean}} room `crop` fills
 *   a place of its own shape, `small` is a square thumbnail
 */
export function picture(media, room = {}) {
  const { maxWidth = 480, maxHeight = 360, crop = false, small = false } = room;
  const address = local(media.url);
  const image = h("img", { src: address, alt: media.alt || "", loading: "lazy", decoding: "async", draggable: "false" });
  const style = {};
  if (media.width && media.height && !crop && !small) {
    const scale = Math.min(1, maxWidth / media.width, maxHeight / media.height);
    image.width = Math.round(media.width * scale);
    image.height = Math.round(media.height * scale);
    style["aspect-ratio"] = `${media.width} / ${media.height}`;
    style.width = `${image.width}px`;
  }
  const label = media.video ? "A frame of the video. Open it large" : media.alt ? `Picture: ${media.alt.replace(/\.$/, "")}. Open it large` : "Open the picture large";
  const frame = h("div.picture-frame", { class: `${crop ? "crop" : ""} ${small ? "small" : ""}`, style },
    h("button.picture", { type: "button", "aria-label": label, on: { click: () => large(address, media.alt) } }, image),
    media.video && h("span.video-badge", { "aria-hidden": "true" }, "▶ video"),
    media.alt && !small && h("span.alt-badge", { title: media.alt, "aria-hidden": "true" }, "ALT"));
  image.addEventListener("error", () => frame.classList.add("broken"), { once: true });
  return media.spoiler ? covered(frame, media.key, { small }) : frame;
}

/** The attachments of a message: pictures side by side, then players and files. */
export function attachments(files, messageId) {
  if (!files.length) return null;
  const pictures = files.filter(isPicture);
  const rest = files.filter((file) => !isPicture(file));
  const one = pictures.length === 1;
  return h("div.attachments", {},
    pictures.length > 0 && h("div.pictures", { class: one ? "one" : `many count-${Math.min(pictures.length, 4)}` },
      pictures.map((file) => picture({
        url: file.url, alt: file.description, width: file.width, height: file.height,
        spoiler: isSpoilerName(file.filename), key: `${messageId}/${file.id}`,
      }, one ? {} : { crop: true }))),
    rest.map((file) => [
      isVideo(file) && picture({
        url: `${file.proxy_url}&format=webp`, width: file.width, height: file.height, video: true,
        spoiler: isSpoilerName(file.filename), key: `${messageId}/${file.id}/frame`,
      }),
      fileCard(file, `${messageId}/${file.id}`)]));
}

/** A sticker; one of Lottie is a drawing that this page doesn't play. */
export function sticker(item) {
  if (item.format_type === LOTTIE) return h("p.dim", {}, `The sticker “${item.name}” (an animation that this page doesn't play)`);
  const address = `/stickers/${item.id}.${item.format_type === GIF ? "gif" : "png"}`;
  return h("img.sticker", { src: address, alt: `Sticker: ${item.name}`, width: 160, height: 160 });
}

export function fileCard(file, key, spoiler = isSpoilerName(file.filename)) {
  const card = h("div.file", {}, svg(ICONS.file, 28),
    h("div.file-words", {},
      h("a", { href: local(file.url), download: shownName(file.filename) }, shownName(file.filename)),
      h("span.dim", {}, size(file.size ?? 0), file.description && ` · ${file.description}`)));
  return spoiler ? covered(card, key) : card;
}

function large(address, alt) {
  const { box, close } = dialog("Picture", h("div.large-view", {},
    h("img", { src: address, alt: alt || "" }),
    alt && h("p.large-alt", {}, alt),
    h("a.large-link", { href: address, target: "_blank", rel: "noopener" }, "Open it by itself")), { bare: true });
  box.querySelector("img").addEventListener("click", close);
}
