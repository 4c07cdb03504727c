PRAGMA application_id = 1735549800;
PRAGMA user_version = 2;
BEGIN TRANSACTION;
CREATE TABLE conversation (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, name TEXT) STRICT;
INSERT INTO "conversation" VALUES(1,'#club','#club');
INSERT INTO "conversation" VALUES(2,'ann bob',NULL);
INSERT INTO "conversation" VALUES(3,'ann ~1k8iqqmat0000',NULL);
CREATE TABLE counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO "counter" VALUES('erasures',0);
CREATE TABLE document (kind TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,
           PRIMARY KEY (kind, key)) STRICT, WITHOUT ROWID;
INSERT INTO "document" VALUES('account','ann','{"name":"ann","verifier":"SCRAM-SHA-256$4096:2mMT67PonZeyZS8YW3Dp7A==$ttyJp/IyxQ34qCiC3XOPRaom49qeosCUUCflAtA1GZ0=:LfV9cc4ih4pZ1ZbIxshmnuCFYSS2OcQMwU/h5nlfc0c=","created":1795928444721,"email":"","certificates":[],"nicks":[],"code":"","suspended":"","accepted":["founder"],"preferences":{"always_on":true,"multiclient":null,"auto_away":null,"enforce_nick":null},"metadata":{}}');
INSERT INTO "document" VALUES('account','bob','{"name":"bob","verifier":"SCRAM-SHA-256$4096:Q2EiPshEIpggZMjvgWlhlA==$4aeyqxu3AE/ned9DsHoc68sOATpyg3hRYcTp3NuAUtw=:zaWT6wy5vxVtICSgfrBKRNEpXFtcpW/XAuhLXGgBwVk=","created":1795928446626,"email":"","certificates":[],"nicks":[],"code":"","suspended":"","accepted":[],"preferences":{"always_on":null,"multiclient":null,"auto_away":null,"enforce_nick":null},"metadata":{"url":"https://example.org/bob"}}');
INSERT INTO "document" VALUES('account','founder','{"name":"founder","verifier":"SCRAM-SHA-256$4096:TM8F8LvJOesVoT1i+UMLQA==$yYwyxFCI/FgHqCdN10T3WW2ckOVdcXABr5CagplXai8=:Gy+NzhiRiOPQ9ehQMcUKZj7fbxL2PRK4yTpncgZ4Elo=","created":1795928444406,"email":"","certificates":[],"nicks":[],"code":"","suspended":"","accepted":[],"preferences":{"always_on":null,"multiclient":null,"auto_away":null,"enforce_nick":null},"metadata":{}}');
INSERT INTO "document" VALUES('account','mallory','{"name":"mallory","verifier":"SCRAM-SHA-256$4096:B0RInntFzHV3aMXQ8omU3g==$rn5431nX5NK8BxCs923rWxyiVGL+SzF3MVJPb4RvjBo=:fO4w8cDcjRSmPI5ereFMltZFNtcVKlm/+AERwUXR4A0=","created":1795928445034,"email":"","certificates":[],"nicks":[],"code":"","suspended":"","accepted":[],"preferences":{"always_on":null,"multiclient":null,"auto_away":null,"enforce_nick":null},"metadata":{}}');
INSERT INTO "document" VALUES('ban','account mallory','{"kind":"account","target":"mallory","setter":"oper","created":1795928447999,"until":0,"reason":"enough"}');
INSERT INTO "document" VALUES('channel','#club','{"name":"#club","created":1795928445924,"founder":"founder","registered":1795928445927,"access":{"ann":"o"},"flags":"nt","key":"","limit":0,"forward":"","topic":null,"lists":{"I":[["a:ann","founder!~founder@127.0.0.1",1795928445927]],"b":[["a:mallory","founder!~founder@127.0.0.1",1795928445927]]},"metadata":{}}');
INSERT INTO "document" VALUES('presence','ann','{"nick":"ann","username":"~ann","realname":"real","real_host":"127.0.0.1","account":"ann","signon":1795928445760,"left":1795928448012,"last_seen":"1k8iqqn0c0001","modes":"r","channels":[["#club","o","1k8iqql030000"]]}');
INSERT INTO "document" VALUES('read-marks','bob','{"ann bob":1795928447294}');
INSERT INTO "document" VALUES('server','cloak','"fc3d081a756ddd53d5c37dae006be1b4f352e0922988b568671f2a6053034927"');
INSERT INTO "document" VALUES('server','secret','"ebf20b6326e881b3143693515ecf98297a2ce6b62216d58f3fa39ea6e5923dc7"');
CREATE TABLE fresh (id INTEGER NOT NULL, conversation INTEGER NOT NULL, kind INTEGER NOT NULL,
           source INTEGER NOT NULL, target TEXT, text TEXT, more TEXT,
           PRIMARY KEY (id, conversation)) STRICT, WITHOUT ROWID;
