import assert from "node:assert/strict";
import { createHash, createHmac, pbkdf2Sync } from "node:crypto";
import { test } from "node:test";
import { Surroundings } from "./world.mjs";
import { Login, isPrivate } from "../../../greenchat/web/core/login.js";
import { Scram, chunks, toBase64 } from "../../../greenchat/web/core/scram.js";

// the example of RFC 7677, section 3
const NONCE = "rOprNGfwEbeRWgbNEkqO";
const CHALLENGE = `r=${NONCE}%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`;

test("the example of RFC 7677", async () => {
  const exchange = new Scram("user", "pencil", NONCE);
  assert.equal(exchange.first(), `n,,n=user,r=${NONCE}`);
  assert.equal(
    await exchange.final(CHALLENGE),
    `c=biws,r=${NONCE}%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=`,
  );
  exchange.check("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
  assert.throws(() => exchange.check("v=AAAA"), /does not know/);
  assert.throws(() => exchange.check("e=invalid-proof"), /refused/);
});

test("a server without proof of the password is refused", async () => {
  for (const challenge of [
    "",
    "r=other,s=AAAA,i=4096",
    `r=${NONCE},s=AAAA,i=4096`,
    `r=${NONCE}x,s=AAAA,i=1`,
    `r=${NONCE}x,s=AAAA,i=99999999`,
    `m=x,r=${NONCE}x,s=AAAA,i=4096`,
    `r=${NONCE}x,i=4096`,
  ]) {
    await assert.rejects(new Scram("user", "pencil", NONCE).final(challenge), Error, challenge);
  }
  assert.throws(() => new Scram("user", "pencil", NONCE).check("v="));
});

test("names with special characters of the exchange", () => {
  assert.equal(new Scram("a=b,c", "x", "n").first(), "n,,n=a=3Db=2Cc,r=n");
});

test("chunks of 400, and a plus if the last is full", () => {
  assert.deepEqual(chunks(""), ["+"]);
  assert.deepEqual(chunks("a"), ["YQ=="]);
  assert.deepEqual(
    chunks("x".repeat(300)).map((each) => each.length),
    [400, 1],
  );
  assert.deepEqual(
    chunks("x".repeat(301)).map((each) => each.length),
    [400, 4],
  );
});

test("the code of a second factor follows the password, as PLAIN over secure connections only", async () => {
  const credentials = { account: "ada", password: "pencil", code: "123456" };
  const login = new Login(credentials, "SCRAM-SHA-256,PLAIN", { protocol: "https:", hostname: "chat.example" });
  assert.equal(login.start(), "PLAIN");
  assert.equal(atob((await login.feed("+"))[0]), "\0ada\0pencil 123456");
  const unsafe = new Login(credentials, "SCRAM-SHA-256,PLAIN", { protocol: "http:", hostname: "chat.example" });
  assert.throws(() => unsafe.start(), /https/);
});

test("PLAIN is used over secure connections only", () => {
  const table = [
    ["https:", "chat.example", true],
    ["http:", "localhost", true],
    ["http:", "127.0.0.1", true],
    ["http:", "[::1]", true],
    ["http:", "chat.example", false],
    ["http:", "192.168.1.5", false],
    ["http:", "localhost.evil.example", false],
  ];
  for (const [protocol, hostname, wanted] of table) assert.equal(isPrivate({ protocol, hostname }), wanted, hostname);
  const login = (protocol, hostname, offered) =>
    new Login({ account: "a", password: "b" }, offered, { protocol, hostname }).mechanism;
  assert.equal(login("https:", "x", "PLAIN,SCRAM-SHA-256"), "SCRAM-SHA-256");
  assert.equal(login("https:", "x", "PLAIN"), "PLAIN");
  assert.equal(login("http:", "x", "PLAIN"), "");
  assert.throws(
    () => new Login({ account: "a", password: "b" }, "PLAIN", { protocol: "http:", hostname: "x" }).start(),
    /https/,
  );
});

/** Play the server's side of a login, over the page's lines. */
async function serve(web, password) {
  const next = async () => {
    for (let turn = 0; turn < 2000; turn += 1) {
      const line = web.lines().find((each) => each.startsWith("AUTHENTICATE"));
      if (line) return line.slice(13);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    return "";
  };
  const text = (coded) => Buffer.from(coded, "base64").toString();
  const say = (words) => web.hear(`AUTHENTICATE ${Buffer.from(words).toString("base64")}`);
  assert.equal(await next(), "SCRAM-SHA-256");
  web.hear("AUTHENTICATE +");
  const bare = text(await next()).slice(3);
  const salt = Buffer.from("salt");
  const challenge = `${/r=.*/.exec(bare)[0]}server,s=${salt.toString("base64")},i=4096`;
  say(challenge);
  const final = text(await next());
  const hmac = (key, data) => createHmac("sha256", key).update(data).digest();
  const salted = pbkdf2Sync(password, salt, 4096, 32, "sha256");
  const whole = `${bare},${challenge},${final.replace(/,p=.*/, "")}`;
  const proof = Buffer.from(/p=(.*)/.exec(final)[1], "base64");
  const signature = hmac(createHash("sha256").update(hmac(salted, "Client Key")).digest(), whole);
  const key = proof.map((byte, at) => byte ^ signature[at]);
  if (Buffer.compare(key, hmac(salted, "Client Key"))) return web.hear(":s 904 ada :SASL authentication failed");
  say(`v=${toBase64(hmac(hmac(salted, "Server Key"), whole))}`);
  assert.equal(await next(), "+");
  web.hear(":s 900 ada ada!a@h ada :You are now logged in as ada", ":s 903 ada :SASL authentication successful");
}

test("logging in during registration, by SCRAM", async () => {
  const web = new Surroundings();
  web.chat.join("ada", "pencil");
  web.open();
  web.hear(":s CAP * LS :sasl=SCRAM-SHA-256,PLAIN", ":s CAP ada ACK :sasl");
  await serve(web, "pencil");
  assert.deepEqual(web.lines(), ["CAP END"]);
  assert.equal(web.model.account, "ada");
  assert.equal(JSON.stringify(web.kept).includes("pencil"), false);
});

test("a wrong password is asked for again", async () => {
  const web = new Surroundings();
  web.chat.join("ada", "wrong");
  web.open();
  web.hear(":s CAP * LS :sasl=SCRAM-SHA-256", ":s CAP ada ACK :sasl");
  await serve(web, "pencil");
  assert.deepEqual(
    web.events.map(({ kind, why }) => [kind, why]),
    [["refused", "password"]],
  );
  assert.equal(web.model.credentials, null);
});

test("logging in while connected takes the nick", async () => {
  const web = new Surroundings();
  web.enter("ada_");
  web.model.wanted = "ada";
  const told = web.chat.logIn("ada", "pencil");
  await serve(web, "pencil");
  assert.equal(await told, "");
  assert.ok(web.lines().includes("NICK ada"));
});

test("a signed-in browser logs in by its cookie", async () => {
  const web = new Surroundings();
  web.chat.join("ada", "", true);
  web.open();
  web.hear(":s CAP * LS :sasl=EXTERNAL,SCRAM-SHA-256", ":s CAP ada ACK :sasl");
  assert.equal(web.lines().at(-1), "AUTHENTICATE EXTERNAL");
  web.hear("AUTHENTICATE +");
  await new Promise((resolve) => setTimeout(resolve, 5));
  assert.deepEqual(web.lines(), ["AUTHENTICATE +"]);
  web.hear(":s 900 ada ada!a@h ada :You are now logged in as ada", ":s 903 ada :SASL authentication successful");
  assert.deepEqual(web.lines(), ["CAP END"]);
});

test("a browser that was signed out is asked for the password", () => {
  const web = new Surroundings();
  web.chat.join("ada", "", true);
  web.open();
  web.hear(":s CAP * LS :sasl=SCRAM-SHA-256,PLAIN", ":s CAP ada ACK :sasl");
  assert.deepEqual(
    web.events.map(({ why }) => why),
    ["signed out"],
  );
});
