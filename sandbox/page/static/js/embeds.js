// Embeds: the framed cards that bots and links have.

import { h } from "./dom.js";
import { withGlyphs } from "./emoji.js";
import { fullTime } from "./format.js";
import { local } from "./api.js";
import { inlineMarkdown, markdown } from "./markdown.js";
import { isSpoilerName, picture } from "./media.js";

const hex = (color) => `#${color.toString(16).padStart(6, "0")}`;

/** Addresses of files that a message's embeds show; they aren't shown a second time. */
export const usedByEmbeds = (message) => new Set(
  message.embeds.flatMap((embed) => [embed.image?.url, embed.thumbnail?.url].filter(Boolean)));

export function embed(data, look, key) {
  const style = data.color ? { "--edge": hex(data.color) } : {};
  const linked = (text, url) => (/^https?:/.test(url ?? "")
    ? h("a", { href: url, target: "_blank", rel: "noopener noreferrer nofollow" }, inlineMarkdown(text, look))
    : inlineMarkdown(text, look));
  const media = (item, name) => item?.url && picture({
    url: item.proxy_url || item.url, width: item.width, height: item.height, alt: item.description,
    spoiler: isSpoilerName(item.url), key: `${key}/${name}`, video: Boolean(data.video),
  }, name === "thumbnail" ? { maxWidth: 88, maxHeight: 88 } : { maxWidth: 420, maxHeight: 340 });
  const large = data.image ?? (data.video && data.thumbnail);
  const onlyPicture = data.type === "image" && !data.title && !data.description;
  if (onlyPicture) return media(data.image ?? data.thumbnail, "image");
  return h("article.embed", { style, "aria-label": data.title || data.author?.name || "Card" },
    h("div.embed-main", {},
      data.author?.name && h("div.embed-author", {},
        data.author.icon_url && h("img", { src: local(data.author.icon_url), alt: "" }),
        linked(data.author.name, data.author.url)),
      data.title && h("h3.embed-title", {}, linked(data.title, data.url)),
      data.description && h("div.embed-text.prose", {}, markdown(data.description, look)),
      data.fields?.length > 0 && h("div.embed-fields", {}, data.fields.map((field) => h("div.embed-field", { class: field.inline ? "beside" : "" },
        h("h4", {}, inlineMarkdown(field.name, look)), h("div.prose", {}, markdown(field.value, look))))),
      media(large, "image"),
      (data.footer || data.timestamp) && h("div.embed-foot", {},
        data.footer?.icon_url && h("img", { src: local(data.footer.icon_url), alt: "" }),
        h("span", {}, withGlyphs([data.footer?.text, data.timestamp && fullTime(new Date(data.timestamp))].filter(Boolean).join(" · "))))),
    data.thumbnail && large !== data.thumbnail && h("div.embed-thumb", {}, media(data.thumbnail, "thumbnail")));
}
