// The description as it has to be for a test: an object that lists its members has no others. Callers are told to ignore what they don't know,
// but a member that the app returns and the description lacks is an error.

// Where a schema describes a whole value. What stands under allOf, anyOf, oneOf and if describes a part of one.
const VALUES = new Set(['items', 'schema', 'additionalProperties']);

exports.strict = function strict(node, isValue = false, areValues = false) {
  if (Array.isArray(node)) {
    return node.map(item => strict(item));
  }

  if (node === null || typeof node !== 'object') {
    return node;
  }

  const copy = Object.fromEntries(Object.entries(node).map(([name, value]) =>
    !areValues && ['example', 'examples', 'enum', 'const'].includes(name) ? [name, value]
      : [name, strict(value, areValues || VALUES.has(name), name === 'properties' && !areValues)]));
  const listsMembers = copy.$ref || copy.properties || copy.allOf || copy.anyOf || copy.oneOf;
  return isValue && listsMembers && copy.additionalProperties === undefined ? { ...copy, unevaluatedProperties: false } : copy;
};
