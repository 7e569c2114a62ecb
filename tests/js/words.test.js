import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

const ROOT = new URL("../../static/js/", import.meta.url);
const SOURCES = ["widget", "shared"].flatMap((folder) =>
  readdirSync(new URL(`${folder}/`, ROOT)).map((name) => readFileSync(new URL(`${folder}/${name}`, ROOT), "utf8")));
const LOCALES = readdirSync(new URL("locales/", ROOT));
const CALL = /\bt\("([^"]+)"/g;
const TABLE = /^const (?:WORDS|ENDINGS) = \{\n([^}]+)\};/gm;
const VALUE = /: "([^"]+)",$/gm;

const said = new Set(SOURCES.flatMap((source) => [
  ...[...source.matchAll(CALL)].map(([, text]) => text),
  ...[...source.matchAll(TABLE)].flatMap(([, table]) => [...table.matchAll(VALUE)].map(([, text]) => text)),
]));

test("there is something to say", () => {
  assert.ok(said.size > 50, `${said.size} texts`);
  assert.deepEqual(LOCALES, ["ar.json", "de.json", "es.json", "fr.json", "pt-BR.json"]);
});

for (const name of LOCALES) {
  const words = JSON.parse(readFileSync(new URL(`locales/${name}`, ROOT), "utf8"));

  test(`${name} says all that the widget says, and nothing else`, () => {
    assert.deepEqual(Object.keys(words).sort(), [...said].sort());
  });

  test(`${name} has a place for each value, once`, () => {
    for (const [english, text] of Object.entries(words)) {
      assert.equal(text.split("%").length, english.split("%").length, english);
      assert.equal(text, text.trim());
      assert.ok(text);
    }
  });
}
