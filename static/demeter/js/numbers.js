// Whole numbers as the page itself writes them, for its scripts: Intl groups Spanish numbers otherwise than Django.
"use strict";

const THOUSANDS = { es: "\u00a0", en: "," };
const groupedThousands = (number) => String(number).replace(/\B(?=(\d{3})+$)/g, THOUSANDS[document.documentElement.lang.slice(0, 2)]);
