import { identify, Problem, rejected } from './core/api.js';
import { connection } from './core/connection.js';
import { fill, h } from './core/dom.js';
import { views } from './core/paths.js';
import { go, Router } from './core/router.js';
import { session } from './core/session.js';
import { announce, button, empty, heading, linkButton, live, loading, problemNotice } from './parts/page.js';
import { auditLog, systemAuditLog } from './views/auditLog.js';
import { delivery } from './views/delivery.js';
import { event, events } from './views/events.js';
import { eventType, eventTypes } from './views/eventTypes.js';
import { keys } from './views/keys.js';
import { chooseOrganization } from './views/organization.js';
import { overview } from './views/overview.js';
import { relay } from './views/relay.js';
import { replays } from './views/replays.js';
import { signIn } from './views/signIn.js';
import { subscription } from './views/subscription.js';
import { editSubscription, newSubscription } from './views/subscriptionForm.js';
import { subscriptions } from './views/subscriptions.js';

const ofOrganization = '/organizations/:organization';
const ofSubscription = `${ofOrganization}/subscriptions/:id`;

/** @type {Route[]} */
const routes = [
  { path: '/', view: home },
  { path: '/organizations', view: chooseOrganization, role: 'read' },
  { path: ofOrganization, view: overview, role: 'read', tab: 'overview' },
  { path: `${ofOrganization}/events`, view: events, role: 'read', tab: 'events' },
  { path: `${ofOrganization}/events/:eventId`, view: event, role: 'read', tab: 'events' },
  { path: `${ofOrganization}/subscriptions`, view: subscriptions, role: 'read', tab: 'subscriptions' },
  { path: `${ofOrganization}/new-subscription`, view: newSubscription, role: 'manage', tab: 'subscriptions' },
  { path: ofSubscription, view: subscription, role: 'read', tab: 'subscriptions' },
  { path: `${ofSubscription}/edit`, view: editSubscription, role: 'manage', tab: 'subscriptions' },
  { path: `${ofSubscription}/deliveries/:eventId`, view: delivery, role: 'read', tab: 'subscriptions' },
  { path: `${ofSubscription}/replays`, view: replays, role: 'manage', tab: 'subscriptions' },
  { path: `${ofOrganization}/audit-log`, view: auditLog, role: 'read', tab: 'auditLog' },
  { path: '/audit-log', view: systemAuditLog, role: 'admin', tab: 'auditLog' },
  { path: '/event-types', view: eventTypes, tab: 'eventTypes' },
  { path: '/event-types/:name', view: eventType, tab: 'eventTypes' },
  { path: '/keys', view: keys, role: 'admin', tab: 'keys' },
  { path: '/relay', view: relay, role: 'read', tab: 'relay' },
];

const banner = h('div', { class: 'banner', role: 'status' });
const top = h('header', { class: 'top' });
const main = h('main', { id: 'main', tabindex: '-1' });
const router = new Router(routes, show);
let left = new AbortController();
let isFirst = true;

document.body.append(h('a', { class: 'skip', href: '#main', onclick: skip }, 'Skip to content'), banner, top, main, ...live);
connection.addEventListener('change', showConnection);
rejected.addEventListener('key', () => {
  if (session.key) {
    session.signOut();
    askForKey('The key is no longer accepted: it has expired or was revoked.');
  }
});
void begin();

/** After a reload there is a key, but what it may do must be asked. */
async function begin() {
  if (!session.key) {
    askForKey();
    return;
  }

  fill(main, loading('the portal'));
  try {
    session.caller = await identify(session.key);
  } catch (error) {
    if (error instanceof Problem && error.status === 0) {
      await connection.regained();
      void begin();
    } else {
      fill(main, problemNotice(error, begin));
    }

    return;
  }

  if (session.caller) {
    router.start();
  } else {
    session.signOut();
    askForKey('The key is no longer accepted: it has expired or was revoked.');
  }
}

/** @param {string} [reason] */
function askForKey(reason) {
  const signal = leave();
  fill(top, brand());
  const outlet = h('div', { class: 'view' });
  fill(main, outlet);
  signIn({
    outlet,
    signal,
    reason,
    done: () => {
      if (isFirst) {
        router.start();
      } else {
        router.follow();
      }
    },
  });
}

