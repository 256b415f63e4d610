/**
 * Style and script of the docs page. The script only searches and fills in the address: without it the page reads as well.
 */

export const style = `
:root { color-scheme: light dark; --ink: #1c2430; --soft: #5b6675; --line: #d9dee5; --paper: #fff; --tint: #f4f6f9; --link: #0b5cad;
  --get: #0b6e4f; --post: #0b5cad; --put: #8a5a00; --patch: #6b3fa0; --delete: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e8ee; --soft: #9aa5b4; --line: #333c48; --paper: #12161c; --tint: #1b212a; --link: #6fb1f5;
  --get: #4cc38a; --post: #6fb1f5; --put: #e2b04a; --patch: #b794f4; --delete: #f2857d; } }
* { box-sizing: border-box; }
body { margin: 0; font: 16px/1.55 system-ui, sans-serif; color: var(--ink); background: var(--paper); }
a { color: var(--link); }
code, pre { font-family: ui-monospace, monospace; font-size: .875em; }
pre { background: var(--tint); border: 1px solid var(--line); border-radius: 6px; padding: .75rem 1rem; overflow-x: auto; }
nav { position: fixed; inset: 0 auto 0 0; width: 19rem; overflow-y: auto; padding: 1.25rem; border-right: 1px solid var(--line); background: var(--tint); }
nav h2 { font-size: .75rem; text-transform: uppercase; letter-spacing: .06em; color: var(--soft); margin: 1.25rem 0 .25rem; }
nav ul { list-style: none; margin: 0; padding: 0; }
nav a { display: block; padding: .15rem 0; text-decoration: none; color: inherit; }
nav input { width: 100%; padding: .5rem .6rem; font: inherit; color: inherit; background: var(--paper); border: 1px solid var(--line); border-radius: 6px; }
main { margin-left: 19rem; padding: 2rem 2.5rem 6rem; max-width: 62rem; }
section { border-top: 1px solid var(--line); margin-top: 2rem; padding-top: 1rem; scroll-margin-top: 1rem; }
h3 { display: flex; gap: .75rem; align-items: baseline; flex-wrap: wrap; margin-bottom: .25rem; }
.method { font: 700 .75rem/1.4 ui-monospace, monospace; }
.get { color: var(--get); } .post { color: var(--post); } .put { color: var(--put); } .patch { color: var(--patch); } .delete { color: var(--delete); }
.soft { color: var(--soft); }
table { border-collapse: collapse; width: 100%; margin: .5rem 0 1rem; }
th, td { text-align: left; vertical-align: top; padding: .4rem .75rem .4rem 0; border-bottom: 1px solid var(--line); }
th { font-size: .8rem; color: var(--soft); font-weight: 600; }
@media (max-width: 56rem) { nav { position: static; width: auto; border-right: 0; } main { margin: 0; padding: 1rem; } }
`;

export const script = `
for (const place of document.querySelectorAll(".origin")) place.textContent = location.origin;
const search = document.querySelector("input");
const entries = [...document.querySelectorAll("nav li")].map((item) => {
  const section = document.getElementById(item.firstElementChild.hash.slice(1));
  return { item, section, text: section.textContent.toLowerCase() };
});
search.addEventListener("input", () => {
  const words = search.value.toLowerCase().split(/\\s+/).filter(Boolean);
  for (const { item, section, text } of entries) item.hidden = section.hidden = !words.every((word) => text.includes(word));
});
document.addEventListener("keydown", (event) => {
  if (event.key === "/" && document.activeElement !== search) { event.preventDefault(); search.focus(); }
});
`;
