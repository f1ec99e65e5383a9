// Everything that came from elsewhere is set as text, never as markup.
const capacity = 100;
const interval = 1000;
const list = document.getElementById('arrivals');
const status = document.getElementById('status');
const pause = document.getElementById('pause');
const template = document.getElementById('arrival');
const choices = document.querySelectorAll('input[name=answer]');
let last = 0;
let changes = 0;

function header(arrival, name) {
  return arrival.headers.find(one => one.name.toLowerCase() === name)?.value;
}

function eventName(arrival) {
  try {
    return String(JSON.parse(arrival.body).eventName ?? 'no event name');
  } catch {
    return 'no JSON';
  }
}

function mark(element, text, isGood) {
  element.textContent = text;
  element.className = isGood ? 'good' : 'bad';
}

function show(arrival) {
  const item = template.content.cloneNode(true);
  const find = selector => item.querySelector(selector);
  const signature = arrival.signatureProblem;
  find('.name').textContent = eventName(arrival);
  mark(find('.answered'), `answered ${arrival.answered}`, arrival.answered === 200);
  mark(find('.signature'), signature ? 'signature wrong' : 'signature right', !signature);
  find('.times').textContent = arrival.time > 1 ? `time ${arrival.time}` : '';
  find('time').dateTime = arrival.at;
  find('time').textContent = new Date(arrival.at).toLocaleTimeString();
  const problem = find('.problem');
  problem.textContent = [signature, arrival.isTokenRight ? '' : 'The token is not the subscription\u2019s.'].filter(Boolean).join(' ');
  problem.hidden = !problem.textContent;
  for (const { name, value } of arrival.headers) {
    const term = document.createElement('dt');
    const detail = document.createElement('dd');
    term.textContent = name;
    detail.textContent = value;
    find('dl').append(term, detail);
  }
  find('pre').textContent = arrival.body;
  find('pre').setAttribute('aria-label', `Body of ${header(arrival, 'webhook-id') ?? 'the request'}`);
  list.prepend(item);
}

function isPaused() {
  return pause.getAttribute('aria-pressed') === 'true';
}

async function poll() {
  const before = changes;
  try {
    const state = await (await fetch(`/arrivals?since=${last}`)).json();
    if (isPaused()) {
      return;
    }
    for (const arrival of state.arrivals.reverse()) {
      show(arrival);
      last = arrival.number;
    }
    while (list.children.length > capacity) {
      list.lastElementChild.remove();
    }
    // What was read before a choice that was made meanwhile is old.
    if (before === changes) {
      for (const choice of choices) {
        choice.checked = choice.value === state.answer;
      }
    }
    if (state.total > 0) {
      status.textContent = `${state.total} ${state.total === 1 ? 'request' : 'requests'} so far`;
    }
  } catch {
    status.textContent = 'The app does not answer. Is it still running?';
  }
}

async function loop() {
  if (!isPaused()) {
    await poll();
  }
  setTimeout(loop, interval);
}

pause.addEventListener('click', () => {
  const pressed = !isPaused();
  pause.setAttribute('aria-pressed', String(pressed));
  status.textContent = pressed ? 'Paused; events go on arriving.' : '';
});

for (const choice of choices) {
  choice.addEventListener('change', async () => {
    changes++;
    try {
      await fetch('/answer', { method: 'PUT', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ answer: choice.value }) });
    } catch {
      status.textContent = 'The app does not answer. Is it still running?';
    } finally {
      changes++;
    }
  });
}

loop();
