/**
 * Predicates as SQL conditions that are never NULL, so that NOT means what it says.
 */
import type { OrderOperator, Place, Predicate, Scalar, TextTest, ValueType } from "@cadastre/domain/Predicate";
import type { Constructor, Fragment } from "@effect/sql/Statement";

/** What a dialect can ask of a JSON value at a place; each answer is true or false, also where there is no value. */
export interface JsonDialect {
  readonly present: (at: JsonPlace) => Fragment;
  readonly is: (at: JsonPlace, type: ValueType) => Fragment;
  readonly oneOf: (at: JsonPlace, values: ReadonlyArray<Scalar>) => Fragment;
  readonly order: (at: JsonPlace, op: OrderOperator, value: string | number) => Fragment;
  readonly text: (at: JsonPlace, test: TextTest, value: string) => Fragment;
  /** `holds` is a condition on the relation `item_<depth>`, of an item of the list or a key of the map at the place. */
  readonly some: (at: JsonPlace, depth: number, holds: Fragment) => Fragment;
  readonly textColumn: TextColumn;
}

/** The same of a column of text without NULL. */
export interface TextColumn {
  readonly order: (column: Fragment, op: OrderOperator, value: string) => Fragment;
  readonly text: (column: Fragment, test: TextTest, value: string) => Fragment;
}

export interface JsonPlace extends Place {
  readonly root: "envelope" | number;
}

/** `owner`: the column of the owner's key, NULL where there is none. */
export const render = (sql: Constructor, dialect: JsonDialect, owner: Fragment, predicate: Predicate): Fragment => {
  const ownerText = sql`coalesce(${owner}, '')`;

  const condition = (part: Predicate, depth: number): Fragment => {
    switch (part._tag) {
      case "Always":
        return sql`1 = 1`;
      case "Never":
        return sql`1 = 0`;
      case "All":
        return sql.and(part.of.map((of) => condition(of, depth)));
      case "Any":
        return sql.or(part.of.map((of) => condition(of, depth)));
      case "Not":
        return sql`NOT (${condition(part.of, depth)})`;
      default:
        return isJsonPlace(part.at) ? onJson(part, part.at, depth) : onOwner(part);
    }
  };

  const onJson = (test: Test, at: JsonPlace, depth: number): Fragment => {
    switch (test._tag) {
      case "Present":
        return dialect.present(at);
      case "Is":
        return dialect.is(at, test.type);
      case "OneOf":
        return dialect.oneOf(at, test.values);
      case "Order":
        return dialect.order(at, test.op, test.value);
      case "Text":
        return dialect.text(at, test.test, test.value);
      case "Some":
        return dialect.some(at, depth, condition(test.holds, depth + 1));
    }
  };

  /** The owner is always there, and a text. */
  const onOwner = (test: Test): Fragment => {
    const whether = (holds: boolean): Fragment => (holds ? sql`1 = 1` : sql`1 = 0`);
    switch (test._tag) {
      case "Present":
        return whether(true);
      case "Is":
        return whether(test.type === "string");
      case "OneOf": {
        const texts = test.values.filter((value) => typeof value === "string");
        return texts.length === 0 ? whether(false) : sql`${ownerText} IN ${sql.in(texts)}`;
      }
      case "Order":
        return typeof test.value === "string"
          ? dialect.textColumn.order(ownerText, test.op, test.value)
          : whether(false);
      case "Text":
        return dialect.textColumn.text(ownerText, test.test, test.value);
      case "Some":
        return whether(false);
    }
  };

  return condition(predicate, 0);
};

type Test = Extract<Predicate, { readonly at: Place }>;

const isJsonPlace = (place: Place): place is JsonPlace => place.root !== "owner";
