// The list of characters goes on as one scrolls; the button does the same for the keyboard.

const list = document.getElementById("people");
const more = document.getElementById("more");
const total = Number(list.dataset.total);
const page = Number(list.dataset.page);
const near = new IntersectionObserver((entries) => {
  if (entries.some((each) => each.isIntersecting)) goOn();
}, {rootMargin: "600px"});
let busy = false;

function left() {
  return total - list.children.length;
}

async function goOn() {
  if (busy || left() <= 0) return;
  busy = true;
  const query = new URLSearchParams(location.search);
  query.set("start", list.children.length);
  query.set("count", page);
  const answer = await fetch(`/api/v1/characters?${query}`);
  if (answer.ok) {
    for (const one of (await answer.json()).characters) list.append(entry(one));
  }
  more.hidden = left() <= 0;
  busy = false;
  // It tells of changes alone: what came may still not reach to the end of the window.
  near.unobserve(more);
  near.observe(more);
}

function entry(one) {
  const item = document.createElement("li");
  const link = document.createElement("a");
  link.href = `/characters/${encodeURIComponent(one.id)}`;
  add(link, "b", one.name);
  if (one.native_name) add(link, "span", one.native_name).lang = "ja";
  if (one.series) add(link, "small", one.series);
  if (!one.named) add(link, "small", "not by face yet").className = "faint";
  item.append(link);
  return item;
}

function add(parent, tag, text) {
  const made = document.createElement(tag);
  made.textContent = text;
  parent.append(made);
  return made;
}

more.hidden = left() <= 0;
more.addEventListener("click", async () => {
  const before = list.children.length;
  await goOn();
  list.children[before]?.querySelector("a").focus();
});
near.observe(more);
