import { type SequencedEvent, toWire } from "@cadastre/domain/Event";

/** The event as the wire shows it; the stored envelope goes into it as it is. */
export const eventText = (event: SequencedEvent, withEntity: boolean): string => {
  const text = JSON.stringify({ sequence: event.sequence, ...toWire(event) });
  return withEntity ? `${text.slice(0, -1)},"entity":${event.envelope}}` : text;
};
