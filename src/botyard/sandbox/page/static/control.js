// The sandbox's control API and its event stream. Addresses are relative: the page lives at `/` or `/sandbox/`.

export class ControlError extends Error {}

async function request(method, path, body) {
  let response;
  try {
    response = await fetch(`control/${path}`, {
      method,
      headers: body === undefined ? {} : { "content-type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch {
    throw new ControlError("The sandbox cannot be reached. Is it still running?");
  }
  const answer = await response.json().catch(() => null);
  if (!response.ok)
    throw new ControlError(answer?.error ?? `The sandbox answered with status ${response.status}.`);
  return answer;
}

export function get(path, query = {}) {
  const given = Object.entries(query).filter(([, value]) => value !== null && value !== undefined);
  const search = new URLSearchParams(given).toString();
  return request("GET", search ? `${path}?${search}` : path);
}

export const post = (path, body) => request("POST", path, body);

const EVENTS = ["message", "deleted", "answer", "call", "update", "action", "world"];

/** Opens the one event stream. `opened` runs at every (re)connection: fetch again what may have been missed. */
export function listen({ opened, lost, received }) {
  const stream = new EventSource("control/events");
  stream.addEventListener("open", opened);
  stream.addEventListener("error", lost);
  for (const kind of EVENTS) stream.addEventListener(kind, (event) => received(kind, JSON.parse(event.data)));
  return stream;
}
