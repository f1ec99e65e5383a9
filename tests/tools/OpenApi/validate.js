// Validates the API's description, and what is said over HTTP against it.
//
// On standard input first the description, then one exchange after another, each a JSON object on a line:
//   {"method","path","requestHeaders","requestBody","status","headers","body"}   a request and its answer; the names of headers in lower case
//   {"method","path","requestHeaders","requestBody"}                            a request alone
//   {"webhook","requestHeaders","requestBody"}                                  what a receiver got
// On standard output one line for each: a JSON array of what is wrong, in plain words. It ends when its standard input closes.
const { createInterface } = require('node:readline');
const Ajv = require('ajv/dist/2020');
const addFormats = require('ajv-formats');
const { strict } = require('./strict');

const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'];
const DECLARED_HEADERS = ['etag', 'location', 'retry-after', 'www-authenticate'];
const MAX_ERRORS = 5;

// What the app says must be in the description; what it reads may be more than its tests send.
const ROOT = 'https://api/';
const ANSWERS = 'https://answers/';

class Description {
  constructor(document) {
    this.document = document;
    this.ajv = new Ajv({ strict: false, allErrors: false, validateFormats: true });
    addFormats(this.ajv);
    this.ajv.addSchema({ $id: ROOT, ...document });
    this.ajv.addSchema({ $id: ANSWERS, ...strict(document) });
    this.compiled = new Map();
    this.operations = Object.entries(document.paths).flatMap(([path, item]) => METHODS.filter(method => item[method]).map(method => ({
      method,
      path,
      pointer: ['paths', path, method],
      pattern: new RegExp('^' + path.replace(/[.]/g, '\\.').replace(/\{([^}]+)\}/g, '(?<$1>[^/]+)') + '$'),
      definition: item[method],
    })));
  }

  // A value and its place in the document, through references.
  resolve(pointer) {
    const value = pointer.reduce((node, name) => node?.[name], this.document);
    return value?.$ref && !value.type ? this.resolve(value.$ref.slice(2).split('/').map(unescape)) : { value, pointer };
  }

  errors(root, pointer, data, where) {
    const id = root + '#/' + pointer.map(escape).join('/');
    let validate = this.compiled.get(id);
    if (!validate) {
      validate = this.ajv.compile({ $ref: id });
      this.compiled.set(id, validate);
    }

    return validate(data) ? [] : describe(validate.errors, where);
  }

  find(method, path) {
    const matches = this.operations.filter(operation => operation.method === method && operation.pattern.test(path));
    // A path without variables wins over one with them.
    return matches.sort((a, b) => a.path.split('{').length - b.path.split('{').length)[0];
  }

  // The examples of a media type, a parameter or a header.
  *examples(value) {
    if (value.example !== undefined) {
      yield ['example', value.example];
    }

    for (const [name, example] of Object.entries(value.examples ?? {})) {
      yield [`examples/${name}`, example.value];
    }
  }

  // Every example against its schema, wherever it stands.
  *walk(node, pointer, inSchema) {
    if (node === null || typeof node !== 'object') {
      return;
    }

    const place = pointer.join('/');
    if (inSchema && Array.isArray(node.examples)) {
      for (const example of node.examples) {
        yield* this.errors(ROOT, pointer, example, `${place}: the example ${JSON.stringify(example)}`);
      }
    } else if (!inSchema && node.schema && typeof node.schema === 'object') {
      const examples = [...this.examples(node)];
      if (examples.length === 0) {
        yield `${place} has no example`;
      }

      // What the app answers is complete in its examples; what it is asked may leave out what is optional.
      const root = pointer.includes('responses') ? ANSWERS : ROOT;
      for (const [name, value] of examples) {
        yield* this.errors(root, [...pointer, 'schema'], value, `${place}/${name}`);
      }
    }

    for (const [name, value] of Object.entries(node)) {
      if (name !== 'example' && name !== 'examples') {
        yield* this.walk(value, [...pointer, name], inSchema || name === 'schema' || (name === 'schemas' && pointer.length === 1));
      }
    }
  }

  async problems() {
    const { Validator } = await import('@seriousme/openapi-schema-validator');
    const result = await new Validator().validate(structuredClone(this.document));
    return [...(result.valid ? [] : [result.errors].flat().map(error => typeof error === 'string' ? error : `${error.instancePath} ${error.message}`)), ...this.walk(this.document, [], false)];
  }
}

class Exchange {
  constructor(description, exchange) {
    Object.assign(this, exchange);
    this.description = description;
    this.url = new URL(this.path, 'http://localhost');
  }

  problems() {
    // HEAD is answered as GET, without the body.
    this.operation = this.description.find(this.method === 'HEAD' ? 'get' : this.method.toLowerCase(), this.url.pathname);
    if (!this.operation && METHODS.some(method => this.description.find(method, this.url.pathname))) {
      return this.status === 405 && this.headers.allow && this.headers['content-type'] === 'application/problem+json'
        ? []
        : [`${this.method} ${this.url.pathname} is not an operation of the description, and is not a 405 with Allow`];
    }

    if (!this.operation) {
      return this.status === 404 && this.body === ''
        ? []
        : [`${this.method} ${this.url.pathname} is in no path of the description, and is not an empty 404`];
    }

    const { definition, pointer } = this.operation;
    if (this.status === undefined) {
      return this.requestProblems(pointer);
    }

    const status = definition.responses[this.status] ? this.status : this.status >= 500 ? 'default' : undefined;
    const name = `${definition.operationId} ${this.status}`;
    if (!status) {
      return [`${name}: the operation doesn't list this status`];
    }

    const problems = this.answerProblems([...pointer, 'responses', String(status)]);
    if (this.status < 400) {
      problems.push(...this.requestProblems(pointer));
    }

    return problems.map(problem => `${name}: ${problem}`);
  }

