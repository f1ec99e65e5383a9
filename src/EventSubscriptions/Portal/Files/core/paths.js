const segment = encodeURIComponent;
const ofSubscription = (organization, id) => `organizations/${segment(organization)}/subscriptions/${segment(id)}`;

/** The addresses of the portal's views. */
export const views = {
  subscriptions: organization => `#/organizations/${segment(organization)}/subscriptions`,
  newSubscription: organization => `#/organizations/${segment(organization)}/new-subscription`,
  subscription: (organization, id) => `#/${ofSubscription(organization, id)}`,
  editSubscription: (organization, id) => `#/${ofSubscription(organization, id)}/edit`,
  delivery: (organization, id, eventId) => `#/${ofSubscription(organization, id)}/deliveries/${segment(eventId)}`,
  replays: (organization, id) => `#/${ofSubscription(organization, id)}/replays`,
  auditLog: (organization, query) => `#/organizations/${segment(organization)}/audit-log${query ? `?${new URLSearchParams(query)}` : ''}`,
  systemAuditLog: () => '#/audit-log',
  eventTypes: () => '#/event-types',
  eventType: name => `#/event-types/${segment(name)}`,
  keys: () => '#/keys',
  relay: () => '#/relay',
};

/** The addresses of the API, below `api/`. */
export const api = {
  subscriptions: organization => `organizations/${segment(organization)}/subscriptions`,
  subscription: ofSubscription,
  deliveries: (organization, id) => `${ofSubscription(organization, id)}/deliveries`,
  delivery: (organization, id, eventId) => `${ofSubscription(organization, id)}/deliveries/${segment(eventId)}`,
  replays: (organization, id) => `${ofSubscription(organization, id)}/replays`,
  replay: (organization, id, replayId) => `${ofSubscription(organization, id)}/replays/${segment(replayId)}`,
  auditLog: organization => organization === null ? 'audit-logs' : `organizations/${segment(organization)}/audit-logs`,
  keys: 'keys',
  key: id => `keys/${segment(id)}`,
  eventTypes: 'event-types',
  health: 'health',
};
