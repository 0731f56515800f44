// Speaks with the sandbox: Discord's REST API with the token of the human one acts as, and what
// Discord has no route for. See sandbox/page/routes.py and sandbox/page/events.py.

const API = "/api/v10";

export class ApiError extends Error {
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

/** Return whom the page may act as, each with a token. */
export const readHumans = async () => (await send("GET", "/sandbox/humans")).users;

/** Return the address of what runs beside the sandbox; empty where nothing does. */
export const readBeside = async () => (await send("GET", "/sandbox/beside")).url;

/** Return the sample pictures: `[{id, title, group, filename, url}]`. */
export const readSamples = () => send("GET", "/sandbox/samples");

/** Discord's REST API as one human calls it. */
export class Api {
  constructor(token) {
    this.token = token;
  }

  get(path, query = {}) {
    const known = Object.entries(query).filter(([, value]) => value !== undefined);
    return send("GET", `${API}${path}?${new URLSearchParams(known)}`, { token: this.token });
  }

  post(path, body, files = []) {
    return send("POST", API + path, { token: this.token, body, files });
  }

  put(path) {
    return send("PUT", API + path, { token: this.token });
  }

  patch(path, body) {
    return send("PATCH", API + path, { token: this.token, body });
  }

  delete(path) {
    return send("DELETE", API + path, { token: this.token });
  }

  /** Open the stream of events; it opens itself anew until the returned function is called. */
  listen(onEvent, onState) {
    let socket;
    let stopped = false;
    let wait = 500;
    const open = () => {
      const scheme = location.protocol === "https:" ? "wss" : "ws";
      const query = new URLSearchParams({ token: this.token });
      socket = new WebSocket(`${scheme}://${location.host}/sandbox/events?${query}`);
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
}

async function send(method, address, { token, body, files = [] } = {}) {
  const request = { method, headers: token ? { Authorization: token } : {} };
  if (files.length) {
    request.body = new FormData();
    request.body.set("payload_json", JSON.stringify(body));
    files.forEach((file, n) => request.body.set(`files[${n}]`, file, file.name));
  } else if (body !== undefined) {
    request.body = JSON.stringify(body);
    request.headers["Content-Type"] = "application/json";
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
