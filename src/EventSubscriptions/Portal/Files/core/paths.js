const segment = encodeURIComponent;
/** @type {(organization: OrganizationId, id: string) => string} */
const ofSubscription = (organization, id) => `organizations/${segment(organization)}/subscriptions/${segment(id)}`;

/**
 * The addresses of the portal's views.
 * @satisfies {Record<string, (...parameters: any) => string>}
 */
export const views = {
  organizations: () => '#/organizations',
  /** @param {OrganizationId} organization */
  overview: organization => `#/organizations/${segment(organization)}`,
  /** @param {OrganizationId} organization */
  events: organization => `#/organizations/${segment(organization)}/events`,
  /** @type {(organization: OrganizationId, eventId: string) => string} */
  event: (organization, eventId) => `#/organizations/${segment(organization)}/events/${segment(eventId)}`,
  /** @param {OrganizationId} organization */
  subscriptions: organization => `#/organizations/${segment(organization)}/subscriptions`,
  /** @param {OrganizationId} organization */
  newSubscription: organization => `#/organizations/${segment(organization)}/new-subscription`,
  /** @type {(organization: OrganizationId, id: string) => string} */
  subscription: (organization, id) => `#/${ofSubscription(organization, id)}`,
  /** @type {(organization: OrganizationId, id: string) => string} */
  editSubscription: (organization, id) => `#/${ofSubscription(organization, id)}/edit`,
  /** @type {(organization: OrganizationId, id: string, eventId: string) => string} */
  delivery: (organization, id, eventId) => `#/${ofSubscription(organization, id)}/deliveries/${segment(eventId)}`,
  /** @type {(organization: OrganizationId, id: string) => string} */
  replays: (organization, id) => `#/${ofSubscription(organization, id)}/replays`,
  /** @type {(organization: OrganizationId, query?: Record<string, string>) => string} */
  auditLog: (organization, query) => `#/organizations/${segment(organization)}/audit-log${query ? `?${new URLSearchParams(query)}` : ''}`,
  systemAuditLog: () => '#/audit-log',
  eventTypes: () => '#/event-types',
  /** @param {string} name */
  eventType: name => `#/event-types/${segment(name)}`,
  keys: () => '#/keys',
  relay: () => '#/relay',
};

/** The addresses of the API, below `api/`. */
export const api = {
  /** @type {Path<Page<OrganizationSummary> & { asOf: string }>} */
  organizations: 'organizations',
  /** @type {(organization: OrganizationId) => Path<Page<EventSummary>>} */
  events: organization => `organizations/${segment(organization)}/events`,
  /** @type {(organization: OrganizationId, eventId: string) => Path<ArchivedEvent>} */
  event: (organization, eventId) => `organizations/${segment(organization)}/events/${segment(eventId)}`,
  /** @type {(organization: OrganizationId) => string} */
  filterTest: organization => `organizations/${segment(organization)}/subscriptions/filter-test`,
  /** @type {(organization: OrganizationId) => string} */
  preview: organization => `organizations/${segment(organization)}/subscriptions/preview`,
  /** @type {Path<Page<Template>>} */
  templates: 'templates',
  /** @type {(organization: OrganizationId) => Path<Statistics>} */
  statistics: organization => `organizations/${segment(organization)}/statistics`,
  /** @type {(organization: OrganizationId) => Path<Page<Subscription>>} */
  subscriptions: organization => `organizations/${segment(organization)}/subscriptions`,
  /** @type {(organization: OrganizationId, id: string) => Path<Subscription>} */
  subscription: ofSubscription,
  /** @type {(organization: OrganizationId, id: string) => Path<Page<Attempt>>} */
  deliveries: (organization, id) => `${ofSubscription(organization, id)}/deliveries`,
  /** @type {(organization: OrganizationId, id: string, eventId: string) => Path<Delivery>} */
  delivery: (organization, id, eventId) => `${ofSubscription(organization, id)}/deliveries/${segment(eventId)}`,
  /** @type {(organization: OrganizationId, id: string) => Path<Page<Replay>>} */
  replays: (organization, id) => `${ofSubscription(organization, id)}/replays`,
  /** @type {(organization: OrganizationId, id: string, replayId: string) => Path<Replay>} */
  replay: (organization, id, replayId) => `${ofSubscription(organization, id)}/replays/${segment(replayId)}`,
  /** @type {(organization: OrganizationId | null) => Path<Page<AuditEntry>>} */
  auditLog: organization => (organization === null ? 'audit-logs' : `organizations/${segment(organization)}/audit-logs`),
  /** @type {Path<Page<Key>>} */
  keys: 'keys',
  /** @param {string} id */
  key: id => `keys/${segment(id)}`,
  /** @type {Path<Page<EventType>>} */
  eventTypes: 'event-types',
  /** @type {(name: string) => Path<EventType>} */
  eventType: name => `event-types/${segment(name)}`,
  /** @type {Path<Health>} */
  health: 'health',
};