INSERT INTO "fresh" VALUES(1883167466114252801,1,4,1,NULL,NULL,'{"t":{"realname":"real"}}');
INSERT INTO "fresh" VALUES(1883167466116349953,1,9,2,NULL,'founder','{"m":["+q"]}');
INSERT INTO "fresh" VALUES(1883167466117398528,1,9,1,NULL,'a:mallory','{"m":["+Ib","a:ann"]}');
INSERT INTO "fresh" VALUES(1883167466117398529,1,1,1,NULL,'welcome to the club',NULL);
INSERT INTO "fresh" VALUES(1883167466145710081,1,4,3,NULL,NULL,'{"t":{"realname":"real"}}');
INSERT INTO "fresh" VALUES(1883167466145710082,1,9,2,NULL,'ann','{"m":["+o"]}');
INSERT INTO "fresh" VALUES(1883167466148855808,1,1,3,NULL,'ann was here',NULL);
INSERT INTO "fresh" VALUES(1883167466177167360,2,1,3,'bob','for the first bob only',NULL);
INSERT INTO "fresh" VALUES(1883167466210721792,2,1,4,'ann','from the first bob',NULL);
INSERT INTO "fresh" VALUES(1883167467484741632,2,1,3,'bob','for the second bob',NULL);
INSERT INTO "fresh" VALUES(1883167467519344640,2,1,4,'ann','from the second bob',NULL);
INSERT INTO "fresh" VALUES(1883167467670339584,3,1,5,'ann','a guest''s words',NULL);
INSERT INTO "fresh" VALUES(1883167468300533761,1,6,1,'Quit: ',NULL,NULL);
CREATE TABLE member (identity TEXT NOT NULL, conversation INTEGER NOT NULL,
           PRIMARY KEY (identity, conversation)) STRICT, WITHOUT ROWID;
INSERT INTO "member" VALUES('ann',2);
INSERT INTO "member" VALUES('ann',3);
INSERT INTO "member" VALUES('bob',2);
INSERT INTO "member" VALUES('~1k8iqqmat0000',3);
CREATE TABLE "settled" (conversation INTEGER NOT NULL, id INTEGER NOT NULL, kind INTEGER NOT NULL,
           source INTEGER NOT NULL, target TEXT, text TEXT, more TEXT,
           PRIMARY KEY (conversation, id)) STRICT, WITHOUT ROWID;
CREATE TABLE settling (upto INTEGER NOT NULL, conversation INTEGER NOT NULL, id INTEGER NOT NULL) STRICT;
INSERT INTO "settling" VALUES(0,0,0);
CREATE TABLE source (id INTEGER PRIMARY KEY, mask TEXT NOT NULL, account TEXT NOT NULL,
           UNIQUE (mask, account)) STRICT;
INSERT INTO "source" VALUES(1,'founder!~founder@127.0.0.1','founder');
INSERT INTO "source" VALUES(2,'greenchat.local','');
INSERT INTO "source" VALUES(3,'ann!~ann@127.0.0.1','ann');
INSERT INTO "source" VALUES(4,'bob!~bob@127.0.0.1','bob');
INSERT INTO "source" VALUES(5,'guest!~guest@127.0.0.1','');
CREATE VIEW unsettled AS SELECT conversation, id, kind, source, target, text, more FROM fresh
           WHERE id > (SELECT upto FROM settling)
           OR (conversation, id) > (SELECT conversation, id FROM settling);
CREATE VIEW event AS SELECT * FROM settled UNION ALL SELECT * FROM unsettled;
COMMIT;
