const STALLED_AFTER = 60_000;
const WAITS = new Set([429, 503]);
const TRIES = 5;
const LONGEST_PAUSE = 60;
const WORDS = {
  broken: "That did not work. Reload the page and try again.",
  away: "The server can't be reached.",
};

/**
 * @typedef {object} Upload
 * @property {File} file
 * @property {string} clientId the same for each try: the file is stored once
 * @property {Record<string, string>} headers
 * @property {(part: number) => void} onProgress from 0 to 1
 * @property {AbortSignal} [signal]
 */

/**
 * Posts a form with a file; when the server is busy, again after the pause that it asks for.
 * @param {string} url
 * @param {Upload} upload
 * @returns {Promise<{status: number, refusal?: string}>} `refusal`: why it was not sent; status 0: nobody answered
 */
export async function sendFile(url, upload) {
  for (let left = TRIES; ; left--) {
    const { status, pause, ...outcome } = await post(url, upload);
    if (!WAITS.has(status) || left === 1 || pause > LONGEST_PAUSE) return { status, ...outcome };
    await new Promise((done) => {
      setTimeout(done, pause * 1_000);
      upload.signal?.addEventListener("abort", done);
    });
    if (upload.signal?.aborted) return { status, ...outcome };
  }
}

/**
 * Of cells, which come with a picture of themselves, the text is meant.
 * @param {DataTransfer | null} clipboard
 */
export function pastedFiles(clipboard) {
  const { files, types = [] } = clipboard ?? {};
  return types.includes("text/plain") && types.includes("text/html") ? undefined : files;
}

/**
 * XMLHttpRequest, as fetch tells nothing of what has left.
 * @param {string} url
 * @param {Upload} upload
 * @returns {Promise<{status: number, refusal?: string, pause: number}>}
 */
function post(url, { file, clientId, headers, onProgress, signal }) {
  const form = new FormData();
  form.append("client_id", clientId);
  form.append("file", file);
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    let timer = 0;
    const stillMoving = () => {
      clearTimeout(timer);
      timer = setTimeout(() => request.abort(), STALLED_AFTER);
    };
    request.open("POST", url);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.responseType = "json";
    request.upload.onprogress = ({ loaded, total }) => {
      stillMoving();
      onProgress(loaded / total);
    };
    request.onloadend = () => {
      clearTimeout(timer);
      resolve(outcomeOf(request));
    };
    signal?.addEventListener("abort", () => request.abort());
    stillMoving();
    request.send(form);
  });
}

/** @param {XMLHttpRequest} request that has ended */
function outcomeOf(request) {
  const { status, response } = request;
  const pause = Number(request.getResponseHeader("Retry-After")) || 1;
  const fault = status ? WORDS.broken : WORDS.away;
  return { status, pause, refusal: status && status < 300 ? undefined : response?.detail ?? fault };
}
