// Requests to the studio. A fault of template, profile or engine comes as Faults; a view the template has outlived as Stale.

export class Faults extends Error {
  constructor(list) {
    super(list.map((fault) => fault.message).join("; "));
    this.list = list;
  }
}

export class Stale extends Error {}

async function answer(response) {
  if (response.ok) return response;
  if (response.status === 409) throw new Stale();
  let list = [];
  try {
    list = (await response.json()).errors ?? [];
  } catch {
    /* not ours */
  }
  if (!list.length) list = [{ code: String(response.status), message: "The studio refused this request.", lines: [] }];
  throw new Faults(list);
}

async function request(path, options) {
  try {
    return await answer(await fetch(path, options));
  } catch (error) {
    if (error instanceof TypeError) throw new Faults([{ code: "offline", message: "The studio does not answer.", lines: [] }]);
    throw error;
  }
}

export const get = async (path, signal) => (await request(`api/${path}`, { signal })).json();

export const post = async (path, body = {}, signal) =>
  (
    await request(`api/${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
      signal,
    })
  ).json();

export const raw = (path, signal) => request(`api/${path}`, { signal });

/** Whether an error only says that something newer is wanted by now. */
export const passing = (error) => error instanceof Stale || error?.name === "AbortError";
