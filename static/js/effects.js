// What a unit shows after an act, before the server has answered.

export const state = ({ code, outcome, left, moment = null }) => ({ code, outcome, left, moment });

// What a unit shows after an act that leaves nobody open in its stack; F concerns the flag alone.
const AFTER = {
  decide: (_unit, code) => ({ code, outcome: null, left: 0 }),
  unsure: () => ({ code: null, outcome: "unsure", left: 0 }),
  skip: ({ left }) => ({ code: null, outcome: "skipped", left }),
  clear: ({ left }) => ({ code: null, outcome: null, left: Math.max(1, left) }),
  flag: state,
};

/** Items of the stack that are still open after the act: then the unit stays, and shows another picture. */
export function rest(kind, unit, scope, reach) {
  if (kind === "decide") return unit.left - (reach ?? (scope === "stack" ? unit.near : 1));
  return kind === "unsure" ? unit.left - 1 : 0;
}

export function after(kind, unit, { code, scope, reach }) {
  const [left, moment] = [rest(kind, unit, scope, reach), unit.moment ?? null];
  return { moment, ...(left > 0 ? { code: null, outcome: null, left } : AFTER[kind](unit, code)) };
}
