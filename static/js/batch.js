// The units of one claimed batch, as the server knows them.
import { getJson, postJson } from "./api.js";
import { dress, drop } from "./veils.js";

const FIRST = 60; // what the first screen needs
const REST = 200;

export class Batch {
  constructor(api, id) {
    this.api = api;
    this.address = `${api}/batches/${id}`;
    this.units = [];
  }

  /**
   * Loads the head, then units up to the place to go on at, then the rest; `onPage` runs when units were added,
   * `onVeils` when they got their veils.
   */
  load(onPage, onVeils) {
    this.loaded = this.#load(onPage, onVeils);
    return this.loaded;
  }

  async #load(onPage, onVeils) {
    this.info = await getJson(this.address);
    const { place } = this.info; // null: everything is handled, and the summary needs all of it
    let limit = place === null ? REST : Math.min(REST, place - 1 + FIRST);
    for (let after = 0; after !== null; limit = REST) {
      const page = await this.#page(after, limit);
      const added = this.#add(page.units);
      onPage();
      await this.#veils(after, limit, added, onVeils);
      after = page.next;
    }
  }

  /** How many items wait behind this batch by the same order and filter, in words. */
  waiting() {
    return getJson(`${this.address}/waiting`);
  }

  /** Units in the batch, loaded or not. */
  get size() {
    return Math.max(this.info.size, this.units.length);
  }

  #page(after, limit) {
    return getJson(`${this.address}/units?after=${after}&limit=${limit}`);
  }

  async #veils(after, limit, units, onVeils) {
    try {
      await dress(`${this.address}/veils?after=${after}&limit=${limit}`, units);
    } catch {
      units.forEach((unit) => { unit.veil = null; }); // the tiles stay plain; every item can still be decided
    }
    onVeils();
  }

  #add(units) {
    const added = units.map((unit) => ({ ...unit, veil: undefined, waiting: 0 }));
    this.units.push(...added);
    return added;
  }

  /** Takes in units that came back to where they were. */
  async restored() {
    const { units } = await this.#page(0, REST);
    const back = units.filter((unit) => !this.find(unit.id));
    for (const unit of this.#add(back)) await this.#veils(unit.position - 1, 1, [unit], () => {}); // few come at once
    this.units = [...this.units].sort((one, other) => one.position - other.position); // a new list: the grid knows its own
    this.info.size += back.length;
  }

  /** Takes in what came behind the last unit: what was moved out of a stack, or added to the batch. */
  async more() {
    const after = Math.max(0, ...this.units.map((unit) => unit.position));
    const added = this.#add((await this.#page(after, REST)).units);
    this.info.size += added.length;
    await this.#veils(after, REST, added, () => {});
    return added;
  }

  find(stack) {
    return this.units.find((unit) => unit.id === stack);
  }

  category(code) {
    return this.info.scheme.categories.find((category) => category.code === code);
  }

  byKey(key) {
    return this.info.scheme.categories.find((category) => category.key.toUpperCase() === key);
  }

  /**
   * Asks for one unit again after the server said it changed. Null: it is no longer in this batch. With `settled` the
   * answer counts only if no act on it was made meanwhile: that one's own answer is newer.
   */
  async again(unit, { settled = false } = {}) {
    const { units } = await this.#page(unit.position - 1, 1);
    const fresh = units.find((other) => other.id === unit.id);
    if (!fresh) return null;
    if (settled && unit.waiting) return unit;
    const shown = unit.item;
    Object.assign(unit, fresh, { waiting: 0, changing: false });
    if (unit.item !== shown) {
      drop(unit);
      await this.#veils(unit.position - 1, 1, [unit], () => {});
    }
    return unit;
  }

  remove(units) {
    const gone = new Set(units);
    this.units = this.units.filter((unit) => !gone.has(unit));
    this.info.size -= gone.size;
    units.forEach(drop);
  }

  /** `left`: units that no longer need a decision, as {stack, reason}; `arrived`: pictures that join others at the end. */
  changes() {
    return getJson(`${this.address}/changes`);
  }

  send(body, options) {
    return postJson(`${this.address}/decisions`, body, options);
  }

  close() {
    return postJson(`${this.address}/close`, {});
  }

  clearAddress(item) {
    return `/media/${item}/clear`;
  }
}

/** Decided, unsure or skipped: it needs no look in this round. */
export const isHandled = (unit) => unit.code !== null || unit.outcome !== null;
export const isDecided = (unit) => unit.code !== null || unit.outcome === "unsure";
export const canUnveil = (unit) => unit.preview === "made" || unit.preview === "partial";
/** Files that one key decides: the picture shown and its exact copies; with Shift also those near it. */
export const files = (unit, scope = "item") => unit.copies + (scope === "stack" ? unit.near : 1);
