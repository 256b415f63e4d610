/** Groups of tools that an operator or a client may leave out. */
export const TOOLSETS = ["search", "graph", "history", "write"] as const;

export type Toolset = (typeof TOOLSETS)[number];
