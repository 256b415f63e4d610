import * as Validation from "@cadastre/domain/Validation";
import * as Either from "effect/Either";
import { expect, it } from "vitest";
import { type PlacedFault, type Positioned, print, readText } from "../src/Documents.ts";
import { TRAPS } from "./traps.ts";

const report = (document: Positioned): ReadonlyArray<string> => {
  const lines = (what: string, faults: ReadonlyArray<PlacedFault>) =>
    faults.map((fault) => `${what} ${print("file", fault)}`);
  if (Either.isLeft(document.content)) return lines("refused", document.content.left);
  return Either.match(Validation.validate(document.content.right), {
    onLeft: (faults) => lines("refused", document.place(faults)),
    onRight: ({ document: { metadata }, warnings }) => [
      `accepted ${metadata.namespace}/${metadata.name}`,
      ...lines("doubted", document.place(warnings)),
    ],
  });
};

it("says of every trap what is wrong, where, what is allowed and how to mend it", async () => {
  const text = TRAPS.map(({ name, text, file = "catalog-info.yaml" }) => {
    const lines = readText(text, { file }).flatMap(report);
    return [`# ${name}`, ...(lines.length === 0 ? ["no document"] : lines), ""].join("\n");
  }).join("\n");
  await expect(text).toMatchFileSnapshot("./traps.txt");
});
