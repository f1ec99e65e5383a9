import { h } from '../core/dom.js';
import { count, timeAgo } from '../core/format.js';
import { pill } from './page.js';

/** @type {Record<string, [string, Tone]>} */
const outcomes = {
  delivered: ['Delivered', 'good'],
  failed: ['Failed', 'bad'],
  throttled: ['Throttled', 'warn'],
  gone: ['Gone', 'bad'],
  skipped: ['Skipped', 'off'],
};

/**
 * The outcomes of attempts, as options.
 * @type {[string, string][]}
 */
export const outcomeOptions = Object.entries(outcomes).map(([name, [word]]) => [name, word]);

/**
 * How events are published.
 * @type {Record<string, string>}
 */
export const eventSources = { http: 'HTTP', air: 'Binalyze AIR', relay: 'Relay', external: 'Service Bus', system: 'This app' };

/** @param {string} outcome */
export function outcomePill(outcome) {
  const [word, tone] = outcomes[outcome] ?? [outcome, 'off'];
  return pill(word, tone);
}

/**
 * The response of an attempt in a line: the status, and the error if there is one.
 * @param {Attempt} attempt
 */
export function answerOf(attempt) {
  if (attempt.outcome === 'skipped') {
    return 'Not sent: the subscription was inactive';
  }

  return [attempt.statusCode ? `HTTP ${attempt.statusCode}` : null, attempt.error?.detail].filter(Boolean).join(' · ');
}

/**
 * Which attempt it was, and of which run.
 * @param {Attempt} attempt
 */
export function runOf(attempt) {
  const kind =
    attempt.run === 'test' ? 'test' : attempt.run.startsWith('rsd_') ? 'resend' : attempt.run.startsWith('rpl_') ? 'replay' : null;
  return kind ? `${attempt.attempt} (${kind})` : `${attempt.attempt}`;
}

/**
 * A subscription's state in a word, and more if that is not enough.
 * @param {Subscription} subscription
 * @returns {[string, Tone, Child[]]}
 */
export function stateOf({ isActive, health }) {
  if (!isActive) {
    return health.reason ? ['Deactivated', 'bad', [health.reason]] : ['Inactive', 'off', []];
  }

  return health.state === 'failing'
    ? ['Failing', 'warn', ['since ', timeAgo(health.failingSince), `, ${count(health.failures, 'failed attempt')}`]]
    : ['Active', 'good', []];
}

/** @param {Subscription} subscription */
export function state(subscription) {
  const [word, tone, sentence] = stateOf(subscription);
  return h('span', { class: 'state' }, pill(word, tone), sentence.length > 0 ? h('span', { class: 'aside' }, ' ', sentence) : null);
}

/**
 * The events of a subscription in a line.
 * @param {string[]} names
 */
export function eventsOf(names) {
  return names[0] === '*'
    ? 'Every event'
    : names.length > 3
      ? `${names.slice(0, 2).join(', ')} and ${names.length - 2} more`
      : names.join(', ');
}

/**
 * The labels of a subscription; null if it has none.
 * @param {Subscription} subscription
 */
export function labelsOf({ labels }) {
  return labels ? Object.entries(labels).map(([key, value]) => h('span', { class: 'pill off' }, `${key}:${value}`)) : null;
}

/**
 * The types of audit entries.
 * @type {Record<string, string>}
 */
export const auditTypes = {
  'delivery.failed': 'Delivery failed',
  'delivery.deadLettered': 'Delivery dead-lettered',
  'delivery.dropped': 'Deliveries dropped',
  'event.deadLettered': 'Event dead-lettered',
  'event.payloadRemoved': 'Payload removed',
  'subscription.created': 'Subscription created',
  'subscription.updated': 'Subscription changed',
  'subscription.deleted': 'Subscription deleted',
  'subscription.activated': 'Subscription activated',
  'subscription.deactivated': 'Subscription deactivated',
  'subscription.secretRotated': 'Signing secret rotated',
  'subscription.certificateExpiring': 'Client certificate expires soon',
  'breaker.opened': 'Receiver unreachable',
  'breaker.closed': 'Receiver reachable again',
  'replay.started': 'Replay started',
  'replay.ended': 'Replay ended',
  'relay.failed': 'Relay poll failed',
  'relay.recovered': 'Relay poll recovered',
  'relay.gap': 'Gap in Relay events',
  'eventType.created': 'Event type created',
  'eventType.updated': 'Event type updated',
  'eventType.deleted': 'Event type deleted',
  'key.created': 'Key created',
  'key.revoked': 'Key revoked',
};

/**
 * How requests prove who sends them.
 * @param {Subscription} subscription
 */
export function authenticationOf({ authentication, tokenHint }) {
  switch (authentication?.type) {
    case 'basic':
      return `user name ${authentication.username} and a password`;
    case 'header':
      return `the header ${authentication.name}`;
    case 'oauth2':
      return `OAuth 2.0: client ${authentication.clientId} at ${authentication.tokenUrl}`;
    case 'managedIdentity':
      return `the managed identity for ${authentication.resource}`;
    case 'none':
      return 'none';
    default:
      return tokenHint ? `a bearer token that ends in ${tokenHint}` : 'a bearer token';
  }
}

/**
 * What the body of requests looks like.
 * @param {Subscription} subscription
 */
export function formatOf({ format }) {
  switch (format?.type) {
    case 'cloudEvents':
      return 'CloudEvents 1.0';
    case 'template':
      return format.preset ? `a template for ${format.preset}` : 'a template';
    default:
      return 'as published';
  }
}
