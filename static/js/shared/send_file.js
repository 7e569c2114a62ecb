/**
 * Posts a form with a file. XMLHttpRequest, as fetch tells nothing of what has left.
 * @param {string} url
 * @param {object} upload
 * @param {File} upload.file
 * @param {string} upload.clientId the same for each try: the file is stored once
 * @param {Record<string, string>} upload.headers
 * @param {(part: number) => void} upload.onProgress from 0 to 1
 * @returns {Promise<{status: number, refusal?: string}>} `refusal`: why it was not sent; status 0: nobody answered
 */
export function sendFile(url, { file, clientId, headers, onProgress }) {
  const form = new FormData();
  form.append("client_id", clientId);
  form.append("file", file);
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.open("POST", url);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.responseType = "json";
    request.upload.onprogress = ({ loaded, total }) => onProgress(loaded / total);
    request.onerror = () => resolve({ status: 0, refusal: "The server can't be reached." });
    request.onload = () => {
      const { status, response } = request;
      resolve({ status, refusal: status < 300 ? undefined : response?.detail ?? "That did not work." });
    };
    request.send(form);
  });
}
