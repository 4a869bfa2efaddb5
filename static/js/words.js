// Texts in the language of the page. The catalog of a language is a script of its own, which the page loads before all
// others (base.html); where there is none, as in English, a text stands for itself.
const { plural = (count) => Number(count !== 1), texts = {} } = globalThis.winnowWords ?? {};

const numbers = new Intl.NumberFormat(document.documentElement.lang || "en");
/** A number with digits grouped and its point as the page's language has them. */
export const number = (value) => numbers.format(value);

const inTenths = new Intl.NumberFormat(document.documentElement.lang || "en", { minimumFractionDigits: 1, maximumFractionDigits: 1 });
export const tenths = (value) => inTenths.format(value);

const shown = (value) => (typeof value === "number" ? number(value) : value);

const fill = (text, values) => (values ? text.replace(/%\((\w+)\)s/g, (_all, name) => shown(values[name])) : text);

/** The text, with `values` for its `%(name)s`. */
export const gettext = (text, values) => fill(texts[text] ?? text, values);

/** The text for so many; `%(n)s` is their number. */
export const ngettext = (one, many, count, values) => fill(texts[one]?.[plural(count)] ?? (count === 1 ? one : many), { n: count, ...values });
