/** @import { Message } from "../shared/types.js" */

import { clone, part, setText } from "./dom.js";

/**
 * The files of a message, as the server draws them.
 * @param {HTMLElement} bubble
 * @param {Message} message
 */
export function showFiles(bubble, { attachments = [], content }) {
  part(bubble, ".bubble-text", HTMLElement).hidden = attachments[0]?.name === content;
  for (const { id, name, content_type, size } of attachments) {
    const file = clone("file-template");
    const link = part(file, "a", HTMLAnchorElement);
    link.href += `${id}/`;
    link.title = name;
    const image = part(file, "img", HTMLImageElement);
    if (content_type.startsWith("image/")) {
      image.alt = name;
      image.src = link.href;
      link.replaceChildren(image);
    } else {
      image.remove();
      setText(file, ".bubble-file-name", name);
      setText(file, ".bubble-file-size", sizeText(size));
    }
    part(bubble, ".bubble-files", HTMLElement).append(file);
  }
}

/** @param {number} bytes */
function sizeText(bytes) {
  const units = ["bytes", "KB", "MB"];
  const at = Math.min(2, Math.floor(Math.log2(Math.max(1, bytes)) / 10));
  return `${(bytes / 1024 ** at).toLocaleString([], { maximumFractionDigits: at ? 1 : 0 })} ${units[at]}`;
}
