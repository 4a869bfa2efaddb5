// What keys do to the film in the viewer: how it is shown, played, marked. `review` is the page's own object (review.js).
import { announce } from "./dom.js";
import { marked } from "./film.js";
import { momentText } from "./lane.js";
import { gettext } from "./words.js";

export class Filming {
  constructor(review) {
    this.review = review;
  }

  get #film() {
    const { viewer } = this.review;
    return viewer.isOpen && viewer.film.isOpen ? viewer.film : null;
  }

  #withFilm(act) {
    if (this.#film) return act(this.#film);
    return this.review.explain(gettext("This key is for a film in the viewer: Enter opens it."));
  }

  cycle() {
    this.#withFilm((film) => film.cycle());
  }

  play() {
    this.#withFilm((film) => {
      this.review.unveiler.veil();
      film.play();
    });
  }

  stop() {
    this.review.viewer.film.stop();
  }

  /** Whether there was a film to hasten. */
  hasten(step) {
    if (!this.#film) return false;
    this.#film.hasten(step);
    return true;
  }

  /** The moment on the screen is what the decision rests on; once more, the range up to it. */
  mark() {
    this.#withFilm((film) => this.#set(marked(film.unit.moment, film.at)));
  }

  unmark() {
    this.#withFilm((film) => (film.unit.moment ? this.#set(null) : this.review.explain(gettext("Nothing is marked here."))));
  }

  #set(moment) {
    const { review } = this;
    const unit = review.grid.current;
    if (unit.changing) return;
    review.desk.mark(unit, moment);
    review.changed(unit);
    review.viewer.film.paint();
    announce(moment ? gettext("Marked: %(at)s", { at: momentText(moment) }) : gettext("The mark is gone"));
  }
}
