const keyName = 'event-subscriptions.key';
const organizationName = 'event-subscriptions.organization';
const rank = { read: 0, publish: 1, manage: 2, admin: 3 };

/** Whose key it is and which organization is looked at. Both are forgotten when the tab is closed. */
export const session = {
  /** What the key may do, as the app says: `{ role, organizationId? }`; null until it was asked. */
  caller: null,

  get key() {
    return sessionStorage.getItem(keyName);
  },

  signIn(key, caller) {
    sessionStorage.setItem(keyName, key);
    this.caller = caller;
  },

  signOut() {
    sessionStorage.removeItem(keyName);
    sessionStorage.removeItem(organizationName);
    this.caller = null;
  },

  /** The organization that is looked at, or null before one was chosen. */
  get organization() {
    return this.caller?.organizationId ?? (Number(sessionStorage.getItem(organizationName)) || null);
  },

  set organization(id) {
    sessionStorage.setItem(organizationName, id);
  },

  /** Whether the key is good for one organization alone. */
  get isBound() {
    return this.caller?.organizationId !== undefined;
  },

  /** Whether the key's role does for what asks for another. Those that publish do only that. */
  may(role) {
    const own = this.caller?.role;
    return own === 'publish' ? role === 'publish' : rank[own] >= rank[role];
  },
};
