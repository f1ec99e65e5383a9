// Prints what the Bicep files of a folder (the argument) declare and use, as JSON: {"main.bicep":{…},…}.
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Language, Parser } from 'web-tree-sitter';

await Parser.init();
const parser = new Parser();
parser.setLanguage(await Language.load(createRequire(import.meta.url).resolve('tree-sitter-bicep/tree-sitter-bicep.wasm')));

const named = (node, type) => node.namedChildren.filter(child => child.type === type);
const last = node => node.namedChildren[node.namedChildCount - 1];
const text = node => node.type === 'string' ? node.text.slice(1, -1) : node.text;
const nameOf = node => named(node, 'identifier')[0].text;

function* descendants(node) {
  for (const child of node.namedChildren) {
    yield child;
    yield* descendants(child);
  }
}

const object = node => node.type === 'object' ? node : [...descendants(node)].find(one => one.type === 'object');
const properties = node => new Map(named(node, 'object_property')
  .filter(one => one.namedChildren[0].type !== 'resource_declaration')
  .map(one => [text(one.namedChildren[0]), last(one)]));
const keys = node => node ? [...properties(node).keys()] : [];

// Where an identifier stands for something declared elsewhere: not as a name in a declaration, nor as an object's key.
function isReference(node) {
  const parent = node.parent;
  const first = parent.namedChildren[0];
  if (['parameter_declaration', 'variable_declaration', 'output_declaration', 'module_declaration', 'resource_declaration', 'type_declaration'].includes(parent.type)) {
    return first.startIndex !== node.startIndex;
  }
  return parent.type !== 'object_property' || first.startIndex !== node.startIndex;
}

function resources(node, parent) {
  return named(node, 'resource_declaration').concat(parent ? named(node, 'object_property').flatMap(one => named(one, 'resource_declaration')) : []).flatMap(one => {
    const own = text(named(one, 'string')[0]);
    const [parentType, version] = parent?.split('@') ?? [];
    const type = parent ? `${parentType}/${own.includes('@') ? own : `${own}@${version}`}` : own;
    const body = object(last(one));
    const inner = properties(body).get('properties');
    return [
      { name: nameOf(one), type, existing: one.children.some(child => child.type === 'existing'), properties: inner?.type === 'object' ? keys(inner) : [] },
      ...resources(body, type),
    ];
  });
}

function model(source) {
  const root = parser.parse(source).rootNode;
  const all = [...descendants(root)];
  return {
    errors: all.filter(node => node.isError || node.isMissing).map(node => `line ${node.startPosition.row + 1}: ${node.text.slice(0, 60)}`),
    params: named(root, 'parameter_declaration').map(node => ({ name: nameOf(node), required: !node.children.some(child => child.type === '=') })),
    variables: Object.fromEntries(named(root, 'variable_declaration').map(node => {
      const value = last(node);
      return [nameOf(node), value.type === 'array' ? value.namedChildren.filter(one => one.type === 'string').map(text) : keys(object(value))];
    })),
    outputs: named(root, 'output_declaration').map(nameOf),
    modules: named(root, 'module_declaration').map(node => {
      const given = properties(object(last(node))).get('params');
      return { name: nameOf(node), path: text(named(node, 'string')[0]), params: keys(given) };
    }),
    resources: resources(root),
    references: [...new Set(all.filter(node => node.type === 'identifier' && isReference(node)).map(node => node.text))],
    outputReferences: all.filter(node => node.type === 'member_expression')
      .map(node => /^(\w+)\.outputs\.(\w+)$/.exec(node.text)).filter(match => match)
      .map(([, module, output]) => ({ module, output })),
    loaded: all.filter(node => node.type === 'call_expression' && node.text.startsWith('loadJsonContent('))
      .map(node => text([...descendants(node)].find(one => one.type === 'string'))),
  };
}

const folder = process.argv[2];
console.log(JSON.stringify(Object.fromEntries(readdirSync(folder).filter(file => file.endsWith('.bicep'))
  .map(file => [file, model(readFileSync(join(folder, file), 'utf8'))]))));
