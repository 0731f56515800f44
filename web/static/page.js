// What all pages share: calls of the site, pieces of a page, and the wording of numbers.

const token = document.querySelector("meta[name=csrf]")?.content ?? "";

/** Call the site. Throws an Error whose message is what the site says. */
export async function call(path, {method = "GET", body, raw, signal} = {}) {
  const headers = {};
  if (method !== "GET") headers["X-CSRF-Token"] = token;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let response;
  try {
    response = await fetch(path, {
      method,
      headers,
      body: raw ?? (body === undefined ? undefined : JSON.stringify(body)),
      keepalive: body !== undefined,
      signal,
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Error("The site can't be reached.");
  }
  const said = await response.json().catch(() => null);
  if (response.ok) return said;
  const problem = new Error(said?.detail ?? "The site did not answer as it should.");
  problem.status = response.status;
  problem.retry = Number(response.headers.get("Retry-After"));
  throw problem;
}

export function element(tag, className = "", text = "") {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
}

/** A button that does something when it is pressed. */
export function button(words, pressed) {
  const made = element("button", "button quiet", words);
  made.type = "button";
  made.addEventListener("click", pressed);
  return made;
}

/** A number with its noun, in the plural but for one. */
export function counted(count, what) {
  return `${count.toLocaleString("en")} ${what}${count === 1 ? "" : "s"}`;
}

/** A probability as people read it in chat, too: rounded down, the two ends never claimed. */
export function percent(probability) {
  if (probability > 0.99) return "over 99 %";
  if (probability < 0.01) return "under 1 %";
  return `${Math.floor(100 * probability + 1e-9)} %`;
}
