// The subset of markdown that chat messages have, turned into elements (never into HTML text).

import { h } from "./dom.js";
import { withGlyphs } from "./emoji.js";
import { fullTime, relative, timeOf } from "./format.js";

const BLOCKS = [
  { test: /^```(?:([\w+-]+)\n)?\n?([\s\S]*?)\n?```/, make: (m) => h("pre.code", { data: { language: m[1] ?? "" } }, h("code", {}, m[2])) },
  { test: /^>>> ([\s\S]+)/, make: (m, look) => h("blockquote", {}, blocks(m[1], look)) },
  { test: /^(?:> ?[^\n]*(?:\n|$))+/, make: (m, look) => h("blockquote", {}, blocks(m[0].replace(/^> ?/gm, "").trimEnd(), look)), when: (m) => /^> /.test(m[0]) },
  { test: /^(#{1,3}) ([^\n]+)(?:\n|$)/, make: (m, look) => h(`h3.md-h${m[1].length}`, {}, inline(m[2], look)) },
  { test: /^-# ([^\n]+)(?:\n|$)/, make: (m, look) => h("p.small-print", {}, inline(m[1], look)) },
  { test: /^(?: *(?:[-*]|\d+\.) [^\n]+(?:\n|$))+/, make: list },
];

const INLINE = [
  { test: /^\\([^a-zA-Z0-9\s])/, make: (m) => m[1] },
  { test: /^``([^\n]+?)``|^`([^`\n]+)`/, make: (m) => h("code.inline", {}, m[1] ?? m[2]) },
  { test: /^\|\|([\s\S]+?)\|\|/, make: (m, look) => spoiler(inline(m[1], look), look) },
  { test: /^\*\*\*([\s\S]+?)\*\*\*(?!\*)/, make: (m, look) => h("strong", {}, h("em", {}, inline(m[1], look))) },
  { test: /^\*\*([\s\S]+?)\*\*(?!\*)/, make: (m, look) => h("strong", {}, inline(m[1], look)) },
  { test: /^__([\s\S]+?)__(?!_)/, make: (m, look) => h("u", {}, inline(m[1], look)) },
  { test: /^\*(?!\s)((?:\*\*[\s\S]+?\*\*|[^*])+?)\*(?!\*)/, make: (m, look) => h("em", {}, inline(m[1], look)) },
  { test: /^_(?!\s)([^_]+?)_(?!\w)/, make: (m, look) => h("em", {}, inline(m[1], look)), wordStart: true },
  { test: /^~~([\s\S]+?)~~/, make: (m, look) => h("s", {}, inline(m[1], look)) },
  { test: /^\[((?:\\.|[^\]\\\n])+)\]\(<?(https?:\/\/[^\s)>]+)>?(?: "[^"]*")?\)/, make: (m, look) => link(m[2], inline(m[1], look), look) },
  { test: /^<(https?:\/\/[^\s>]+)>/, make: (m, look) => link(m[1], m[1], look) },
  { test: /^https?:\/\/[^\s<]*[^\s<.,:;"')\]!?*|]/, make: (m, look) => link(m[0], m[0], look) },
  { test: /^<(@!?|@&|#)(\d+)>/, make: mention },
  { test: /^<\/([\w -]+):\d+>/, make: (m) => h("span.mention", {}, `/${m[1]}`) },
  { test: /^<a?:(\w+):\d+>/, make: (m) => h("span.emoji-name", {}, `:${m[1]}:`) },
  { test: /^<t:(-?\d+)(?::([tTdDfFR]))?>/, make: time },
  { test: /^@(?:everyone|here)\b/, make: (m) => h("span.mention", {}, m[0]) },
];

/**
 * Turn a text into elements.
 * @param {string} text
 * @param {{names?: Object<string, string>, me?: string, still?: boolean}} look what ids in mentions
 *   are called; `still` where nothing in the text may be pressed
 */
export function markdown(text, look = {}) {
  return blocks(text ?? "", look);
}

/** Whether a text hides an address: then nothing of what is behind its addresses is shown openly. */
export const hidesLink = (text) => /\|\|(?:(?!\|\|)[\s\S])*https?:\/\/[\s\S]*?\|\|/i.test(text ?? "");

/** Return a text without what it hides, for where nothing can be uncovered. */
export const withoutSpoilers = (text) => (text ?? "").replace(/\|\|[\s\S]+?\|\|/g, "(spoiler)");

/** Turn one line (a title, a label) into nodes. */
export function inlineMarkdown(text, look = {}) {
  return inline(text ?? "", look);
}

function blocks(text, look) {
  const done = [];
  let paragraph = "";
  const flush = () => {
    const words = paragraph.replace(/^\n+|\n+$/g, "");
    if (words) done.push(h("p", {}, inline(words, look)));
    paragraph = "";
  };
  let rest = text;
  let lineStart = true;
  while (rest) {
    const block = lineStart || rest.startsWith("```") ? first(BLOCKS, rest) : undefined;
    if (block) {
      flush();
      done.push(block.rule.make(block.match, look));
      rest = rest.slice(block.match[0].length).replace(/^\n/, "");
      lineStart = true;
      continue;
    }
    const fence = rest.indexOf("```", 1);
    let stop = rest.indexOf("\n") + 1 || rest.length;
    if (fence > 0 && fence < stop) stop = fence;
    paragraph += rest.slice(0, stop);
    lineStart = rest[stop - 1] === "\n";
    rest = rest.slice(stop);
  }
  flush();
  return done;
}

function inline(text, look) {
  const done = [];
  let plain = "";
  let rest = text;
  while (rest) {
    const wordStart = !/\w$/.test(plain);
    const found = first(INLINE, rest, wordStart);
    if (found) {
      if (plain) done.push(...lines(plain));
      plain = "";
      done.push(found.rule.make(found.match, look));
      rest = rest.slice(found.match[0].length);
    } else {
      const [letter] = rest;
      plain += letter;
      rest = rest.slice(letter.length);
    }
  }
  if (plain) done.push(...lines(plain));
  return done;
}

function first(rules, text, wordStart = true) {
  for (const rule of rules) {
    if (rule.wordStart && !wordStart) continue;
    const match = rule.test.exec(text);
    if (match && (!rule.when || rule.when(match))) return { rule, match };
  }
  return undefined;
}

const lines = (text) => text.split("\n").flatMap((line, n) => (n ? [h("br"), ...withGlyphs(line)] : withGlyphs(line)));

function list(match, look) {
  const items = match[0].trimEnd().split("\n").map((line) => /^( *)([-*]|\d+\.) (.*)$/.exec(line));
  const make = (at, depth) => {
    const ordered = /\d/.test(items[at][2]);
    const element = h(ordered ? "ol" : "ul", ordered ? { start: parseInt(items[at][2], 10) } : {});
    while (at < items.length && items[at][1].length >= depth) {
      if (items[at][1].length > depth && element.lastElementChild) {
        const [nested, next] = make(at, items[at][1].length);
        element.lastElementChild.append(nested);
        at = next;
      } else {
        element.append(h("li", {}, inline(items[at][3], look)));
        at += 1;
      }
    }
    return [element, at];
  };
  const lists = [];
  for (let at = 0; at < items.length;) {
    const [element, next] = make(at, items[at][1].length);
    lists.push(element);
    at = next;
  }
  return lists.length === 1 ? lists[0] : h("div", {}, lists);
}

function link(address, content, look) {
  if (look.still) return h("span", {}, content);
  return h("a", { href: address, target: "_blank", rel: "noopener noreferrer nofollow" }, content);
}

function mention(match, look) {
  const [, sigil, id] = match;
  const name = look.names?.[id] ?? "unknown";
  const mine = sigil.startsWith("@") && id === look.me;
  return h("span.mention", { class: mine ? "me" : "" }, `${sigil === "#" ? "#" : "@"}${name}`);
}

function time(match) {
  const date = new Date(Number(match[1]) * 1000);
  const shown = match[2] === "R" ? relative(date)
    : /[tT]/.test(match[2]) ? timeOf(date)
      : /[dD]/.test(match[2]) ? date.toLocaleDateString(undefined, { dateStyle: "long" }) : fullTime(date);
  return h("time.stamp", { datetime: date.toISOString(), title: fullTime(date) }, shown);
}

function uncover(cover) {
  cover.classList.add("open");
  cover.querySelector(".spoiler-words").inert = false;
  for (const name of ["role", "tabindex", "aria-label", "aria-expanded"]) cover.removeAttribute(name);
}

/** Show in a text what was uncovered in it before it was drawn anew. */
export function keepUncovered(old, fresh) {
  const open = new Set([...old.querySelectorAll(".spoiler.open")].map((cover) => cover.textContent));
  for (const cover of fresh.querySelectorAll(".spoiler")) if (open.has(cover.textContent)) uncover(cover);
}

function spoiler(content, look) {
  const words = h("span.spoiler-words", {}, content);
  words.inert = true;
  if (look.still) return h("span.spoiler", {}, words);
  const cover = h("span.spoiler", { role: "button", tabindex: "0", "aria-label": "Spoiler: show it", "aria-expanded": "false" }, words);
  const reveal = (event) => {
    if (cover.classList.contains("open")) return;
    if (event.type === "keydown" && event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    event.stopPropagation();
    uncover(cover);
  };
  cover.addEventListener("click", reveal);
  cover.addEventListener("keydown", reveal);
  return cover;
}
