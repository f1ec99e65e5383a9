const keyName = 'event-subscriptions.key';
const organizationName = 'event-subscriptions.organization';
const rank = { read: 0, analyst: 1, publish: 2, manage: 3, admin: 4 };

/** Whose key it is and which organization is shown. Both are forgotten when the tab is closed. */
export const session = {
  /**
   * What the key may do, as the app says; null until it was asked.
   * @type {Caller | null}
   */
  caller: null,

  /** @returns {string | null} */
  get key() {
    return sessionStorage.getItem(keyName);
  },

  /**
   * @param {string} key
   * @param {Caller} caller
   */
  signIn(key, caller) {
    sessionStorage.setItem(keyName, key);
    this.caller = caller;
  },

  signOut() {
    sessionStorage.removeItem(keyName);
    sessionStorage.removeItem(organizationName);
    this.caller = null;
  },

  /**
   * The organization that is shown; null until one was chosen.
   * @returns {number | null}
   */
  get organization() {
    const chosen = sessionStorage.getItem(organizationName);
    return this.caller?.organizationId ?? (chosen === null ? null : Number(chosen));
  },

  set organization(id) {
    sessionStorage.setItem(organizationName, `${id}`);
  },

  /** Whether the key is bound to one organization. */
  get isBound() {
    return this.caller?.organizationId !== undefined;
  },

  /**
   * Whether the key's role includes another. The role publish includes only itself.
   * @param {Role} role
   */
  may(role) {
    const own = this.caller?.role;
    return own === undefined ? false : own === 'publish' ? role === 'publish' : rank[own] >= rank[role];
  },
};
