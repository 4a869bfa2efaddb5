// What fills the review page: the grid, the viewer of one item, or the pictures of one stack; and the way back.
import { gettext } from "./words.js";

export class Screens {
  /** `review` is the page's own object (review.js). */
  constructor(review) {
    this.review = review;
  }

  openViewer() {
    const { review } = this;
    if (!review.grid.current || review.viewer.isOpen) return;
    review.looking.close();
    review.part("lightbox").hidden = true;
    this.showBars(true);
    review.viewer.open(review.grid.current, review.marks(review.grid.current));
    review.repaint();
  }

  /** T: the pictures of the stack in focus, one by one. */
  openStack() {
    const { review } = this;
    const unit = review.grid.current;
    if (review.stackView.isOpen || !unit) return undefined;
    if (unit.items < 2) return review.explain(gettext("There is only one picture here."));
    if (review.viewer.isOpen) this.back();
    review.looking.close();
    review.part("lightbox").hidden = true;
    return review.stackView.open(unit);
  }

  closeStack() {
    const { review } = this;
    if (!review.stackView.isOpen) return;
    this.leaveStack();
    review.grid.go(review.grid.place);
  }

  /** Out of the stack, for who then moves the focus on: what was just decided is not opened again. */
  leaveStack() {
    const { review } = this;
    const { unit } = review.stackView;
    review.looking.close();
    review.stackView.close();
    unit.changing ||= unit.waiting > 0 && unit.left > 0; // what it shows next, the server says
    review.part("lightbox").hidden = false;
    review.grid.layout({ anew: true });
  }

  back() {
    const { review } = this;
    if (review.beside.isOpen) review.beside.close();
    else if (review.stackView.isOpen) this.closeStack();
    else if (review.viewer.isOpen) {
      review.looking.close();
      review.unveiler.enlarge(false);
      review.viewer.close();
      review.part("lightbox").hidden = false;
      this.showBars(false);
      review.grid.layout();
      review.grid.go(review.grid.place);
    } else if (review.grid.anchor !== null) review.grid.go(review.grid.place);
    else if (review.ending.lookingBack) review.ending.stopLookingBack();
  }

  showBars(inViewer) {
    const { review } = this;
    review.main.querySelectorAll("[data-when]").forEach((node) => { node.hidden = (node.dataset.when === "viewer") !== inViewer; });
  }
}
