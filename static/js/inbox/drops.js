/**
 * Files dragged over the page: the open conversation takes them. Anywhere else a browser would open them and leave the
 * inbox.
 * @param {() => HTMLElement | null} target what takes files now
 * @param {(files: FileList) => void} take
 */
export function catchDrops(target, take) {
  let isOurs = false; // a picture of the page itself
  /** @type {Element | null} */
  let marked = null;

  /** @param {Element | null} element */
  function mark(element) {
    marked?.classList.remove("drops");
    marked = element;
    marked?.classList.add("drops");
  }

  /** @param {DragEvent} event */
  function over(event) {
    const { dataTransfer } = event;
    if (!dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    const found = target();
    const takes = found && !isOurs && found.contains(/** @type {Node} */ (event.target));
    if (!takes) dataTransfer.dropEffect = "none";
    mark(takes ? found : null);
  }

  document.addEventListener("dragstart", () => (isOurs = true));
  for (const end of ["dragend", "pointerdown"]) document.addEventListener(end, () => (isOurs = false), true);
  document.addEventListener("dragover", over);
  document.addEventListener("dragleave", ({ relatedTarget }) => !relatedTarget && mark(null));
  document.addEventListener("drop", (event) => {
    over(event);
    if (marked && event.dataTransfer) take(event.dataTransfer.files);
    mark(null);
  });
}
