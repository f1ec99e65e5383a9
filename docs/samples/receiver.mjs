// A receiver of events for Node 20 or newer, without packages. It accepts POSTs on any path:
//   SIGNING_SECRET=whsec_… TOKEN=… PORT=9000 node receiver.mjs
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';

const { SIGNING_SECRET = '', TOKEN = '', PORT = '9000' } = process.env;
if (!SIGNING_SECRET.startsWith('whsec_') || !TOKEN) {
  throw new Error('SIGNING_SECRET and TOKEN must be set.');
}

const MAX_BODY = 192 * 1024; // bytes
const TOLERANCE = 5 * 60; // seconds

function isSigned(headers, body) {
  const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures } = headers;
  if (!id || !signatures || !/^\d+$/.test(timestamp ?? '') || Math.abs(Date.now() / 1000 - Number(timestamp)) > TOLERANCE) {
    return false;
  }

  const key = Buffer.from(SIGNING_SECRET.slice('whsec_'.length), 'base64');
  const expected = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest();
  return signatures.split(' ').some(signature => {
    const [version, text = ''] = signature.split(',');
    const given = Buffer.from(text, 'base64');
    return version === 'v1' && given.length === expected.length && timingSafeEqual(given, expected);
  });
}

// Hashes have equal lengths, so that the time of the comparison reveals nothing.
const hash = text => createHash('sha256').update(text).digest();
const isAuthorized = headers => timingSafeEqual(hash(headers.authorization ?? ''), hash(`Bearer ${TOKEN}`));

// Store ids persistently, best in the transaction that stores the event, with a unique key.
const seen = new Set();

function store(id, event) {
  if (seen.has(id)) {
    console.log(`repeated ${id}`);
    return;
  }

  seen.add(id);
  console.log(`accepted ${id} ${event.eventName}`);
}

async function read(request) {
  const chunks = [];
  let length = 0;
  for await (const chunk of request) {
    length += chunk.length;
    if (length > MAX_BODY) {
      return null;
    }

    chunks.push(chunk);
  }

  return Buffer.concat(chunks);
}

async function receive(request) {
  if (request.method !== 'POST') {
    return 405;
  }

  if (!isAuthorized(request.headers)) {
    return 401;
  }

  const body = await read(request);
  if (body === null) {
    return 413;
  }

  if (!isSigned(request.headers, body)) {
    return 401;
  }

  store(request.headers['webhook-id'], JSON.parse(body.toString('utf8')));
  return 204; // Respond now, and process the event afterwards.
}

const server = createServer(async (request, response) => {
  try {
    response.statusCode = await receive(request);
  } catch (error) {
    console.error(error);
    response.statusCode = 500;
  }

  response.end();
});
server.listen(Number(PORT), '127.0.0.1', () => console.log(`listening on ${server.address().port}`));
