import assert from "node:assert/strict";
import { test } from "node:test";
import { secretOf, sessionsOf, tokensOf } from "../../../greenchat/web/core/devices.js";

test("the list of connections marks the present one", () => {
  assert.deepEqual(sessionsOf([]), []);
  const texts = [
    "#3 (this one)  ada!web@192.0.2.1 from 192.0.2.1 over TLS, since today at 12:00 UTC, idle for 3 seconds",
    "#12  (not yet registered) from 192.0.2.2, since today at 12:00 UTC, idle for no time",
    "#14  bob!b@x from 2001:db8::1, since today at 12:00 UTC, idle for no time",
    "Browsers that are signed in, since today: LOGOUT OTHERS signs them out",
  ];
  assert.deepEqual(
    sessionsOf(texts).map(({ number, own }) => [number, own]),
    [
      ["3", true],
      ["12", false],
      ["14", false],
    ],
  );
  assert.equal(
    sessionsOf(texts)[0].words,
    "ada from 192.0.2.1 over TLS, since today at 12:00 UTC, idle for 3 seconds",
  );
});

test("tokens of programs, hooks and browsers", () => {
  assert.deepEqual(tokensOf(["No tokens"]), []);
  const texts = [
    "k7xa  bot, may read and say, since today, until tomorrow: weather",
    "b2cd  hook for #dev, by ada, since today, without an end",
    "q9st  session, since today, until tomorrow",
  ];
  assert.deepEqual(
    tokensOf(texts).map(({ id, kind }) => [id, kind]),
    [
      ["k7xa", "bot"],
      ["b2cd", "hook"],
      ["q9st", "session"],
    ],
  );
  assert.equal(tokensOf(texts)[0].words, "A program, may read and say, since today, until tomorrow: weather");
});

test("the secret of a new token, if there is one", () => {
  assert.equal(secretOf([]), "");
  assert.equal(secretOf(["Your account must be confirmed first"]), "");
  assert.equal(secretOf(["The token (shown only once): gc_x-Y9", "It goes into the field"]), "gc_x-Y9");
});
