import { get, getPages, post, remove } from '../core/api.js';
import { fill, h } from '../core/dom.js';
import { count, fromLocalInput, number, time, toLocalInput } from '../core/format.js';
import { api, views } from '../core/paths.js';
import { pause } from '../core/repeat.js';
import { form, selectField, textField } from '../parts/form.js';
import { table } from '../parts/list.js';
import { button, empty, heading, link, loading, pill, problemNotice, say, section } from '../parts/page.js';

const interval = 700;
const day = 86_400_000;
const mostPages = 5;
/** @type {[string, string][]} */
const selections = [
  ['all', 'All events'],
  ['failed', 'Failed events'],
  ['missed', 'Missed events'],
];
/** @type {Record<string, [string, Tone]>} */
const states = {
  counting: ['Counting', 'warn'],
  running: ['Running', 'warn'],
  completed: ['Completed', 'good'],
  cancelled: ['Cancelled', 'off'],
  failed: ['Failed', 'bad'],
};

/**
 * Replays the events of a time range: they are counted first, then sent.
 * @param {View} view
 */
export async function replays({ outlet, parameters: { organization, id }, signal }) {
  heading(outlet, 'Replay', { above: link('Back to the subscription', views.subscription(organization, id)) });
  const wait = loading('the subscription');
  outlet.append(wait);
  const { body: subscription } = await get(api.subscription(organization, id), { signal });
  const { body: catalogue } = await get(api.eventTypes, { signal });
  wait.remove();
  const names = subscription.events[0] === '*' ? catalogue.items.map(type => type.name) : subscription.events;
  const fields = {
    from: textField({
      name: 'from',
      label: 'From',
      type: 'datetime-local',
      required: true,
      value: toLocalInput(new Date(Date.now() - day).toISOString()),
    }),
    to: textField({ name: 'to', label: 'Until', type: 'datetime-local', hint: 'Leave empty for the current time.' }),
    only: selectField({ name: 'only', label: 'Which', options: selections }),
    events: selectField({
      name: 'events',
      label: 'Event',
      options: [['', 'All matching events'], ...names.map(name => /** @type {[string, string]} */ ([name, name]))],
    }),
  };
  const progress = h('div', { class: 'progress' });
  const past = h('div', {}, loading('earlier replays'));
  outlet.append(
    h('p', {}, `Sends the events of a time range to “${subscription.name}” again, with their original ids. They are counted first.`),
    form({ fields: Object.values(fields), label: 'Count them', busy: 'Counting…', signal, onsubmit: () => start(true) }),
    progress,
    section('Earlier replays', past),
  );
  await showPast();

  /** @returns {ReplayRequest} */
  function asked() {
    return {
      from: fromLocalInput(fields.from.value),
      ...(fields.to.value ? { to: fromLocalInput(fields.to.value) } : {}),
      ...(fields.events.value ? { events: [fields.events.value] } : {}),
      only: fields.only.value,
    };
  }

  /**
   * @param {boolean} dryRun
   * @param {ReplayRequest} request
   */
  async function start(dryRun, request = asked()) {
    const { body } = await post(api.replays(organization, id), { ...request, dryRun }, { signal });
    // The end that was counted to is the end that is sent to.
    const same = { ...request, to: body.to };
    await follow(body, ended => {
      if (ended.dryRun && ended.state === 'completed') {
        offer(ended, same);
      }
    });
    void showPast();
  }

  /**
   * @param {Replay} counted
   * @param {ReplayRequest} request
   */
  function offer(counted, request) {
    if (counted.matched === 0) {
      fill(progress, empty('No matching events.', 'Choose an earlier start, or other events.'));
      return;
    }

    if (!subscription.isActive) {
      fill(progress, empty(`${count(counted.matched, 'event')} would be sent.`, 'The subscription is inactive: activate it first.'));
      return;
    }

    const go = button(
      `Send ${count(counted.matched, 'event')}`,
      async () => {
        go.disabled = true;
        try {
          await start(false, request);
        } catch (error) {
          if (!signal.aborted) {
            fill(progress, problemNotice(error));
          }
        }
      },
      { kind: 'primary' },
    );
    fill(progress, h('div', { class: 'card' }, h('p', {}, `${count(counted.matched, 'event')} would be sent.`), go));
    go.focus();
  }

  /**
   * @param {Replay} replay
   * @param {(ended: Replay) => void} done
   */
  async function follow(replay, done) {
    const bar = h('progress', { 'aria-label': 'Progress of the replay' });
    const line = h('p', { role: 'status' });
    const cancel = button('Cancel', async () => {
      cancel.disabled = true;
      try {
        await remove(api.replay(organization, id, replay.id), { signal });
      } catch (error) {
        if (!signal.aborted) {
          say(/** @type {Error} */ (error).message);
        }
      }
    });
    fill(progress, h('div', { class: 'card' }, line, bar, cancel));
    let current = replay;
    for (;;) {
      fill(line, sentence(current));
      if (current.matched > 0 && !current.dryRun) {
        bar.max = current.matched;
        bar.value = current.sent;
      }

      if (!['counting', 'running'].includes(current.state)) {
        break;
      }

      await pause(interval, signal);
      current = (await get(api.replay(organization, id, replay.id), { signal })).body;
    }

    bar.max = 1;
    bar.value = 1;
    cancel.remove();
    done(current);
  }

  async function showPast() {
    try {
      const all = await everyReplay(organization, id, signal);
      fill(past, all.length === 0 ? empty('No replays yet.', 'Count the events of a time range to start one.') : tableOf(all));
    } catch (error) {
      if (!signal.aborted) {
        fill(past, problemNotice(error, showPast));
      }
    }
  }
}

/**
 * All replays, newest first. The API lists the oldest first.
 * @param {string} organization
 * @param {string} id
 * @param {AbortSignal} signal
 */
async function everyReplay(organization, id, signal) {
  const { items } = await getPages(api.replays(organization, id), mostPages, { query: { pageSize: 1000 }, signal });
  return items.reverse();
}

/** @param {Replay} replay */
function sentence(replay) {
  switch (replay.state) {
    case 'counting':
      return `Counting: ${count(replay.matched, 'event')} so far.`;
    case 'running':
      return `${number(replay.sent)} of ${count(replay.matched, 'event')} queued.`;
    case 'completed':
      return replay.dryRun ? `${count(replay.matched, 'event')} found.` : `All ${count(replay.matched, 'event')} are queued.`;
    case 'cancelled':
      return `Cancelled: ${number(replay.sent)} of ${count(replay.matched, 'event')} were sent.`;
    default:
      return 'It could not continue. The audit log has the reason.';
  }
}

/** @param {Replay[]} all */
function tableOf(all) {
  const { element, body, row } = table('Earlier replays, newest first', ['Started', 'Span', 'Which', 'State', 'Events']);
  body.append(
    ...all.map(replay => {
      const [word, tone] = states[replay.state] ?? [replay.state, 'off'];
      return row([
        time(replay.createdAt),
        [time(replay.from), ' – ', time(replay.to)],
        [
          selections.find(([name]) => name === replay.only)?.[1] ?? replay.only,
          replay.events ? h('span', { class: 'aside' }, replay.events.join(', ')) : null,
        ],
        pill(replay.dryRun ? `${word} (count only)` : word, tone),
        replay.dryRun ? `${number(replay.matched)} found` : `${number(replay.sent)} of ${number(replay.matched)} sent`,
      ]);
    }),
  );
  return h('div', { class: 'table' }, element);
}
