/**
 * What answers agents: with the SDK of their protocol, so it is loaded when the first of them calls.
 */
export * as Endpoint from "@cadastre/mcp/Endpoint";
export * as Surface from "@cadastre/mcp/Surface";
