/**
 * A reporter that writes how many tests passed, failed and were skipped to the file that `TEST_SUMMARY_FILE` names.
 * What kept tests from running (a file that does not load, an error outside any test) counts as a failure.
 */
import { writeFileSync } from "node:fs";

export default class Summary {
  onTestRunEnd(modules, unhandled) {
    const counts = { passed: 0, failed: unhandled.length, skipped: 0 };
    for (const module of modules) {
      counts.failed += module.errors().length;
      for (const suite of module.children.allSuites()) counts.failed += suite.errors().length;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        counts[state === "pending" ? "skipped" : state] += 1;
      }
    }
    writeFileSync(process.env.TEST_SUMMARY_FILE, JSON.stringify(counts));
  }
}
