/**
 * Descriptors for tests.
 */

export const component = (name: string, more: { readonly [field: string]: unknown } = {}) => ({
  apiVersion: "backstage.io/v1alpha1",
  kind: "Component",
  metadata: { name },
  spec: { type: "service", lifecycle: "production", owner: "checkout", ...more },
});

export const group = (name: string) => ({
  apiVersion: "backstage.io/v1alpha1",
  kind: "Group",
  metadata: { name },
  spec: { type: "team", children: [] },
});

/** `count` components whose names begin with `prefix`. */
export const components = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, i) => component(`${prefix}-${i}`, { notes: "x".repeat(200) }));
