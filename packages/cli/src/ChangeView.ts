/**
 * Changes for people: of one entity with what stood there before, of many a line each.
 */
import type { ChangeEvent } from "@cadastre/api/Events";
import type { Json } from "@cadastre/domain/Json";
import { applyPatch, Pointer } from "rfc6902";
import { short } from "./EntityView.ts";
import { cut, pad, printable } from "./internal/text.ts";
import type { Style } from "./Output.ts";
import type { Change } from "./Questions.ts";

type Event = typeof ChangeEvent.Type;

/** Columns of one value where the terminal's width is not known. */
const WIDTH = 100;

/** A revision: who, when, through what, and each place that changed. `before` is the document that it changed, if it is known. */
export const revision = (change: Change, before: object | undefined, style: Style, width = WIDTH): string => {
  const { revision, actor, via, patch } = change;
  const head = `${style.bold(`revision ${revision}`)}  ${verbOf(change)}  ${timeOf(change)}  ${printable(actor)} ${style.dim(`via ${via}`)}`;
  // Each operation stands on the ones before it: the places in a list move.
  const document = structuredClone(before);
  const lines = patch.map((operation) => {
    const { op, path, value } = operation;
    const old = document === undefined ? undefined : Pointer.fromJSON(path).get(document);
    // Read from a history that the daemon wrote itself: it makes these three operations.
    if (document !== undefined) applyPatch(document, [operation as { op: "add"; path: string; value: unknown }]);
    const place = `  ${printable(path)}: `;
    const room = Math.max(20, width - place.length);
    if (op === "remove") return `${place}${style.red(old === undefined ? "removed" : `- ${shown(old, room - 2)}`)}`;
    if (op === "add") return `${place}${style.green(`+ ${shown(value, room - 2)}`)}`;
    if (old === undefined) return `${place}→ ${style.green(shown(value, room - 2))}`;
    const half = Math.floor((room - 3) / 2);
    return `${place}${style.red(shown(old, half))} → ${style.green(shown(value, half))}`;
  });
  return [head, ...lines].join("\n");
};

/** True if the revision before has to be read to tell what stood there. */
export const needsBefore = ({ patch }: Change): boolean => patch.some(({ op }) => op !== "add");

export const HEAD = ["#", "TIME", "CHANGE", "ENTITY", "BY"];

export const row = (event: Event): ReadonlyArray<string> => [
  String(event.sequence),
  timeOf(event),
  verbOf(event),
  short(event.reference),
  event.actor,
];

/** An event as one line, at most `width` columns wide. */
export const line = (event: Event, style: Style, width: number | undefined): string => {
  const start = `${timeOf(event)}  ${pad(verbOf(event), LONGEST)}  `;
  const rest = printable([short(event.reference), event.actor, places(event)].filter((part) => part !== "").join("  "));
  return `${style.dim(start)}${width === undefined ? rest : cut(rest, Math.max(20, width - start.length))}`;
};

const LONGEST = "deactivated".length;

const verbOf = ({ type }: Change): string => type.replace("entity.", "");

/** To the second. */
const timeOf = ({ at }: Change): string => at.replace(/\.\d+Z$/, "Z");

const places = ({ patch }: Change): string => [...new Set(patch.map(({ path }) => path))].join(", ");

const shown = (value: unknown, width: number): string => cut(printable(JSON.stringify(value as Json)), width);
