// @ts-check
// Cookies that a page may read, as the token that Django asks of whoever changes something.

/**
 * The value of a cookie; empty where there is none.
 * @param {string} name
 * @returns {string}
 */
export const cookie = (name) => document.cookie.match(`(?:^|; )${name}=([^;]*)`)?.[1] ?? "";
