/**
 * What most programs need, under one name. Each module can be imported by itself (`@cadastre/sdk/Callbacks`), which starts faster.
 */
export * as Errors from "@cadastre/domain/Errors";
export * as CadastreClient from "./CadastreClient.ts";
export * as Callbacks from "./Callbacks.ts";
export { UnexpectedAnswer, Unreachable } from "./Failures.ts";
export { connect, verifier } from "./Promises.ts";
