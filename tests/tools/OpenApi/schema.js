// Validates values against a JSON Schema. On standard input a JSON object on each line: {"schema","value"}, where the schema is the path of a file.
// On standard output one line for each: a JSON array of what is wrong, in plain words. It ends when its standard input closes.
const { readFileSync } = require('node:fs');
const { createInterface } = require('node:readline');
const Ajv = require('ajv/dist/2020');
const addFormats = require('ajv-formats');

const ajv = addFormats(new Ajv({ strict: false, allErrors: true }));
const compiled = new Map();

function validatorOf(file) {
  if (!compiled.has(file)) {
    compiled.set(file, ajv.compile(JSON.parse(readFileSync(file, 'utf8'))));
  }

  return compiled.get(file);
}

(async () => {
  for await (const line of createInterface({ input: process.stdin })) {
    const { schema, value } = JSON.parse(line);
    const validate = validatorOf(schema);
    console.log(JSON.stringify(validate(value) ? [] : validate.errors.map(error => `${error.instancePath} ${error.message}`)));
  }
})();
