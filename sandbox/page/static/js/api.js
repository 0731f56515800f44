// Speaks with the sandbox: JSON over HTTP, and the stream of events. See sandbox/page_api.py.

export class ApiError extends Error {
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

export class Api {
  constructor(userId) {
    this.userId = userId;
  }

  static async humans() {
    return (await send("GET", "/sandbox/humans")).users;
  }

  get(path, query = {}) {
    return send("GET", this.#address(path, query));
  }

  post(path, body = {}, files = []) {
    return send("POST", this.#address(path), body, files);
  }

  put(path) {
    return send("PUT", this.#address(path));
  }

  patch(path, body) {
    return send("PATCH", this.#address(path), body);
  }

  delete(path) {
    return send("DELETE", this.#address(path));
  }

  /** Open the stream of events; it opens itself anew until the returned function is called. */
  listen(onEvent, onState) {
    let socket;
    let stopped = false;
    let wait = 500;
    const open = () => {
      const scheme = location.protocol === "https:" ? "wss" : "ws";
      socket = new WebSocket(`${scheme}://${location.host}${this.#address("/sandbox/events")}`);
      socket.onopen = () => {
        wait = 500;
        onState(true);
      };
      socket.onmessage = (frame) => onEvent(JSON.parse(frame.data));
      socket.onclose = () => {
        if (stopped) return;
        onState(false);
        setTimeout(() => stopped || open(), wait);
        wait = Math.min(wait * 2, 8000);
      };
    };
    open();
    return () => {
      stopped = true;
      socket.close();
    };
  }

  #address(path, query = {}) {
    const all = new URLSearchParams({ user: this.userId });
    for (const [key, value] of Object.entries(query)) if (value !== undefined) all.set(key, value);
    return `${path}?${all}`;
  }
}

async function send(method, address, body, files = []) {
  const request = { method };
  if (files.length) {
    request.body = new FormData();
    request.body.set("payload_json", JSON.stringify(body));
    files.forEach((file, n) => request.body.set(`files[${n}]`, file, file.name));
  } else if (body !== undefined) {
    request.body = JSON.stringify(body);
    request.headers = { "Content-Type": "application/json" };
  }
  let response;
  try {
    response = await fetch(address, request);
  } catch {
    throw new ApiError("The sandbox doesn't answer. Is “moedex demo” still running?", 0);
  }
  const text = await response.text();
  let answer = {};
  try {
    answer = text ? JSON.parse(text) : {};
  } catch {
    if (response.ok) throw new ApiError("The sandbox gave an answer that can't be read.", response.status);
  }
  if (!response.ok) throw new ApiError(answer.message || `The sandbox refused this (${response.status}).`, response.status);
  return answer;
}

/** Return an address on this very server: the page may be open as localhost or 127.0.0.1. */
export function local(url) {
  try {
    const parsed = new URL(url, location.href);
    const loopback = ["127.0.0.1", "localhost", "[::1]"].includes(parsed.hostname);
    return loopback ? parsed.pathname + parsed.search : parsed.href;
  } catch {
    return "";
  }
}
