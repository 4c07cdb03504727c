"""Accounts: registered names, their credentials, and the data of their owners.

All accounts are held in memory; every change returns a document for the caller to store (`Account.document`). Nothing
here hashes a password: verifiers are made elsewhere.

An account is not its name. Its id is made when it is registered and is never used again. Whatever must not pass to the
next account of the same name (conversations, ranks, masks, read markers, rights over one's own messages) is kept by id;
the name is only what people type. At any time at most one account has a given name, and ids are in order of creation.
So an old event with a name belongs to the account of that name if the account is older than the event: see `author`.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from greenchat.protocol.casemap import Casefold
from greenchat.protocol.msgid import first_id, format_msgid, parse_msgid

_ID = "="  # begins an account's id: no nick, no channel and no guest's id does


def account_id(number: int) -> str:
    """Return the id for a new account. number: a new msgid."""
    return _ID + format_msgid(number)


@dataclass(frozen=True, slots=True)
class Preferences:
    """The choices of an account's owner; None leaves a choice to the server's settings."""

    always_on: bool | None = None
    multiclient: bool | None = None
    auto_away: bool | None = None
    enforce_nick: bool | None = None


@dataclass(frozen=True, slots=True)
class SecondFactor:
    """The second factor of an account: codes of an authenticator app (RFC 6238).

    secret: in base32. step: the time step of the last accepted code, 0 until a code has confirmed the secret. recovery:
    hashes of the unused recovery codes.
    """

    secret: str
    step: int = 0
    recovery: tuple[str, ...] = ()

    @property
    def is_on(self) -> bool:
        """Whether the owner has confirmed it with a code."""
        return self.step > 0


@dataclass(frozen=True, slots=True)
class Account:
    """A registered user's account.

    name: as registered. id: see `account_id`. created, used: the times of its registration and of the last login (to
    the day), in ms since the epoch. verifier: text form of protocol.scram.Verifier for SHA-256, "" if only certificates
    or tokens can log in; verifier_512: for SHA-512, "" until the next login with the password. certificates: SHA-256
    fingerprints in lower-case hex. subjects: its identities at providers, as `issuer subject`. nicks: grouped
    nicknames. code: the code for VERIFY, "" once it is verified. reset: the hash of a code for setting a new password,
    a space, and its expiry in ms since the epoch; new_email: the same for confirming an address, another space, and
    that address. metadata: published by its owner. accepted: ids of accounts that may write to its owner despite user
    mode +g. vhost: the host shown for its owner, "" for the usual one. second_factor: None without one.
    """

    name: str
    verifier: str
    created: int
    email: str = ""
    id: str = ""
    certificates: tuple[str, ...] = ()
    nicks: tuple[str, ...] = ()
    code: str = ""
    suspended: str = ""
    reset: str = ""
    accepted: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    verifier_512: str = ""
    new_email: str = ""
    used: int = 0
    vhost: str = ""
    second_factor: SecondFactor | None = None
    preferences: Preferences = field(default_factory=Preferences)
    metadata: Mapping[str, str] = field(default_factory=dict)

    @property
    def usable(self) -> bool:
        """Whether the account is verified and not suspended."""
        return not self.code and not self.suspended

    @property
    def birth(self) -> int:
        """Return the msgid of its creation: earlier events are not this account's."""
        return parse_msgid(self.id.removeprefix(_ID)) or first_id(self.created)

    def document(self) -> dict[str, Any]:
        """Return all fields as a JSON value."""
        factor = self.second_factor
        return {
            "name": self.name,
            "id": self.id,
            "verifier": self.verifier,
            "created": self.created,
            "email": self.email,
            "certificates": list(self.certificates),
            "nicks": list(self.nicks),
            "code": self.code,
            "suspended": self.suspended,
            "reset": self.reset,
            "accepted": list(self.accepted),
            "subjects": list(self.subjects),
            "verifier_512": self.verifier_512,
            "new_email": self.new_email,
            "used": self.used,
            "vhost": self.vhost,
            "second_factor": factor
            and {"secret": factor.secret, "step": factor.step, "recovery": list(factor.recovery)},
            "preferences": {name: getattr(self.preferences, name) for name in Preferences.__slots__},
            "metadata": dict(self.metadata),
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "Account":
        """Make an account from `document`'s output; unknown keys, written by a newer version, are ignored."""
        known = {name: document[name] for name in cls.__slots__ if name in document}
        preferences = known.get("preferences", {})
        known["certificates"] = tuple(known.get("certificates", ()))
        known["nicks"] = tuple(known.get("nicks", ()))
        known["accepted"] = tuple(known.get("accepted", ()))
        known["subjects"] = tuple(known.get("subjects", ()))
        factor = known.get("second_factor")
        if factor:
            known["second_factor"] = SecondFactor(factor["secret"], factor["step"], tuple(factor["recovery"]))
        known["preferences"] = Preferences(
            **{name: preferences[name] for name in Preferences.__slots__ if name in preferences}
        )
        return cls(**known)


@dataclass(frozen=True, slots=True)
class DeletedAccount:
    """A deleted account. Its name can't be registered until an operator frees it.

    name: as it was registered; id: the account's; time: when it was deleted, in ms since the epoch.
    """

    name: str
    id: str
    time: int

    def document(self) -> dict[str, Any]:
        """Return all fields as a JSON value."""
        return {"name": self.name, "id": self.id, "time": self.time}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "DeletedAccount":
        """Make one from `document`'s output."""
        return cls(document["name"], document["id"], document["time"])


class Accounts:
    """All accounts, by name, id, certificate, subject, and grouped nick; and the reserved names of deleted ones.

    skeleton: returns a form that is equal for confusable nicks, see `names.Naming`; by default the folded nick. Reads:
    iteration, len, get, by_id, id_of, author, by_proof, owner_of_nick, claimant_of, reserved.
    Changes: put, drop, change, reserve, free.
    """

    __slots__ = ("_by_id", "_by_look", "_by_name", "_by_nick", "_by_proof", "_dropped", "_fold", "_skeleton")

    def __init__(self, fold: Casefold, accounts: Iterable[Account] = (), *, skeleton: Casefold | None = None) -> None:
        self._fold = fold
        self._skeleton = skeleton or fold
        self._by_look: dict[str, str] = {}
        self._by_name: dict[str, Account] = {}
        self._by_id: dict[str, Account] = {}
        self._by_proof: dict[str, str] = {}  # certificates, and subjects
        self._dropped: dict[str, DeletedAccount] = {}  # by the skeleton of its name
        self._by_nick: dict[str, str] = {}
        for account in accounts:
            self.put(account)

    def __iter__(self) -> Iterator[Account]:
        return iter(list(self._by_name.values()))

    def __len__(self) -> int:
        return len(self._by_name)

    def get(self, name: str) -> Account | None:
        """Return the account of this name."""
        return self._by_name.get(self._fold(name))

    def by_id(self, number: str) -> Account | None:
        """Return the account with this id."""
        return self._by_id.get(number)

    def id_of(self, name: str) -> str:
        """Return the id of the account of this name; "" if there is none."""
        account = self._by_name.get(self._fold(name)) if name else None
        return account.id if account else ""

    def author(self, name: str, msgid: int) -> str:
        """Return the id of the account that used this name at a msgid; "" if that account no longer exists."""
        account = self._by_name.get(self._fold(name)) if name else None
        return account.id if account and account.birth < msgid else ""

    def reserved(self, name: str) -> DeletedAccount | None:
        """Return the deleted account of this name, or of a confusable one, unless the name was freed."""
        return self._dropped.get(self._skeleton(name))

    def reserve(self, dropped: DeletedAccount) -> None:
        """Keep a name from being registered again."""
        self._dropped[self._skeleton(dropped.name)] = dropped

    @property
    def dropped(self) -> list[DeletedAccount]:
        """Return the deleted accounts whose names are still reserved."""
        return list(self._dropped.values())

    def free(self, name: str) -> DeletedAccount | None:
        """Free the name of a deleted account for registration; return that account."""
        return self._dropped.pop(self._skeleton(name), None)

    def by_proof(self, proof: str) -> Account | None:
        """Return the account that this certificate (its fingerprint) or this subject of a provider logs in to."""
        name = self._by_proof.get(proof)
        return self._by_name[name] if name is not None else None

    def owner_of_nick(self, nick: str) -> Account | None:
        """Return the account that owns this nick, as its name or as a grouped nick."""
        folded = self._fold(nick)
        name = self._by_nick.get(folded, folded)
        return self._by_name.get(name)

    def claimant_of(self, nick: str) -> Account | None:
        """Return the account that owns this nick or a confusable one."""
        return self.owner_of_nick(nick) or self._by_name.get(self._by_look.get(self._skeleton(nick), ""))

    def put(self, account: Account) -> Account:
        """Add an account, or replace the one of the same name."""
        self.drop(account.name)
        key = self._fold(account.name)
        self._by_name[key] = account
        self._by_id[account.id] = account
        self._by_proof.update(dict.fromkeys((*account.certificates, *account.subjects), key))
        self._by_nick.update(dict.fromkeys(map(self._fold, account.nicks), key))
        if self._skeleton is not self._fold:
            self._by_look.update(dict.fromkeys(map(self._skeleton, (account.name, *account.nicks)), key))
        return account

    def drop(self, name: str) -> Account | None:
        """Remove an account and return it."""
        account = self._by_name.pop(self._fold(name), None)
        if account is not None:
            self._by_id.pop(account.id, None)
            for proof in (*account.certificates, *account.subjects):
                self._by_proof.pop(proof, None)
            for nick in account.nicks:
                self._by_nick.pop(self._fold(nick), None)
            for nick in (account.name, *account.nicks):
                self._by_look.pop(self._skeleton(nick), None)
        return account

    def changed(self, name: str, **changes: Any) -> Account:
        """Return a copy of an account with these fields changed. Raises KeyError if there is no such account."""
        return replace(self._by_name[self._fold(name)], **changes)
