const RESTS_AFTER = 2_000;

/** Nothing moves under who is about to press: what would move things waits until a mouse rests or is gone. */
export class Calm {
  #movedAt = -RESTS_AFTER;
  /** @type {(() => void)[]} */
  #waiting = [];

  /** @param {HTMLElement} element */
  constructor(element) {
    const disturb = () => (this.#movedAt = performance.now());
    element.addEventListener("pointerdown", disturb, { passive: true });
    element.addEventListener("pointermove", ({ pointerType }) => pointerType === "mouse" && disturb(), { passive: true });
    element.addEventListener("pointerleave", ({ pointerType }) => {
      if (pointerType !== "mouse") return; // a finger's click is still to come
      this.#movedAt = -RESTS_AFTER;
      this.#settle();
    });
  }

  get isDisturbed() {
    return performance.now() - this.#movedAt < RESTS_AFTER;
  }

  /**
   * @param {() => void} move now, or after what waits already
   * @returns {Promise<void>} kept once it has moved; never, if it was forgotten
   */
  settled(move) {
    return new Promise((done) => {
      this.#waiting.push(() => (move(), done()));
      if (!this.isDisturbed) this.#settle();
      else if (this.#waiting.length === 1) this.#await();
    });
  }

  forget() {
    this.#waiting = [];
  }

  #await() {
    setTimeout(() => (this.isDisturbed ? this.#await() : this.#settle()), RESTS_AFTER / 4);
  }

  #settle() {
    for (const move of this.#waiting.splice(0)) move();
  }
}
