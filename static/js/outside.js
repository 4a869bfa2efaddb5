// Looks outside any batch: what is unveiled is counted here and told to the server, and what goes wrong is said beside it.
import { Exposure } from "./exposure.js";
import { tell } from "./telling.js";
import { Unveiler } from "./unveil.js";

export class Outside {
  /** `trouble`: the node that says what went wrong. */
  constructor(trouble) {
    this.trouble = trouble;
    this.exposure = new Exposure();
    this.unveiler = new Unveiler({
      address: (wanted) => `/media/${wanted}/clear`,
      exposure: this.exposure,
      onChange: (_unit, { error, shown }) => {
        this.trouble.textContent = error?.message ?? "";
        if (shown === false) this.tell();
      },
    });
  }

  /** Tells what is new; `how` as of the exposure. */
  tell(how) {
    const sums = this.exposure.take(how);
    if (!sums.viewings.length) return;
    tell(sums.viewings).catch((error) => {
      this.exposure.restore(sums);
      this.trouble.textContent = error.message;
    });
  }
}