/**
 * @param {Route | undefined} route
 * @param {Record<string, string>} parameters
 * @param {Record<string, string>} query
 */
async function show(route, parameters, query) {
  if (!session.caller) {
    return;
  }

  const signal = leave();
  if (/^(0|[1-9]\d{0,9})$/.test(parameters.organization ?? '')) {
    session.organization = Number(parameters.organization);
  }

  fill(top, brand(), navigation(route?.tab), account());
  const outlet = h('div', { class: 'view' });
  fill(main, outlet);
  const movesFocus = !isFirst;
  isFirst = false;
  try {
    const shown = viewOf(route)({ outlet, parameters, query, signal });
    if (movesFocus) {
      scrollTo(0, 0);
      (outlet.querySelector('h1') ?? main).focus({ preventScroll: true });
    }

    await shown;
  } catch (error) {
    if (!signal.aborted) {
      outlet.querySelector('.loading')?.remove();
      outlet.append(problemNotice(error, () => router.follow()));
    }
  }
}

/**
 * @param {Route | undefined} route
 * @returns {(view: View) => unknown}
 */
function viewOf(route) {
  if (!route) {
    return notFound;
  }

  const { role, view } = route;
  return role && !session.may(role) ? context => notAllowed(context, role) : view;
}

/** Aborts what the previous view has not finished. */
function leave() {
  left.abort();
  left = new AbortController();
  return left.signal;
}

function home() {
  if (!session.may('read')) {
    go(views.eventTypes());
  } else {
    go(session.organization !== null ? views.overview(session.organization) : views.organizations());
  }
}

/** @param {View} view */
async function notFound({ outlet }) {
  heading(outlet, 'Not found');
  outlet.append(empty('Page not found.', linkButton('Go to the start page', '#/')));
}

/**
 * @param {View} view
 * @param {Role} role
 */
async function notAllowed({ outlet }, role) {
  heading(outlet, 'Not allowed');
  outlet.append(
    empty(
      `This page requires a key with the role ${role}; your key has the role ${session.caller?.role}.`,
      'Ask an administrator for another key, or sign in with one.',
    ),
  );
}

function brand() {
  return h(
    'a',
    { class: 'brand', href: '#/' },
    h('img', { src: new URL('icon.svg', import.meta.url), alt: '', width: '24', height: '24' }),
    'Event Subscriptions',
  );
}

/** @param {string} [tab] */
function navigation(tab) {
  const organization = session.organization;
  /** @type {(name: string, label: string, href: string) => HTMLElement} */
  const entry = (name, label, href) => h('li', {}, h('a', { href, 'aria-current': name === tab ? 'page' : null }, label));
  return h(
    'nav',
    { 'aria-label': 'Main' },
    h(
      'ul',
      {},
      session.may('read') && organization !== null
        ? [
            entry('overview', 'Overview', views.overview(organization)),
            entry('subscriptions', 'Subscriptions', views.subscriptions(organization)),
            entry('events', 'Events', views.events(organization)),
            entry('auditLog', 'Audit log', views.auditLog(organization)),
          ]
        : null,
      entry('eventTypes', 'Event types', views.eventTypes()),
      session.may('admin') ? entry('keys', 'Keys', views.keys()) : null,
      session.may('read') ? entry('relay', 'Relay', views.relay()) : null,
    ),
  );
}

function account() {
  const organization = session.organization;
  return h(
    'div',
    { class: 'account' },
    organization !== null && session.may('read')
      ? h('span', {}, `Organization ${organization} `, session.isBound ? null : h('a', { href: views.organizations() }, 'Change'))
      : null,
    h('span', { class: 'pill off', title: 'What your key may do' }, session.caller?.role),
    button(
      'Sign out',
      () => {
        session.signOut();
        history.replaceState(null, '', '#/');
        askForKey();
        announce('Signed out.');
      },
      { kind: 'quiet' },
    ),
  );
}

function showConnection() {
  fill(banner, connection.isLost ? 'The app is unreachable. This page resumes as soon as it is back.' : '');
  if (!connection.isLost) {
    announce('The app is back.');
  }
}

/** @param {Event} event */
function skip(event) {
  event.preventDefault();
  main.focus();
}