  answerProblems(pointer) {
    const { value: response, pointer: place } = this.description.resolve(pointer);
    const declared = Object.fromEntries(Object.keys(response.headers ?? {}).map(name => [name.toLowerCase(), name]));
    const problems = DECLARED_HEADERS.filter(name => this.headers[name] !== undefined && !declared[name]).map(name => `the header ${name} is not listed`);
    for (const [name, original] of Object.entries(declared)) {
      const { value, pointer: header } = this.description.resolve([...place, 'headers', original]);
      problems.push(...this.valueProblems(value, [...header, 'schema'], this.headers[name], `the header ${original}`));
    }

    if (this.method === 'HEAD') {
      return this.body === '' ? problems : [...problems, 'the answer has a body'];
    }

    problems.push(...this.bodyProblems(response.content, [...place, 'content'], this.headers['content-type'], this.body, ANSWERS, 'the answer'));
    return problems;
  }

  requestProblems(pointer) {
    const { definition } = this.operation;
    const problems = [];
    const inPath = this.url.pathname.match(this.operation.pattern).groups ?? {};
    const known = new Set();
    (definition.parameters ?? []).forEach((_, index) => {
      const { value, pointer: place } = this.description.resolve([...pointer, 'parameters', String(index)]);
      const given = value.in === 'path' ? decodeURIComponent(inPath[value.name])
        : value.in === 'query' ? this.url.searchParams.get(value.name) ?? undefined
        : this.requestHeaders[value.name.toLowerCase()];
      known.add(`${value.in}/${value.name}`);
      problems.push(...this.valueProblems(value, [...place, 'schema'], given, `the parameter ${value.name}`));
    });
    // What reports no errors accepts any query.
    const names = definition.responses['400'] ? [...this.url.searchParams.keys()] : [];
    problems.push(...names.filter(name => !known.has(`query/${name}`)).map(name => `the parameter ${name} is not listed`));
    if (this.requestHeaders['if-match'] && !known.has('header/If-Match')) {
      problems.push('the parameter If-Match is not listed');
    }

    if (definition.requestBody) {
      if (this.requestBody || definition.requestBody.required) {
        problems.push(...this.bodyProblems(
          definition.requestBody.content, [...pointer, 'requestBody', 'content'], this.requestHeaders['content-type'], this.requestBody, ROOT, 'the request'));
      }
    } else if (this.requestBody) {
      problems.push('the request has a body, and none is listed');
    }

    return problems;
  }

  valueProblems(definition, pointer, given, where) {
    if (given === undefined) {
      return definition.required ? [`${where} is missing`] : [];
    }

    // What is a number or a boolean by its schema is one once it is read.
    const asIs = this.description.errors(ROOT, pointer, given, where);
    return asIs.length > 0 && /^(-?(0|[1-9]\d*)|true|false)$/.test(given) ? this.description.errors(ROOT, pointer, JSON.parse(given), where) : asIs;
  }

  bodyProblems(content, pointer, contentType, body, root, where) {
    if (!content) {
      return body === '' ? [] : [`${where} has a body, and none is listed`];
    }

    const type = (contentType ?? '').split(';')[0].trim().toLowerCase();
    if (!content[type]) {
      return [`${where} is ${type || 'of no type'}, which is not listed`];
    }

    let value;
    try {
      value = JSON.parse(body);
    } catch (error) {
      return [`${where} is not JSON: ${error.message}`];
    }

    return this.description.errors(root, [...pointer, type, 'schema'], value, where);
  }
}

class Webhook extends Exchange {
  problems() {
    const definition = this.description.document.webhooks[this.webhook].post;
    this.operation = { definition, pattern: /.*/ };
    return this.requestProblems(['webhooks', this.webhook, 'post']).map(problem => `the webhook ${this.webhook}: ${problem}`);
  }
}

// What fails deepest in the value says most; of alternatives that are told apart by a constant, the others are no news.
function describe(errors, where) {
  const telling = errors.filter(error => error.keyword !== 'const');
  const sorted = (telling.length > 0 ? telling : errors).sort((a, b) => b.instancePath.length - a.instancePath.length);
  return sorted.slice(0, MAX_ERRORS).map(error => {
    const names = [error.params.additionalProperty, error.params.unevaluatedProperty, error.params.allowedValues?.join(', ')].filter(Boolean);
    return `${where}${error.instancePath} ${error.message}${names.length > 0 ? ` (${names.join(', ')})` : ''}`;
  });
}

function escape(name) {
  return encodeURIComponent(name.replace(/~/g, '~0').replace(/\//g, '~1'));
}

function unescape(name) {
  return decodeURIComponent(name).replace(/~1/g, '/').replace(/~0/g, '~');
}

async function answer(description, line) {
  const message = JSON.parse(line);
  if (!description) {
    const made = new Description(message);
    return { made, problems: await made.problems() };
  }

  return { problems: new (message.webhook ? Webhook : Exchange)(description, message).problems() };
}

(async () => {
  let description;
  for await (const line of createInterface({ input: process.stdin })) {
    const { made, problems } = await answer(description, line);
    description ??= made;
    console.log(JSON.stringify(problems));
  }
})();
