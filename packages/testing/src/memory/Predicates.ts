/**
 * Predicates tested in memory: the plainest statement of what each means.
 */
import { isObject, type Json, type JsonObject } from "@cadastre/domain/Json";
import type { OrderOperator, Place, Predicate, Scalar, TextTest, ValueType } from "@cadastre/domain/Predicate";

/** An entity as a predicate sees it. */
interface Subject {
  readonly envelope: JsonObject;
  /** The owner's key; "" without one. */
  readonly owner: string;
}

/** `items`: what the enclosing `Some`s are at, outermost first. */
export const holds = (predicate: Predicate, subject: Subject, items: ReadonlyArray<Json> = []): boolean => {
  switch (predicate._tag) {
    case "Always":
      return true;
    case "Never":
      return false;
    case "All":
      return predicate.of.every((part) => holds(part, subject, items));
    case "Any":
      return predicate.of.some((part) => holds(part, subject, items));
    case "Not":
      return !holds(predicate.of, subject, items);
    default: {
      const value = valueAt(predicate.at, subject, items);
      return value !== undefined && meets(predicate, value, subject, items);
    }
  }
};

type Test = Extract<Predicate, { readonly at: Place }>;

const meets = (test: Test, value: Json, subject: Subject, items: ReadonlyArray<Json>): boolean => {
  switch (test._tag) {
    case "Present":
      return true;
    case "Is":
      return typeOf(value) === test.type;
    case "OneOf":
      return test.values.some((wanted: Scalar) => wanted === value);
    case "Order":
      return typeof value === typeof test.value && inOrder(compare(value, test.value), test.op);
    case "Text":
      return typeof value === "string" && TEXTS[test.test](value, test.value);
    case "Some": {
      const each: ReadonlyArray<Json> = isList(value) ? value : isObject(value) ? Object.keys(value) : [];
      return each.some((item) => holds(test.holds, subject, [...items, item]));
    }
  }
};

const valueAt = ({ root, path }: Place, subject: Subject, items: ReadonlyArray<Json>): Json | undefined =>
  path.reduce<Json | undefined>(
    (value, key) => (isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined),
    root === "envelope" ? subject.envelope : root === "owner" ? subject.owner : items[root],
  );

const TEXTS: { readonly [Test in TextTest]: (text: string, part: string) => boolean } = {
  startsWith: (text, part) => text.startsWith(part),
  endsWith: (text, part) => text.endsWith(part),
  contains: (text, part) => text.includes(part),
};

const typeOf = (value: Json): ValueType => {
  if (value === null) return "null";
  if (isList(value)) return "list";
  if (isObject(value)) return "map";
  return typeof value === "string" ? "string" : typeof value === "number" ? "number" : "boolean";
};

const isList = (value: Json): value is ReadonlyArray<Json> => Array.isArray(value);

const compare = (a: Json, b: string | number): number =>
  typeof a === "number" && typeof b === "number"
    ? a - b
    : Buffer.compare(Buffer.from(String(a)), Buffer.from(String(b)));

const inOrder = (difference: number, op: OrderOperator): boolean =>
  op === "<" ? difference < 0 : op === "<=" ? difference <= 0 : op === ">" ? difference > 0 : difference >= 0;
