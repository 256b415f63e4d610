/**
 * From a path to what is there. Fixed segments win over parameters; every segment counts, a trailing slash too.
 */

interface Node<A> {
  readonly fixed: Map<string, Node<A>>;
  parameter: Node<A> | undefined;
  readonly methods: Map<string, { readonly value: A; readonly names: ReadonlyArray<string> }>;
}

export type Found<A> =
  | { readonly _tag: "Found"; readonly value: A; readonly parameters: { readonly [name: string]: string } }
  | { readonly _tag: "NoMethod"; readonly allowed: ReadonlyArray<string> }
  | { readonly _tag: "NoPath" }
  /** The path is not percent-encoded UTF-8. */
  | { readonly _tag: "Malformed" };

export interface Router<A> {
  /** `HEAD` finds what `GET` does. */
  readonly find: (method: string, path: string) => Found<A>;
}

export const make = <A>(
  routes: Iterable<{ readonly method: string; readonly path: string; readonly value: A }>,
): Router<A> => {
  const root = node<A>();
  for (const { method, path, value } of routes) {
    const names: Array<string> = [];
    let at = root;
    for (const segment of path.slice(1).split("/")) {
      if (segment.startsWith(":")) {
        names.push(segment.slice(1));
        at.parameter ??= node();
        at = at.parameter;
      } else {
        const next = at.fixed.get(segment) ?? node<A>();
        at.fixed.set(segment, next);
        at = next;
      }
    }
    at.methods.set(method, { value, names });
  }
  return { find: (method, path) => find(root, method, path) };
};

const node = <A>(): Node<A> => ({ fixed: new Map(), parameter: undefined, methods: new Map() });

const find = <A>(root: Node<A>, method: string, path: string): Found<A> => {
  const values: Array<string> = [];
  let at = root;
  for (const raw of path.slice(1).split("/")) {
    const segment = decode(raw);
    if (segment === undefined) return { _tag: "Malformed" };
    const fixed = at.fixed.get(segment);
    if (fixed !== undefined) {
      at = fixed;
    } else if (at.parameter !== undefined) {
      values.push(segment);
      at = at.parameter;
    } else {
      return { _tag: "NoPath" };
    }
  }
  if (at.methods.size === 0) return { _tag: "NoPath" };
  const found = at.methods.get(method === "HEAD" ? "GET" : method);
  if (found === undefined) return { _tag: "NoMethod", allowed: allowed(at) };
  return {
    _tag: "Found",
    value: found.value,
    parameters: Object.fromEntries(found.names.map((name, i) => [name, values[i] ?? ""])),
  };
};

const allowed = <A>({ methods }: Node<A>): ReadonlyArray<string> => [
  ...(methods.has("GET") ? ["HEAD"] : []),
  ...methods.keys(),
  "OPTIONS",
];

const decode = (segment: string): string | undefined => {
  if (!segment.includes("%")) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
};
