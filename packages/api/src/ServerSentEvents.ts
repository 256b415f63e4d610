/**
 * Server-sent events, read line by line (WHATWG HTML §9.2.6).
 */
import * as Option from "effect/Option";
import * as Stream from "effect/Stream";

export interface Message {
  /** The last `id` that was sent, with this message or before. */
  readonly id: string | undefined;
  /** The last `retry`: milliseconds to wait before coming back. */
  readonly retry: number | undefined;
  /** Empty where the message only moves `id`: the parser of `@effect/experimental` passes over such, and a client that lost them could not resume. */
  readonly data: string;
}

/** The messages of the lines; one that was not finished is dropped, as the standard says. */
export const parse = <E, R>(lines: Stream.Stream<string, E, R>): Stream.Stream<Message, E, R> =>
  Stream.suspend(() => {
    let id: string | undefined;
    let retry: number | undefined;
    let data: Array<string> = [];
    return Stream.filterMap(lines, (line) => {
      if (line === "") {
        const message = { id, retry, data: data.join("\n") };
        data = [];
        return Option.some(message);
      }
      const [, field, value = ""] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
      if (field === "id") id = value;
      else if (field === "data") data.push(value);
      else if (field === "retry" && /^\d{1,9}$/.test(value)) retry = Number(value);
      return Option.none();
    });
  });
