// Verifies requests with the published library. One JSON object a line on standard input: {"secret","headers","body"}, the body in base64.
// One line on standard output for each: "valid", or what the library says is wrong. It ends when its standard input closes.
const { createInterface } = require('node:readline');
const { Webhook } = require('standardwebhooks');

createInterface({ input: process.stdin }).on('line', line => {
  const { secret, headers, body } = JSON.parse(line);
  try {
    new Webhook(secret).verify(Buffer.from(body, 'base64'), headers);
    console.log('valid');
  } catch (error) {
    console.log(error.message);
  }
});
