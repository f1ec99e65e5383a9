// Requests are untrusted: set them as text, never as markup.
const capacity = 100;
const interval = 1000;
const list = document.getElementById('requests');
const status = document.getElementById('status');
const pause = document.getElementById('pause');
const template = document.getElementById('request');
const choices = document.querySelectorAll('input[name=response]');
let last = 0;
let changes = 0;
let pendingChanges = 0;

function header(request, name) {
  return request.headers.find(header => header.name.toLowerCase() === name)?.value;
}

function eventName(request) {
  try {
    return String(JSON.parse(request.body).eventName ?? 'no event name');
  } catch {
    return 'not JSON';
  }
}

function mark(element, text, isGood) {
  element.textContent = text;
  element.className = isGood ? 'good' : 'bad';
}

function show(request) {
  const item = template.content.cloneNode(true);
  const find = selector => item.querySelector(selector);
  const { signatureError, isTokenValid, status, count, receivedAt } = request;
  find('.name').textContent = eventName(request);
  mark(find('.status'), `returned ${status}`, status === 200);
  mark(find('.signature'), signatureError ? 'invalid signature' : 'valid signature', !signatureError);
  find('.count').textContent = count > 1 ? `attempt ${count}` : '';
  find('time').dateTime = receivedAt;
  find('time').textContent = new Date(receivedAt).toLocaleTimeString();
  const errors = find('.errors');
  errors.textContent = [signatureError, isTokenValid ? '' : 'The token is not that of the subscription.'].filter(Boolean).join(' ');
  errors.hidden = !errors.textContent;
  for (const { name, value } of request.headers) {
    const term = document.createElement('dt');
    const detail = document.createElement('dd');
    term.textContent = name;
    detail.textContent = value;
    find('dl').append(term, detail);
  }
  find('pre').textContent = request.body;
  find('pre').setAttribute('aria-label', `Body of ${header(request, 'webhook-id') ?? 'the request'}`);
  list.prepend(item);
}

function isPaused() {
  return pause.getAttribute('aria-pressed') === 'true';
}

async function poll() {
  const before = changes;
  try {
    const state = await (await fetch(`/requests?since=${last}`)).json();
    if (isPaused()) {
      return;
    }
    for (const request of state.requests.reverse()) {
      show(request);
      last = request.number;
    }
    while (list.children.length > capacity) {
      list.lastElementChild.remove();
    }
    // A state that was read before the server had the latest choice is outdated.
    if (before === changes && pendingChanges === 0) {
      for (const choice of choices) {
        choice.checked = choice.value === state.response;
      }
    }
    if (state.total > 0) {
      status.textContent = `${state.total} ${state.total === 1 ? 'request' : 'requests'} so far`;
    }
  } catch {
    status.textContent = 'The app is not responding. Is it still running?';
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
  status.textContent = pressed ? 'Paused. Requests are still received.' : '';
});

for (const choice of choices) {
  choice.addEventListener('change', async () => {
    pendingChanges++;
    try {
      await fetch('/response', {
        method: 'PUT',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ response: choice.value }),
      });
    } catch {
      status.textContent = 'The app is not responding. Is it still running?';
    } finally {
      pendingChanges--;
      changes++;
    }
  });
}

loop();
