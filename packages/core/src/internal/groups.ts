import * as Chunk from "effect/Chunk";
import * as Stream from "effect/Stream";

/** Lines of a group: one transaction, which keeps other writers waiting for some tens of milliseconds. */
const MAX_LINES = 500;

/** Characters of a group, which are in memory together several times over. One line may be longer. */
const MAX_CHARACTERS = 4 * 1024 * 1024;

/** The lines in groups of limited size, whatever the chunks they come in. */
export const inGroups = <E, R>(lines: Stream.Stream<string, E, R>): Stream.Stream<ReadonlyArray<string>, E, R> =>
  Stream.suspend(() => {
    let group: Array<string> = [];
    let characters = 0;
    const take = (): ReadonlyArray<string> => {
      const taken = group;
      group = [];
      characters = 0;
      return taken;
    };
    const fill = (chunk: Chunk.Chunk<string>): Chunk.Chunk<ReadonlyArray<string>> => {
      const full: Array<ReadonlyArray<string>> = [];
      for (const line of chunk) {
        if (group.length === MAX_LINES || (group.length > 0 && characters + line.length > MAX_CHARACTERS))
          full.push(take());
        group.push(line);
        characters += line.length;
      }
      return Chunk.unsafeFromArray(full);
    };
    const rest = Stream.suspend(() => (group.length === 0 ? Stream.empty : Stream.succeed(take())));
    return Stream.concat(Stream.mapChunks(lines, fill), rest);
  });
